"""The composition root: the only place that knows every room."""

from gql.app.composition import create_app

__all__ = ["create_app"]
