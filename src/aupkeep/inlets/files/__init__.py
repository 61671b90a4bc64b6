"""Files: plain or gzip, read once to the end or followed through rotation and truncation."""
