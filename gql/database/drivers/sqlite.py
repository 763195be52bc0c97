"""Runs statements on SQLite: in a few threads with one connection each."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from gql.database.drivers.statement_runner import PREPARED_STATEMENTS
from gql.sql.sqlite_functions import add_functions

SQLITE_BUSY_SECONDS = 30
"""How long a writer waits for another one before SQLite gives up."""

MAX_THREADS = 4
"""Most connections: with more of them, threads spend their time waiting for each other."""

CACHE_KIB = 8_192
"""Page cache of a connection: a hundred calls lie on too many pages for SQLite's default, 2 MB."""

_NO_TIMES = "SQLite tells no rows or times."


class SqliteRunner:
    """A thread pool in which each thread has a connection of its own.

    Python's sqlite3 blocks its thread and releases the GIL while SQLite works. It keeps the
    statements of a connection prepared.

    Args:
        connect: Opens a connection; called in the thread that will use it.
        size: Most threads.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection], *, size: int) -> None:
        self.busy = 0
        self.size = min(size, MAX_THREADS)
        self._connect = connect
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._threads = ThreadPoolExecutor(self.size, "jackfield-sqlite")

    async def fetch_value(
        self,
        sql: str,
        values: Sequence[Any],
        *,
        custom_plan: bool = False,  # noqa: ARG002 -- SQLite plans without values
    ) -> bytes | None:
        value: bytes | None = await self._run(_fetch_value, sql, values)
        return value

    async def explain(
        self,
        sql: str,
        values: Sequence[Any],
        *,
        custom_plan: bool = False,  # noqa: ARG002 -- as above
    ) -> list[str]:
        lines: list[str] = await self._run(_explain, sql, values)
        return lines

    async def _run(self, command: Callable[..., Any], sql: str, values: Sequence[Any]) -> Any:
        loop = asyncio.get_running_loop()
        self.busy += 1
        try:
            return await loop.run_in_executor(
                self._threads, self._run_in_thread, command, sql, values
            )
        finally:
            self.busy -= 1

    def _run_in_thread(self, command: Callable[..., Any], sql: str, values: Sequence[Any]) -> Any:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._connect()
            self._connections.append(connection)
        return command(connection, sql, values)

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(None, self._threads.shutdown)
        while self._connections:
            self._connections.pop().close()


def connect_sqlite(path: str) -> sqlite3.Connection:
    """A read-only connection with the functions that compiled statements call."""
    connection = sqlite3.connect(
        path,
        timeout=SQLITE_BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,  # closed by another thread, after its own has ended
        cached_statements=PREPARED_STATEMENTS,
    )
    connection.text_factory = bytes  # an answer is sent on as it is, as on PostgreSQL
    connection.execute("PRAGMA query_only=ON")
    connection.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
    add_functions(connection)
    return connection


def _fetch_value(connection: sqlite3.Connection, sql: str, values: Sequence[Any]) -> bytes | None:
    value: bytes | None = connection.execute(sql, values).fetchone()[0]
    return value


def _explain(connection: sqlite3.Connection, sql: str, values: Sequence[Any]) -> list[str]:
    """EXPLAIN QUERY PLAN as an indented tree; it does not run the statement.

    https://www.sqlite.org/eqp.html
    """
    depths = {0: -1}
    lines = []
    for number, parent, _, detail in connection.execute(f"EXPLAIN QUERY PLAN {sql}", values):
        depths[number] = depths.get(parent, -1) + 1
        lines.append("  " * depths[number] + detail.decode())
    return [*lines, _NO_TIMES]
