"""Data that comes in: how voice platforms sign what they send, and what their words mean here."""
