"""Who may sign in to the desk: an app of its own, so that people stand in its first migration."""
