"""Letters to people, notices and alarms: into a folder, or out by SMTP, each of them once."""
