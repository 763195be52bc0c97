"""Transactions that write to a few calls, and ways to read what they wrote, good and bad.

Each write is named by a word that it leaves in the call, so that an order of events can be compared
with the order of the writes. The bad ways are recipes that are often recommended.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from gql.database import Database
from gql.database.engine import begin_write
from gql.events.numbering import number_events

ORGANIZATION = 1

_UPDATE = text(
    "UPDATE call SET graph_name = coalesce(graph_name, '') || '.'"
    " WHERE organization_id = 1 AND id = :id"
)


class Seen(NamedTuple):
    """An event as a reader saw it.

    Attributes:
        call: Which call was written.
        at: When, by the database's clock: within one call this is the order of the writes.
    """

    call: int
    at: Any


class Reader:
    """Keeps a cursor, and what it has read.

    Args:
        database: Where.
        page: Reads what is behind the cursor: the new cursor and events.
    """

    def __init__(self, database: Database, page: "Page") -> None:
        self._database = database
        self._page = page
        self._cursor: Any = None
        self.seen: list[Seen] = []

    async def read(self) -> None:
        """Read what is new."""
        self._cursor, seen = await self._page(self._database, self._cursor)
        self.seen += seen


Page = Callable[[Database, Any], Awaitable[tuple[Any, Sequence[Seen]]]]


async def numbered(database: Database, cursor: Any) -> tuple[Any, Sequence[Seen]]:
    """The gateway's: by the number that an event gets after the commit."""
    if not database.embedded:
        await number_events(database.engine)
    return await _page(
        database,
        "SELECT seq, object_id, at FROM event WHERE organization_id = 1 AND seq > :cursor"
        " ORDER BY seq",
        cursor or 0,
    )


async def by_id(database: Database, cursor: Any) -> tuple[Any, Sequence[Seen]]:
    """By a sequence's number of the insertion."""
    return await _page(
        database,
        "SELECT id, object_id, at FROM event_new WHERE organization_id = 1 AND id > :cursor"
        " ORDER BY id",
        cursor or 0,
    )


async def by_transaction(database: Database, cursor: Any) -> tuple[Any, Sequence[Seen]]:
    """By transaction id and number, below the oldest transaction that still runs."""
    return await _page(
        database,
        "SELECT ARRAY[xmin::text::bigint, id], object_id, at FROM event_new"
        " WHERE organization_id = 1 AND ARRAY[xmin::text::bigint, id] > :cursor"
        " AND xmin::text::bigint < pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
        " ORDER BY 1",
        cursor or [0, 0],
    )


async def _page(database: Database, statement: str, cursor: Any) -> tuple[Any, Sequence[Seen]]:
    """Where a reader stands then, and the events after the cursor."""
    async with database.engine.connect() as connection:
        rows = (await connection.execute(text(statement), {"cursor": cursor})).all()
    return (rows[-1][0] if rows else cursor), [Seen(call, at) for _, call, at in rows]


@asynccontextmanager
async def transaction(database: Database) -> Any:
    """A write transaction that the test commits or rolls back itself."""
    async with database.engine.connect() as connection:
        await connection.execution_options(jackfield_write=True)
        await begin_write(connection)
        yield connection


async def write(connection: AsyncConnection, call: int) -> None:
    """Change a call."""
    await connection.execute(_UPDATE, {"id": call})


async def take_transaction_id(connection: AsyncConnection) -> None:
    """Get an id before anything is locked, as a transaction does that writes elsewhere first."""
    await connection.execute(text("SELECT pg_current_xact_id()"))
