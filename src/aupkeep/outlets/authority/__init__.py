"""The power `notify_authority`: a letter to an authority, with a receipt."""
