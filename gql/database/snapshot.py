"""Reads of one operation, all at one instant."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Self

from sqlalchemy import CursorResult, Executable, Row
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from gql.database.failures import is_stale, translate_failures, translate_write_failures
from gql.database.giving_back import give_back

PART = 64
"""Rows that are made of what the driver has read in one step of the event loop."""

Execute = Callable[[AsyncConnection], Awaitable[CursorResult[Any]]]
"""Runs a statement on a connection."""


class Snapshot:
    """Runs the reads of one operation on one connection, one after another.

    On a connection of its own these are read-only and see one instant: `REPEATABLE READ READ ONLY`
    on PostgreSQL, a deferred transaction on SQLite. Inside a write they see what it has written.

    An operation never holds one connection while it waits for a second: then a pool in which every
    operation holds one would wait for ever.

    Args:
        engine: Opens the connection, at the first statement.
        transaction: The connection of an open transaction to read on instead; it stays open.

    Attributes:
        statements: How many statements have run.
    """

    def __init__(self, engine: AsyncEngine, transaction: AsyncConnection | None = None) -> None:
        self._engine = engine
        self._connection = transaction
        self._is_own = transaction is None
        self._lock = asyncio.Lock()
        self._reader: asyncio.Task[Any] | None = None
        """What waits for a statement right now."""
        self._closed = False
        self.statements = 0

    @property
    def embedded(self) -> bool:
        """Whether it reads SQLite, which has other tables of words."""
        return self._engine.dialect.name == "sqlite"

    async def rows(
        self, statement: Executable, parameters: Mapping[str, Any] | None = None
    ) -> Sequence[Row[Any]]:
        """All rows of a statement.

        Raises:
            RuntimeError: after `close`.
            DatabaseUnavailable: when the database cannot be reached, or cannot work right now.
            DeadlineExceeded: when it ended the statement because that took too long.
        """
        result = await self._run(lambda connection: connection.execute(statement, parameters))
        rows: list[Row[Any]] = []
        for part in result.partitions(PART):
            if rows:  # JSON is parsed here: a thousand long values are no single step
                await asyncio.sleep(0)
            rows += part
        return rows

    async def fetch_value(self, sql: str, values: Sequence[Any]) -> bytes | None:
        """The single value of a compiled statement: see `StatementRunner.fetch_value`.

        Raises:
            RuntimeError: after `close`.
            DatabaseUnavailable: when the database cannot be reached, or cannot work right now.
            DeadlineExceeded: when it ended the statement because that took too long.
        """
        result = await self._run(lambda connection: connection.exec_driver_sql(sql, tuple(values)))
        value: str | None = result.scalar_one()
        return None if value is None else value.encode()

    async def close(self) -> None:
        """End what still runs, then give the connection back.

        A loader runs its statement in a task of its own, which goes on when the operation that
        needed it has ended.
        """
        self._closed = True
        if self._reader is not None and self._reader is not asyncio.current_task():
            self._reader.cancel()
        async with self._lock:
            if self._connection is not None and self._is_own:
                await give_back(self._connection)
            self._connection = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _run(self, execute: Execute) -> CursorResult[Any]:
        """The result of one statement of this task.

        The first statement runs again when it was prepared before a table was altered. A later one
        may not: it would see another instant than those before it.
        """
        async with self._lock:
            with translate_failures() if self._is_own else translate_write_failures():
                connection = await self._open()
                self.statements += 1
                self._reader = asyncio.current_task()
                try:
                    return await execute(connection)
                except DBAPIError as error:
                    if not (is_stale(error) and self._is_own and self.statements == 1):
                        raise
                    await connection.rollback()
                    return await execute(connection)
                finally:
                    self._reader = None

    async def _open(self) -> AsyncConnection:
        self._require_open()
        if self._connection is None:
            connection = await self._engine.connect()
            if self._engine.dialect.name == "postgresql":
                await connection.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
            self._connection = connection
        return self._connection

    def _require_open(self) -> None:
        if self._closed:
            raise RuntimeError("the operation has ended: its snapshot is closed")
