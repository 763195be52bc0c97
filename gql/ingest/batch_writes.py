"""Many rows of one table in one statement each: new ones, changed ones, and removed ones."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Row, Table, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from gql.domain.writes.transaction import WriteContext
from gql.errors import WriteCollision
from gql.models.scope import owned
from gql.models.types import BIG
from gql.sql.keys import is_among
from gql.sql.row_lists import row_columns, row_parameter


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
    rows = _without_nulls(table, rows)
    columns = row_columns(dialect, [table.c[name] for name in rows[0]])
    owner = bindparam("organization_id", write.organization_id, type_=BIG)
    statement = insert(table).from_select(
        ["organization_id", *columns], select(owner, *columns.values()), include_defaults=False
    )
    with _collisions():
        if not returned:
            await write.run(statement, row_parameter(dialect, rows))
            return []
        returning = statement.returning(*(table.c[name] for name in returned))
        return (await write.run(returning, row_parameter(dialect, rows))).all()


async def update_rows(write: WriteContext, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Change rows of the organization, which all have the same columns and their `id`.

    Raises:
        WriteCollision: when one would be as another transaction has made one.
    """
    if not rows:
        return
    dialect = write.connection.dialect.name
    columns = row_columns(dialect, [table.c[name] for name in rows[0]])
    own = (table.c.id == columns.pop("id"), owned(table, write.organization_id))
    with _collisions():
        await write.run(update(table).where(*own).values(columns), row_parameter(dialect, rows))


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


def _without_nulls(table: Table, rows: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """The rows less the columns that are null in all of them, and so by default.

    The database takes JSON apart for each row and column: what is not there costs nothing.
    """
    named = {
        name
        for name in rows[0]
        if table.c[name].server_default is not None or any(row[name] is not None for row in rows)
    }
    if len(named) == len(rows[0]):
        return rows
    return [{name: value for name, value in row.items() if name in named} for row in rows]


@contextmanager
def _collisions() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        raise WriteCollision from error
