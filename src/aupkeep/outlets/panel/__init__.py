"""What powers behind control panels share: whose a suspension is, and whether it is so."""
