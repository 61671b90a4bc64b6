"""The systemd journal, followed through `journalctl` with its cursor as checkpoint."""
