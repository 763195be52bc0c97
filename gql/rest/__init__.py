"""The compatible door: the documented REST API, one file per noun, over the same domain."""
