"""Single rows and whole families of rows, as writes find and delete them."""

from typing import Any

from sqlalchemy import ColumnElement, Row, Table, delete, select

from gql.domain.writes.transaction import WriteContext
from gql.errors import NotFound
from gql.models.scope import owned
from gql.query.cursor import MAX_ID


async def lock(
    write: WriteContext, noun: str, table: Table, key: int, *visible: ColumnElement[bool]
) -> Row[Any]:
    """The row, which nobody else can change until the transaction ends.

    On SQLite nobody can change anything then.

    Raises:
        NotFound: when the organization has no such row that is visible.
    """
    if not 0 < key <= MAX_ID:
        raise NotFound(noun, key)
    mine = (table.c.id == key, owned(table, write.organization_id), *visible)
    row = (await write.run(select(table).where(*mine).with_for_update())).one_or_none()
    if row is None:
        raise NotFound(noun, key)
    return row


async def delete_rows(write: WriteContext, column: ColumnElement[Any], key: int, *more: Any) -> int:
    """Delete the organization's rows whose `column` is `key`; how many there were."""
    table: Any = column.table
    mine = (column == key, owned(table, write.organization_id), *more)
    return int((await write.run(delete(table).where(*mine))).rowcount)
