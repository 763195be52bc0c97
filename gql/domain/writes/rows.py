"""Rows of the organization, as writes find, insert, change and delete them."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, insert, select, update

from gql.domain.writes.transaction import WriteContext
from gql.errors import NotFound
from gql.models.scope import owned
from gql.models.types import MAX_ID
from gql.query.resource import Resource


async def lock(
    write: WriteContext, resource: Resource, key: int, *conditions: ColumnElement[bool]
) -> Row[Any]:
    """A row that readers see, which nobody else can change until the transaction ends.

    On SQLite nobody can change anything then.

    Raises:
        NotFound: when the organization has no such row, or not one that meets the conditions.
    """
    if not 0 < key <= MAX_ID:
        raise NotFound(resource.name, key)
    table = resource.table
    statement = (
        select(table)
        .where(
            table.c.id == key,
            owned(table, write.organization_id),
            *resource.visible(table),
            *conditions,
        )
        .with_for_update()
    )
    row = (await write.run(statement)).one_or_none()
    if row is None:
        raise NotFound(resource.name, key)
    return row


async def insert_row(write: WriteContext, resource: Resource, values: Mapping[str, Any]) -> int:
    """The id of a new row."""
    table = resource.table
    row = {"organization_id": write.organization_id, **values}
    return int((await write.run(insert(table).values(row).returning(table.c.id))).scalar_one())


async def update_row(
    write: WriteContext, resource: Resource, key: int, values: Mapping[str, Any]
) -> None:
    table = resource.table
    own_row = (table.c.id == key, owned(table, write.organization_id))
    await write.run(update(table).where(*own_row).values(**values))


async def delete_row(write: WriteContext, resource: Resource, key: int) -> None:
    await delete_rows(write, resource.table.c.id, key)


async def delete_rows(write: WriteContext, column: ColumnElement[Any], key: int, *more: Any) -> int:
    """Delete the organization's rows whose `column` is `key`; how many there were."""
    table: Any = column.table
    own_rows = (column == key, owned(table, write.organization_id), *more)
    return int((await write.run(delete(table).where(*own_rows))).rowcount)
