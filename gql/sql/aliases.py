"""Aliases of tables, which statements share.

SQLAlchemy gives each alias a proxy of every column, and that took half of the time in which the
SELECT of a plan is put together. An alias has no name until it is compiled, so one that another
statement has used does as well, as long as no statement has it twice.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from sqlalchemy import FromClause

MOST_SHARED = 16
"""How many aliases of one table are kept; a statement that has more makes the rest for itself."""

_SHARED: dict[FromClause, list[FromClause]] = {}

_USED: ContextVar[Counter[FromClause] | None] = ContextVar("_USED", default=None)
"""How many aliases of each table the statement has that is put together."""


@contextmanager
def sharing_aliases() -> Iterator[None]:
    """Put one statement together of shared aliases."""
    token = _USED.set(Counter())
    try:
        yield
    finally:
        _USED.reset(token)


def alias_of(table: FromClause) -> FromClause:
    """An alias of a table that the statement does not have yet; a new one where none are shared."""
    used = _USED.get()
    if used is None:
        return table.alias()
    number = used[table]
    used[table] += 1
    shared = _SHARED.setdefault(table, [])
    if number < len(shared):
        return shared[number]
    alias = table.alias()
    if number == len(shared) < MOST_SHARED:
        shared.append(alias)
    return alias
