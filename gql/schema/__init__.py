"""The GraphQL door: one schema, its types by noun, and the endpoint that serves it."""
