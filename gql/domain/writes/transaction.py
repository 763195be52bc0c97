"""One transaction per write, which functions that write join, and which reads inside it see."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from sqlalchemy import CursorResult, Executable, Row
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from gql.database.database import Database, Snapshot
from gql.errors import Conflict, Unavailable
from gql.identity import Permission
from gql.query.context import Context

OnCommit = Callable[[], Awaitable[None]]
"""Something to do once the change is committed; it must not raise."""

_COLLIDED = {"40001", "40P01", "55P03"}
_GAVE_UP = {"57014", "57P01", "57P02", "57P03"}


class WriteContext(Context):
    """The context of a write, while its transaction is open.

    It is a `Context`, so every function that takes one works inside the transaction: a function
    that writes joins it, and one that reads sees what it has written so far. Its `database` joins
    it too.

    Attributes:
        connection: Where the transaction runs.
    """

    def __init__(self, outer: Context, connection: AsyncConnection) -> None:
        self.connection = connection
        self.on_commit_calls: list[OnCommit] = []
        database = _OpenDatabase(outer.database, connection)
        super().__init__(outer.caller, database, outer.request_id, outer.sms_sessions)

    async def run(self, statement: Executable, values: Any = None) -> CursorResult[Any]:
        """Run one statement, or one for many rows when `values` is a list of them."""
        return await self.connection.execute(statement, values)

    def on_commit(self, act: OnCommit) -> None:
        """Have `act` called once everything is committed; never, when it is not."""
        self.on_commit_calls.append(act)


@asynccontextmanager
async def transaction(
    context: Context, permission: Permission = Permission.WRITE
) -> AsyncIterator[WriteContext]:
    """The transaction of a write: all of the block is committed when it ends, or nothing of it.

    Inside another transaction it is that one, and the outermost commits. Afterwards `context` reads
    what is committed then.

    Raises:
        Forbidden: when the caller lacks the permission.
        Conflict: when another write stood in the way of this one for good.
        Unavailable: when the database cannot be reached or gave up.
    """
    context.identity.require(permission)
    if isinstance(context, WriteContext):
        yield context
        return
    # The connection of the snapshot goes back first: nobody holds one while waiting for another.
    await context.snapshot.close()
    try:
        with _translate_database_errors():
            async with context.database.transaction() as connection:
                write = WriteContext(context, connection)
                yield write
    finally:
        await context.refresh()
    for act in write.on_commit_calls:
        await act()


class _OpenDatabase(Database):
    """The database as it is seen inside a transaction: both of its ways in lead there."""

    def __init__(self, database: Database, connection: AsyncConnection) -> None:
        self.engine = database.engine
        self.embedded = database.embedded
        self._connection = connection

    def snapshot(self) -> Snapshot:
        return _OpenSnapshot(self._connection)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        yield self._connection


class _OpenSnapshot(Snapshot):
    """Reads on the transaction's own connection, one after another."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._open_connection = connection
        self._in_turn = asyncio.Lock()
        self.statements = 0

    async def rows(
        self, statement: Executable, parameters: Mapping[str, Any] | None = None
    ) -> Sequence[Row[Any]]:
        async with self._in_turn:
            self.statements += 1
            return (await self._open_connection.execute(statement, parameters)).all()

    async def close(self) -> None:
        """The connection is the transaction's to give back."""


@contextmanager
def _translate_database_errors() -> Iterator[None]:
    """Turn what a database raises when it gives up a write into the fact that it stands for."""
    try:
        yield
    except DBAPIError as error:
        state = getattr(error.orig, "sqlstate", None)
        if state in _COLLIDED:
            raise Conflict("Another write stood in the way of this one; try again.") from error
        locked = "database is locked" in str(error.orig)
        if error.connection_invalidated or state in _GAVE_UP or locked:
            raise Unavailable("The database gave up on this write; try again.") from error
        raise
