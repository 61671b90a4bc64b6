"""The power `lock_site`: an nginx that answers 503 for one site or page, and no other."""
