"""The event archive on disk: Parquet files by provider, kind and day, named by the database.

In: attributed rows. Out: the same rows, years later. A file is written and synced before the
transaction that names it, is never changed, and is read only where its bytes are what was named;
what takes rows out writes a new file and lets one transaction exchange the names.
"""
