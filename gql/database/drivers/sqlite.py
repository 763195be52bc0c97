"""Runs statements on SQLite: in a few threads with one connection each."""

import asyncio
import math
import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

from gql.database.drivers.statement_runner import PREPARED_STATEMENTS
from gql.sql.sqlite_functions import add_functions

SQLITE_BUSY_SECONDS = 1.0
"""How long SQLite itself waits for a lock. Nothing can end that wait, so it is short."""

MAX_THREADS = 4
"""Most connections: more threads than that wait for each other."""

CACHE_KIB = 8_192
"""Page cache of a connection: a hundred calls lie on too many pages for SQLite's default, 2 MB."""

PROGRESS_STEPS = 10_000
"""After so many steps of its virtual machine SQLite asks whether to go on: each few milliseconds.

https://www.sqlite.org/c3ref/progress_handler.html
"""

_NO_TIMES = "SQLite tells no rows or times."


@dataclass(slots=True, eq=False)
class _Job:
    """A statement on its way to a thread and back.

    Attributes:
        command: Runs it on a connection.
        future: What it comes to, in the event loop `loop`.
        expires: Until when it may wait for a thread.
        is_started: Whether a thread has taken it.
        is_cancelled: Whether nobody waits for its value any more; the thread ends it then.
    """

    command: Callable[..., Any]
    sql: str
    values: Sequence[Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    expires: float = math.inf
    is_started: bool = False
    is_cancelled: bool = False

    def run(self, connection: sqlite3.Connection) -> None:
        """Run the statement in this thread and hand over what came of it."""
        value = error = None
        try:
            value = self.command(connection, self.sql, self.values)
        except Exception as raised:  # noqa: BLE001 -- raised where the value is awaited
            error = raised
        self.hand_over(value, error)

    def hand_over(self, value: Any, error: Exception | None) -> None:
        with suppress(RuntimeError):  # the event loop has been closed
            self.loop.call_soon_threadsafe(self._settle, value, error)

    def _settle(self, value: Any, error: Exception | None) -> None:
        if self.future.done():
            return
        if error is None:
            self.future.set_result(value)
        else:
            self.future.set_exception(error)


class SqliteRunner:
    """A few threads, each with a connection of its own, and one queue for all.

    Python's sqlite3 blocks, but leaves the interpreter to other threads while SQLite works. It
    keeps the statements of a connection prepared.

    A cancelled statement is ended by its connection's progress handler, which looks at the job that
    the thread runs. `interrupt` could hit the next statement of the connection instead.

    Args:
        connect: Opens a connection; called in the thread that will use it.
        size: Most threads.
        timeout: Seconds to wait for one that is free.
    """

    def __init__(
        self, connect: Callable[[], sqlite3.Connection], *, size: int, timeout: float
    ) -> None:
        self.size = min(size, MAX_THREADS)
        self._connect = connect
        self._timeout = timeout
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()
        self._jobs: dict[_Job, None] = {}
        """Those that are waited for, oldest first."""
        self._threads: list[threading.Thread] = []
        self._timer: asyncio.TimerHandle | None = None

    @property
    def busy(self) -> int:
        return min(len(self._jobs), self.size)

    async def fetch_value(
        self,
        sql: str,
        values: Sequence[Any],
        *,
        custom_plan: bool = False,  # noqa: ARG002 -- SQLite plans without values
    ) -> bytes | None:
        """See `StatementRunner`.

        Raises:
            TimeoutError: when no thread gets free.
        """
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
        job = _Job(command, sql, values, loop, loop.create_future())
        self._jobs[job] = None
        if len(self._jobs) > len(self._threads):
            self._start_thread_or_wait(job)
        self._queue.put(job)
        try:
            return await job.future
        finally:
            job.is_cancelled = True
            del self._jobs[job]

    def _start_thread_or_wait(self, job: _Job) -> None:
        if len(self._threads) < self.size:
            thread = threading.Thread(target=self._work, name="jackfield-sqlite", daemon=True)
            self._threads.append(thread)
            thread.start()
            return
        job.expires = job.loop.time() + self._timeout
        if self._timer is None:
            self._timer = job.loop.call_later(self._timeout, self._expire_waiting)

    def _expire_waiting(self) -> None:
        """Fail the jobs that have waited too long; run again when the next one has."""
        loop, self._timer = asyncio.get_running_loop(), None
        for job in self._jobs:
            if job.is_started or job.expires == math.inf:
                continue
            if job.expires > loop.time():
                self._timer = loop.call_at(job.expires, self._expire_waiting)
                return
            if not job.future.done():
                job.is_cancelled = True
                job.future.set_exception(TimeoutError("no connection got free"))

    def _work(self) -> None:
        """Run jobs on a connection of this thread, until there is None in the queue."""
        connection: sqlite3.Connection | None = None
        job: _Job | None = None

        def is_cancelled() -> bool:
            return job is not None and job.is_cancelled

        while (job := self._queue.get()) is not None:
            if job.is_cancelled:
                continue
            job.is_started = True
            if connection is None:
                try:
                    connection = self._connect()
                except Exception as error:  # noqa: BLE001 -- as in a job; the next one tries again
                    job.hand_over(None, error)
                    continue
                connection.set_progress_handler(is_cancelled, PROGRESS_STEPS)
            job.run(connection)
        if connection is not None:
            connection.close()

    async def close(self) -> None:
        for job in self._jobs:
            job.is_cancelled = True
            job.future.cancel()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        threads, self._threads = self._threads, []
        for _ in threads:
            self._queue.put(None)
        for thread in threads:
            await asyncio.to_thread(thread.join)


def connect_sqlite(path: str, max_bytes: int) -> sqlite3.Connection:
    """A read-only connection with the functions that compiled statements call.

    No text of it gets longer than `max_bytes`: https://www.sqlite.org/limits.html
    """
    connection = sqlite3.connect(
        path,
        timeout=SQLITE_BUSY_SECONDS,
        isolation_level=None,
        cached_statements=PREPARED_STATEMENTS,
    )
    connection.text_factory = bytes  # an answer is sent on as it is, as on PostgreSQL
    connection.execute("PRAGMA query_only=ON")
    connection.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, max_bytes)
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
