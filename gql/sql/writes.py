"""INSERTs for which SQLAlchemy has no words that fit both databases."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Insert, Table, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.dml import ReturningInsert

_INSERT: Mapping[str, Callable[[Table], Any]] = {
    "postgresql": postgresql.insert,
    "sqlite": sqlite.insert,
}


def insert_of(dialect: Dialect, table: Table) -> Any:
    """An INSERT that takes `on_conflict_do_update`, which is not of SQLAlchemy's general one."""
    return _INSERT[dialect.name](table)


def upsert(
    dialect: Dialect, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]
) -> Insert:
    """Insert a row, or give the one with the same key, which is unique, these values."""
    statement: Any = insert_of(dialect, table).values(**key, **values)
    upserted: Insert = statement.on_conflict_do_update(index_elements=list(key), set_=dict(values))
    return upserted


def insert_for_ids(dialect: Dialect, table: Table) -> ReturningInsert[Any]:
    """Insert many rows; their ids, sorted, are in the order of the rows.

    PostgreSQL promises that only if the statement sorts the rows, as SQLAlchemy writes it with
    `sort_by_parameter_order`. For SQLite that option would send rows one by one; but SQLite takes
    them as they come, and its ids count up while we hold its one write lock.
    """
    ordered = dialect.name == "postgresql"
    return insert(table).returning(table.c.id, sort_by_parameter_order=ordered)
