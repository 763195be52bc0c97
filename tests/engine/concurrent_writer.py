"""Another program that writes while answers are read: rows are in one of two states."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text

from gql.database import Database

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
async def flipping(database: Database) -> AsyncIterator[None]:
    """Flip again and again in the background, and be at the first state afterwards."""
    is_over = asyncio.Event()

    async def write() -> None:
        while not is_over.is_set():
            await flip(database)
            await flip(database)

    writer = asyncio.create_task(write())
    try:
        yield
    finally:
        is_over.set()
        await writer
