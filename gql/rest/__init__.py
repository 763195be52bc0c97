"""The REST door: the documented API, compatible in every path and answer, over the same domain."""
