"""Jackfield: a GraphQL gateway for voice and SMS assistant data."""

__version__ = "0.1.0"
