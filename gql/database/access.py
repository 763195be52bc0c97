"""What one operation may do with the database, inside a transaction or outside."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from gql.database.snapshot import Snapshot


class DatabaseAccess(Protocol):
    """Implemented by `Database`, and inside a write by `OpenTransaction`.

    Pools, the engine and the statement runners belong to the process: only `Database` has them.
    """

    def snapshot(self) -> Snapshot:
        """Reads of one operation."""
        ...

    def transaction(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A connection to write on, committed or rolled back by the outermost transaction."""
        ...
