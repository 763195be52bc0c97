"""One declaration per type, and the ways to run it."""
