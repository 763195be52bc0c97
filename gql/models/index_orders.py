"""How indexes sort their columns, and which rows they have."""

from typing import Any

from sqlalchemy import Column, Index, text
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
