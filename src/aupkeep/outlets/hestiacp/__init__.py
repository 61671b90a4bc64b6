"""Powers behind a HestiaCP: users and web domains suspended. Contract unconfirmed."""
