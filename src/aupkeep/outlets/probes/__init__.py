"""Doors that look whether a port, a page or a file is still there; they change nothing."""
