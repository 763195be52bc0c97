"""How indexes sort their columns, and which rows they have."""

from typing import Any

from sqlalchemy import Column, Index, Text, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class highest_first(FunctionElement[Any]):  # noqa: N801, it reads as the function that makes one
    """A column of an index from the highest value down, and NULL after the lowest.

    That is how SQLite sorts down; PostgreSQL takes NULL for the highest unless it is told.
    """

    inherit_cache = True

    def __init__(self, column: Column[Any]) -> None:
        super().__init__(column)
        self.type = column.type


class chronological(FunctionElement[str]):  # noqa: N801, as above
    """Where a row stands among others by when it happened, as text that sorts so.

    The instant in microseconds since the year 1, in 18 digits; then the position, in 10 and no
    less than 0; then the source's id, so that the order is not that of arrival. One text, because a
    cursor has one key. Of an index PostgreSQL wants an expression that no setting of a session
    changes, which text of an instant is not.

    Args of the constructor: the instant, one for rows without it, the position, and the id.
    """

    inherit_cache = True
    type = Text()


@compiles(chronological, "postgresql")
def _write_chronological(key: chronological, compiler: Any, **keywords: Any) -> str:
    instant, otherwise, position, own_id = (
        compiler.process(each, **keywords) for each in key.clauses
    )
    since_year_1 = (
        f"extract(epoch FROM coalesce({instant}, {otherwise}) AT TIME ZONE 'UTC') + 62135596800"
    )
    microseconds = f"trunc(least(greatest({since_year_1}, 0), 315537897599.999999) * 1000000)"
    return (
        f"((lpad({microseconds}::text, 18, '0') || lpad(greatest({position}, 0)::text, 10, '0')"
        f" || coalesce({own_id}, '')) COLLATE \"C\")"
    )


@compiles(chronological, "sqlite")
def _write_chronological_text(key: chronological, compiler: Any, **keywords: Any) -> str:
    instant, otherwise, position, own_id = (
        compiler.process(each, **keywords) for each in key.clauses
    )
    written = f"coalesce({instant}, {otherwise})"
    seconds = f"strftime('%s', substr({written}, 1, 19)) + 62135596800"
    return (
        f"(printf('%012d', {seconds}) || substr({written}, 21, 6)"
        f" || printf('%010d', max({position}, 0)) || coalesce({own_id}, ''))"
    )


def only(condition: str, name: str, *columns: Any, unique: bool = False) -> Index:
    """An index of the rows that pass a condition."""
    where = text(condition)
    return Index(name, *columns, unique=unique, postgresql_where=where, sqlite_where=where)


def unique_external_id(table: str, *parents: str) -> Index:
    """No two rows of one source have the same id there; rows without one are in no index.

    The planner of SQLite takes a unique index for the best one: of all rows, this one would be read
    for lists, in no order of theirs.

    Args:
        table: Whose rows.
        parents: The columns that name what the id is unique within, beside the organization.
    """
    columns = ("organization_id", *parents, "source", "external_id")
    name = f"uq_{table}_external_id"
    return only("external_id IS NOT NULL", name, *columns, unique=True)


@compiles(highest_first)
def _write(key: highest_first, compiler: Any, **keywords: Any) -> str:
    (column,) = key.clauses
    last = " NULLS LAST" if compiler.dialect.name == "postgresql" else ""
    return f"{compiler.process(column, **keywords)} DESC{last}"
