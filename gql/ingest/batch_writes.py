"""Many rows of one table in one statement each: new ones, changed ones, and removed ones."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Insert, Row, Table, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.dml import ReturningInsert

from gql.domain.writes.transaction import WriteContext
from gql.errors import WriteCollision
from gql.models.scope import owned, parameters
from gql.models.types import BIG
from gql.sql.keys import is_among
from gql.sql.row_lists import row_columns, row_parameter

_STATEMENTS = 256
"""Statements that are kept: one for each table and set of columns that rows have."""


async def insert_rows(
    write: WriteContext, table: Table, rows: Sequence[Mapping[str, Any]], *returned: str
) -> Sequence[Row[Any]]:
    """Insert rows of the organization, which all have the same columns.

    Args:
        write: The transaction.
        table: Where.
        rows: The new rows, without ids.
        returned: Columns of the new rows to return.

    Raises:
        WriteCollision: when another transaction has inserted one of them since it was looked for.
    """
    if not rows:
        return []
    dialect = write.connection.dialect.name
    names = _named(table, rows)
    statement = _insert(dialect, table, names, returned)
    values = {**parameters(write.organization_id), **row_parameter(dialect, rows, names)}
    with _collisions():
        result = await write.run(statement, values)
        return result.all() if returned else []


@lru_cache(_STATEMENTS)
def _insert(
    dialect: str, table: Table, names: tuple[str, ...], returned: tuple[str, ...]
) -> Insert | ReturningInsert[Any]:
    """SQLAlchemy takes some milliseconds to make it."""
    columns = row_columns(dialect, [table.c[name] for name in names])
    owner = bindparam("organization_id", type_=BIG)
    statement = insert(table).from_select(
        ["organization_id", *columns], select(owner, *columns.values()), include_defaults=False
    )
    return statement.returning(*(table.c[name] for name in returned)) if returned else statement


async def update_rows(write: WriteContext, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Change rows of the organization, which all have the same columns and their `id`.

    Raises:
        WriteCollision: when one would be as another transaction has made one.
    """
    if not rows:
        return
    dialect = write.connection.dialect.name
    names = tuple(rows[0])
    columns = row_columns(dialect, [table.c[name] for name in names])
    own = (table.c.id == columns.pop("id"), owned(table, write.organization_id))
    with _collisions():
        changed = update(table).where(*own).values(columns)
        await write.run(changed, row_parameter(dialect, rows, names))


async def delete_ids(write: WriteContext, table: Table, ids: Sequence[int]) -> None:
    """Delete rows of the organization."""
    if ids:
        own = (is_among(table.c.id, ids), owned(table, write.organization_id))
        await write.run(delete(table).where(*own))


def by_columns(rows: Sequence[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """The rows that have the same columns together."""
    alike: dict[frozenset[str], list[Mapping[str, Any]]] = {}
    for row in rows:
        alike.setdefault(frozenset(row), []).append(row)
    return list(alike.values())


def _named(table: Table, rows: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The columns of rows less those that are null in all of them, and so by default.

    The database takes JSON apart for each row and column: what is not there costs nothing.
    """
    return tuple(
        name
        for name in rows[0]
        if table.c[name].server_default is not None
        or list(map(itemgetter(name), rows)).count(None) < len(rows)
    )


@contextmanager
def _collisions() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        raise WriteCollision from error
