"""The history of the tables."""

from gql.migrations.runner import current, downgrade, head, is_current, migrate

__all__ = ["current", "downgrade", "head", "is_current", "migrate"]
