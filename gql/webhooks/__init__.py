"""Webhooks that go out: who is told of events, and how."""
