"""What the indexes of a table begin with."""

from functools import cache

from sqlalchemy import Table, UniqueConstraint

_SCOPE = frozenset({"organization_id", "channel"})
"""Columns that every reader of a table fixes, so that indexes begin with them."""


@cache
def has_index(table: Table, *columns: str, leading: frozenset[str] = frozenset()) -> bool:
    """Whether an index, scope aside, begins with these columns.

    Args:
        table: The table.
        columns: One or more of its columns, in order.
        leading: Columns of few values that may come before them, as in `LeadingColumn`.
    """
    unique = (each.columns for each in table.constraints if isinstance(each, UniqueConstraint))
    keys = (*(index.columns for index in table.indexes), *unique)
    names = [[column.name for column in key if column.name not in _SCOPE] for key in keys]
    names += [name[1:] for name in names if name and name[0] in leading]
    return any(tuple(name[: len(columns)]) == columns for name in names)
