"""The powers `suspend_account` and `suspend_service`: users that may not log in or run."""
