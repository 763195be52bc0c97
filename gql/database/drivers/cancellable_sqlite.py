"""A connection of aiosqlite on which a cancelled statement ends."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from typing import Any

import aiosqlite

from gql.database.drivers.sqlite import PROGRESS_STEPS


class _Call:
    """Something that the connection's thread does, until it is cancelled."""

    is_cancelled = False


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
    _thread: threading.Thread

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        call = _Call()

        def run() -> Any:
            self._call = call
            return fn(*args, **kwargs)

        try:
            return await super()._execute(run)  # type: ignore[no-untyped-call]
        except asyncio.CancelledError:
            call.is_cancelled = True
            # Closing a connection ends its transaction only once no cursor is left, and the
            # traceback of the cancellation may keep one: another writer would wait for that.
            self._tx.put_nowait((None, self._roll_back))
            raise

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
