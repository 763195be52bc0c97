"""Mirrors: copies of an organization from a server of the documented REST API, compared with it."""
