"""A connection of aiosqlite: a cancelled statement ends, and each goes to its thread once."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Self

import aiosqlite

from gql.database.drivers.sqlite import PROGRESS_STEPS


class _Call:
    """Something that the connection's thread does, until it is cancelled."""

    is_cancelled = False


class WholeCursor:
    """One statement, which goes to the connection's thread once: it is run, read and closed there.

    aiosqlite goes there for each of these. The event loop goes round twice every time, and a round
    takes milliseconds while it works for others: one look at the migrations took 32 rounds.

    It has what SQLAlchemy looks at; there are no cursors on the server's side, which read on.
    """

    def __init__(self, connection: "CancellableConnection") -> None:
        self._connection = connection
        self._rows: Sequence[Any] = ()
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Iterable[Any] = ()) -> None:
        await self._connection._execute(  # noqa: SLF001 -- in the same module
            self._run, sqlite3.Cursor.execute, sql, parameters
        )

    async def executemany(self, sql: str, parameters: Iterable[Iterable[Any]]) -> None:
        await self._connection._execute(  # noqa: SLF001 -- as above
            self._run, sqlite3.Cursor.executemany, sql, parameters
        )

    def _run(self, execute: Callable[..., Any], sql: str, parameters: Iterable[Any]) -> None:
        cursor = self._connection._conn.cursor()  # noqa: SLF001 -- as above
        try:
            execute(cursor, sql, parameters)
            self.description = cursor.description
            self._rows = () if cursor.description is None else cursor.fetchall()
            self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid
        finally:
            cursor.close()

    async def fetchall(self) -> Sequence[Any]:
        rows, self._rows = self._rows, ()
        return rows

    async def close(self) -> None:
        self._rows = ()


class CancellableConnection(aiosqlite.Connection):
    """Ends a statement when the task that awaits it is cancelled.

    aiosqlite itself lets it run on in its thread. SQLAlchemy closes a connection after a
    cancellation, and that waits for the thread: a cancelled request would last as long as its
    statement. By the time that an `except` around SQLAlchemy runs it is too late, so this hooks the
    one private method that everything goes through. tests/database/test_cancellation.py fails when
    a version of aiosqlite changes it.
    https://github.com/omnilib/aiosqlite/blob/main/aiosqlite/core.py
    """

    _call = _Call()
    _is_begun = True
    _thread: threading.Thread

    def begin_read(self) -> None:
        """Begin a transaction with its next statement, and on the same way to the thread.

        SQLite takes no lock for BEGIN alone: it is a transaction from the first read on.
        https://www.sqlite.org/lang_transaction.html
        """
        self._is_begun = False

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        call = _Call()

        def run() -> Any:
            self._call = call
            if not self._is_begun:
                self._is_begun = True
                self._conn.execute("BEGIN")
            return fn(*args, **kwargs)

        try:
            return await super()._execute(run)  # type: ignore[no-untyped-call]
        except asyncio.CancelledError:
            call.is_cancelled = True
            # Closing a connection ends its transaction only once no cursor is left, and the
            # traceback of the cancellation may keep one: another writer would wait for that.
            self._tx.put_nowait((None, self._roll_back))
            raise

    def cursor(self) -> WholeCursor:  # type: ignore[override]  # SQLAlchemy's alone
        return WholeCursor(self)

    async def commit(self) -> None:
        if self._is_begun:
            await super().commit()
        self._is_begun = True

    async def rollback(self) -> None:
        """Have the thread do it before anything else of this connection; nobody waits for that."""
        self._is_begun = True
        if self.in_transaction:
            self._tx.put_nowait((None, self._roll_back))

    def _roll_back(self) -> None:
        """End the transaction; runs in the thread, after what was cancelled."""
        self._call = _Call()
        if self._conn.in_transaction:
            self._conn.rollback()

    def should_stop(self) -> bool:
        """Whether what the thread does has been cancelled; asked by SQLite's progress handler."""
        return self._call.is_cancelled


def connect_cancellable(path: str, **arguments: Any) -> CancellableConnection:
    """As `aiosqlite.connect`."""

    def connect() -> sqlite3.Connection:
        opened: sqlite3.Connection = sqlite3.connect(path, **arguments)
        opened.set_progress_handler(connection.should_stop, PROGRESS_STEPS)
        return opened

    connection = CancellableConnection(connect, iter_chunk_size=64)
    connection._thread.daemon = True  # noqa: SLF001 -- as SQLAlchemy does for its own
    return connection
