"""Powers behind a WHMCS: services suspended, fees charged and credited. Contract unconfirmed."""
