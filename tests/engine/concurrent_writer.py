"""Another program that writes while answers are read: rows are in one of two states."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any, TypeVar
from unittest.mock import patch

from sqlalchemy import Row, text

from gql.database import Database
from gql.database.snapshot import Snapshot

T = TypeVar("T")

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


_MARKED_GRAPHS = text("SELECT count(*) FROM assistant_graph WHERE name LIKE :marked").bindparams(
    marked=f"%{_MARK}"
)

_IS_WATCHED: ContextVar[bool] = ContextVar("is_watched", default=False)
"""Whether this is the task of a block below, or one that it started: a request and its loaders."""


async def flip(database: Database) -> None:
    """Go to the other state, in one transaction."""
    async with database.transaction() as connection:
        for statement in _FLIPS:
            await connection.execute(text(statement))


@asynccontextmanager
async def writing_between_reads(database: Database) -> AsyncIterator[None]:
    """Flip after each statement that a snapshot of this task reads; the first state comes back.

    The application's own tasks read by snapshots too. On a busy machine one of them may get its
    rows when the block has ended, and would flip then: their reads flip nothing.
    """
    read, one_by_one = Snapshot.rows, asyncio.Lock()

    async def read_and_flip(snapshot: Snapshot, *arguments: Any) -> Sequence[Row[Any]]:
        if not _IS_WATCHED.get():
            return await read(snapshot, *arguments)
        async with one_by_one:  # else the next statement would run before the flip
            rows = await read(snapshot, *arguments)
            await flip(database)
            return rows

    before = await _is_marked(database)
    token = _IS_WATCHED.set(True)
    try:
        with patch.object(Snapshot, "rows", read_and_flip):
            yield
    finally:
        _IS_WATCHED.reset(token)
    # A loader may outlive a request that failed, between its read and its flip.
    async with one_by_one:
        if await _is_marked(database) != before:
            await flip(database)


@asynccontextmanager
async def writing_after_one_read(database: Database) -> AsyncIterator[None]:
    """Flip once: after the first statement that this task reads, or else at the end of the block.

    The other state stays.
    """
    fetch_value, one_by_one = Database.fetch_value, asyncio.Lock()
    fetch_in_snapshot, read = Snapshot.fetch_value, Snapshot.rows
    has_flipped = False

    async def and_flip(result: Awaitable[T]) -> T:
        nonlocal has_flipped
        async with one_by_one:  # else another statement would run before the flip
            value = await result
            if _IS_WATCHED.get() and not has_flipped:
                await flip(database)
                has_flipped = True
            return value

    token = _IS_WATCHED.set(True)
    try:
        with (
            patch.object(Database, "fetch_value", lambda *a, **b: and_flip(fetch_value(*a, **b))),
            patch.object(Snapshot, "fetch_value", lambda *a: and_flip(fetch_in_snapshot(*a))),
            patch.object(Snapshot, "rows", lambda *a: and_flip(read(*a))),
        ):
            yield
    finally:
        _IS_WATCHED.reset(token)
        if not has_flipped:
            await flip(database)


@asynccontextmanager
async def writing_all_the_time(database: Database) -> AsyncIterator[None]:
    """Flip again and again beside the block, at least once and back; the first state comes back."""
    is_over = False

    async def write() -> None:
        while True:
            await flip(database)
            await flip(database)
            if is_over:
                return

    writer = asyncio.create_task(write())
    try:
        yield
    finally:
        is_over = True
        await writer


async def _is_marked(database: Database) -> bool:
    async with database.engine.connect() as connection:
        return bool((await connection.execute(_MARKED_GRAPHS)).scalar_one())
