"""Pages of customers, each behind a signed link of its own."""
