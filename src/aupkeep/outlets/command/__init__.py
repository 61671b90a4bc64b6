"""Powers behind a program of the provider's own: argument lists without a shell."""
