"""Pages for everybody: the published policies."""
