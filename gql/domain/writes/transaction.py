"""One transaction per write, which functions that write join, and which reads inside it see.

The answer to a write is read inside it too. After the commit it would be too late: another writer
may be faster than the read, whose answer, with its version, would then be that of the other; and a
read that fails would answer an error to a write that is done.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from sqlalchemy import CursorResult, Executable
from sqlalchemy.ext.asyncio import AsyncConnection

from gql.database import OpenTransaction
from gql.database.failures import translate_write_failures
from gql.errors import WriteCollision
from gql.identity import Permission
from gql.query.context import Context

MOST_ATTEMPTS = 5
"""How often a write is tried that others stand in the way of."""

T = TypeVar("T")

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
        super().__init__(
            outer.caller,
            database,
            outer.request_id,
            outer.sms_sessions,
            secret_box=outer.secret_box,
            webhook_checks=outer.webhook_checks,
        )

    async def run(self, statement: Executable, values: Any = None) -> CursorResult[Any]:
        """Run one statement, or one for many rows when `values` is a list of them."""
        with translate_write_failures():
            return await self.connection.execute(statement, values)

    def on_commit(self, act: OnCommit) -> None:
        """Have `act` called once everything is committed; never, when it is not."""
        self.on_commit_calls.append(act)

    async def roll_back(self) -> None:
        """Undo all that was written; what is written from now on is committed."""
        await self.refresh()
        await self.connection.rollback()
        self.on_commit_calls.clear()


@asynccontextmanager
async def transaction(
    context: Context, permission: Permission = Permission.WRITE
) -> AsyncIterator[WriteContext]:
    """The transaction of a write: all of the block is committed when it ends, or nothing of it.

    Inside another transaction it is that one, and the outermost commits. Afterwards `context` reads
    what was written.

    Raises:
        Forbidden: when the caller lacks the permission.
        WriteCollision: when this write collided with another one, and was rolled back.
        DatabaseUnavailable: when the database cannot be reached, or cannot work right now.
        DeadlineExceeded: when it ended a statement because that took too long.
    """
    context.identity.require(permission)
    if isinstance(context, WriteContext):
        yield context
        await context.refresh()
        return
    # The connection of the snapshot goes back first: nobody holds one while waiting for another.
    await context.snapshot.close()
    try:
        async with context.database.transaction() as connection:
            write = WriteContext(context, connection)
            try:
                yield write
            finally:
                # A loader of a field that failed may still run its statement on the connection.
                await write.close()
    finally:
        await context.refresh()
    for act in write.on_commit_calls:
        await act()


async def retry_collisions(write: Callable[[], Awaitable[T]]) -> T:
    """The result of a write, which is done again when another one stood in its way.

    PostgreSQL ends one of two transactions that wait for each other; tried again, it finds the
    other one done. https://www.postgresql.org/docs/current/mvcc-serialization-failure-handling.html

    Args:
        write: Does it in a transaction of its own each time.

    Raises:
        WriteCollision: when it was tried `MOST_ATTEMPTS` times.
    """
    for _ in range(MOST_ATTEMPTS - 1):
        try:
            return await write()
        except WriteCollision:
            continue
    return await write()
