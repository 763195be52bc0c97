"""What one operation may do with the database, inside a transaction or outside."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from gql.database.drivers import FetchedValue
from gql.database.snapshot import Snapshot


class DatabaseAccess(Protocol):
    """Implemented by `Database` and `RoutedDatabase`, and inside a write by `OpenTransaction`.

    Pools, the engine and the statement runners belong to the process: only `Database` has them.
    """

    def snapshot(self) -> Snapshot:
        """Reads of one operation."""
        ...

    def transaction(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A connection to write on, committed or rolled back by the outermost transaction."""
        ...


class RequestDatabase(DatabaseAccess, Protocol):
    """What a request works with: a `Database`, or a `RoutedDatabase` where there are replicas."""

    def fetch_value(
        self, sql: str, values: Sequence[Any], *, custom_plan: bool = False
    ) -> FetchedValue:
        """The single value of a statement: see `StatementRunner.fetch_value`."""
        ...

    async def explain(
        self, sql: str, values: Sequence[Any], *, custom_plan: bool = False
    ) -> list[str]:
        """The database's EXPLAIN of a statement: see `StatementRunner.explain`."""
        ...
