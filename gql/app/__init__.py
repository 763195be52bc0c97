"""The composition root: the only package that imports both doors."""

from gql.app.composition import create_app

__all__ = ["create_app"]
