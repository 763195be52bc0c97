"""Statements on SQLite: in a few threads with a connection each."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from gql.database.drivers.explain import of_sqlite
from gql.database.drivers.statement_runner import REMEMBERED
from gql.sql.json_step import walk

SQLITE_BUSY_SECONDS = 30
"""How long a writer waits for another one before SQLite gives up."""

MAX_THREADS = 4
"""Most SQLite connections: more threads than that wait for each other."""


CACHE_KIB = 8_192
"""Of each connection; pages of a hundred calls lie in so many places that SQLite's 2 MB miss."""


class SqliteRunner:
    """A few threads with a connection each; SQLite keeps its statements prepared.

    Args:
        connect: Opens a connection; called in the thread that will use it.
        size: Most threads.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection], *, size: int) -> None:
        self.busy = 0
        self.size = min(size, MAX_THREADS)
        self._connect = connect
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._threads = ThreadPoolExecutor(self.size, "jackfield-direct")

    async def value(
        self,
        sql: str,
        values: Sequence[Any],
        *,
        custom_plan: bool = False,  # noqa: ARG002 -- SQLite plans without values
    ) -> bytes | None:
        """See `StatementRunner`."""
        value: bytes | None = await self._read(_value, sql, values)
        return value

    async def explain(
        self,
        sql: str,
        values: Sequence[Any],
        *,
        custom_plan: bool = False,  # noqa: ARG002 -- as above
    ) -> list[str]:
        """See `StatementRunner`."""
        lines: list[str] = await self._read(of_sqlite, sql, values)
        return lines

    async def _read(self, read: Callable[..., Any], sql: str, values: Sequence[Any]) -> Any:
        loop = asyncio.get_running_loop()
        self.busy += 1
        try:
            return await loop.run_in_executor(self._threads, self._run, read, sql, values)
        finally:
            self.busy -= 1

    def _run(self, read: Callable[..., Any], sql: str, values: Sequence[Any]) -> Any:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._connect()
            self._opened.append(connection)
        return read(connection, sql, values)

    async def close(self) -> None:
        """See `StatementRunner`."""
        await asyncio.get_running_loop().run_in_executor(None, self._threads.shutdown)
        while self._opened:
            self._opened.pop().close()


def _value(connection: sqlite3.Connection, sql: str, values: Sequence[Any]) -> bytes | None:
    value: bytes | None = connection.execute(sql, values).fetchone()[0]
    return value


def lower(value: Any) -> Any:
    """SQLite's own `lower` knows ASCII alone; PostgreSQL's knows every letter.

    Letter by letter, as PostgreSQL does: Python alone looks at a sigma's place in its word.
    """
    if not isinstance(value, str):
        return value
    return value.lower() if value.isascii() else "".join(_lower_letter(letter) for letter in value)


def _lower_letter(letter: str) -> str:
    return letter.lower()[0]


def double_text(value: Any) -> str | None:
    """A double with the digits that bring back the very same one, as Python and JSON write it."""
    return None if value is None else repr(float(value))


def connect_sqlite(path: str) -> sqlite3.Connection:
    """A connection that only reads, with the functions that plans use."""
    # Closed from another thread, after its own has ended.
    connection = sqlite3.connect(
        path,
        timeout=SQLITE_BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=REMEMBERED,
    )
    connection.text_factory = bytes  # as on PostgreSQL
    connection.execute("PRAGMA query_only=ON")
    connection.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
    connection.create_function("lower", 1, lower, deterministic=True)
    connection.create_function("double_text", 1, double_text, deterministic=True)
    connection.create_function("json_walk", -1, walk, deterministic=True)
    return connection
