"""The powers `quarantine_file` and `remove_content`: files taken away, given back as they were."""
