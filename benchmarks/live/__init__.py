"""Subscribers by the hundred: whether they miss anything, and what they take."""
