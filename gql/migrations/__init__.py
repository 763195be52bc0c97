"""The history of the tables: where a database stands; `runner` moves it."""

from gql.migrations.standing import current, head, is_current

__all__ = ["current", "head", "is_current"]
