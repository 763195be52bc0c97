"""Another program that writes while answers are read: rows are in one of two states."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from unittest.mock import patch

from sqlalchemy import Row, text

from gql.database import Database
from gql.database.snapshot import Snapshot

_MARK = "~written"

_TEXTS = [("assistant", "name"), ("assistant_graph", "name"), ("chat_message", "content")]

_FLIP_TEXT = """
    UPDATE {table} SET {column} = CASE WHEN {column} LIKE '%{mark}'
        THEN substr({column}, 1, length({column}) - {length}) ELSE {column} || '{mark}' END
"""
_FLIP_CALLS = """
    UPDATE call SET duration = -1 - duration, status = CASE status
        WHEN 'completed' THEN 'failed' WHEN 'failed' THEN 'completed' ELSE status END
    WHERE id % 5 = 0
"""
_FLIPS = [
    _FLIP_CALLS,
    *(
        _FLIP_TEXT.format(table=table, column=column, mark=_MARK, length=len(_MARK))
        for table, column in _TEXTS
    ),
]
"""Each undoes itself, so that there are two states: with the marks and without."""


async def flip(database: Database) -> None:
    """Go to the other state, in one transaction."""
    async with database.transaction() as connection:
        for statement in _FLIPS:
            await connection.execute(text(statement))


@asynccontextmanager
async def writing_between_reads(database: Database) -> AsyncIterator[None]:
    """Flip after each statement that a snapshot reads, and be at the first state afterwards."""
    read, flips, one_by_one = Snapshot.rows, 0, asyncio.Lock()

    async def read_and_flip(snapshot: Snapshot, *arguments: Any) -> Sequence[Row[Any]]:
        nonlocal flips
        async with one_by_one:  # else the next statement would run before the flip
            rows = await read(snapshot, *arguments)
            await flip(database)
            flips += 1
            return rows

    with patch.object(Snapshot, "rows", read_and_flip):
        yield
    if flips % 2:
        await flip(database)
