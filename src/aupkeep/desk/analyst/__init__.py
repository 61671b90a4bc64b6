"""Pages of the abuse desk: sign-in, queue, case, and the acts of people."""
