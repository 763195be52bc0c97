"""Copies of an organization of another server: made, kept current, and compared with it."""
