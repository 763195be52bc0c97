"""Conditions of edges: the language of expressions, state conditions, and what can never hold."""
