"""Events: what was written, in an order in which nobody misses any."""
