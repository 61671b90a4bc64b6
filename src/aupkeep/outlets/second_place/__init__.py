"""Second places: where checkpoints are kept, so that the record cannot be written anew unseen."""
