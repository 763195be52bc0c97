"""The database as functions see it while a write transaction is open."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection

from gql.database.snapshot import Snapshot


class OpenTransaction:
    """Implements `DatabaseAccess`: reads see what the transaction has written, writes join it.

    Args:
        connection: Where the transaction runs; the code that began it commits it.
    """

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    def snapshot(self) -> Snapshot:
        """Reads on the transaction's connection."""
        return Snapshot(self._connection.engine, self._connection)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """The transaction that is open already."""
        yield self._connection
