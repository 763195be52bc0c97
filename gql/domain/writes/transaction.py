"""One transaction per write, which functions that write join, and which reads inside it see."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import CursorResult, Executable
from sqlalchemy.ext.asyncio import AsyncConnection

from gql.database import OpenTransaction
from gql.identity import Permission
from gql.query.context import Context

OnCommit = Callable[[], Awaitable[None]]
"""Something to do once the change is committed; it must not raise."""


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
        database = OpenTransaction(connection)
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
        Conflict: when this write collided with another one, and was rolled back.
        DatabaseUnavailable: when the database cannot be reached, or cannot work right now.
        DeadlineExceeded: when it ended a statement because that took too long.
    """
    context.identity.require(permission)
    if isinstance(context, WriteContext):
        yield context
        return
    # The connection of the snapshot goes back first: nobody holds one while waiting for another.
    await context.snapshot.close()
    try:
        async with context.database.transaction() as connection:
            write = WriteContext(context, connection)
            yield write
    finally:
        await context.refresh()
    for act in write.on_commit_calls:
        await act()
