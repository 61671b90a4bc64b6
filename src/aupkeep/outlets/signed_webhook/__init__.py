"""Powers behind a web address of the provider's own: signed orders, answers that state what is."""
