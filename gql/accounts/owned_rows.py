"""Changes of rows that an organization owns in tables whose key is the id alone."""

from typing import Any

from sqlalchemy import Row, Table, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gql.models.scope import owned
from gql.models.types import now


async def change_row(
    connection: AsyncConnection, table: Table, organization_id: int, id: int, **values: Any
) -> Row[Any] | None:
    """The row with other values in some columns; None when the organization has no such row."""
    statement = (
        update(table)
        .where(table.c.id == id, owned(table, organization_id))
        .values(**values, updated_at=now())
        .returning(*table.c)
    )
    return (await connection.execute(statement)).one_or_none()
