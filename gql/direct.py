"""The one value of one statement, straight from the driver: what compiled plans run on.

SQLAlchemy's pool and execution cost several times what such a statement costs. So these
connections are the driver's own, opened when they are first needed, and do nothing but read.
"""

import asyncio
import sqlite3
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import asyncpg
from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from gql.explaining import of_sqlite, prepared, unprepared
from gql.models.json_step import walk
from gql.settings import Settings

REMEMBERED = 256
"""Most statements that one connection keeps prepared."""

SQLITE_BUSY_SECONDS = 30
"""How long a writer waits for another one before SQLite gives up."""

MAX_THREADS = 4
"""Most SQLite connections: more threads than that wait for each other."""


_PASSING = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
)


def is_lasting(error: Exception) -> bool:
    """Whether a statement that failed so would fail again: it is at fault, not the database."""
    if isinstance(error, asyncpg.PostgresError):
        return not isinstance(error, _PASSING)
    if isinstance(error, sqlite3.Error):
        return "locked" not in str(error) and "unable to open" not in str(error)
    return not isinstance(error, (OSError, TimeoutError, asyncpg.InterfaceError))


class Direct(Protocol):
    """Runs statements that yield one value."""

    @property
    def busy(self) -> int:
        """How many run right now."""
        ...

    @property
    def size(self) -> int:
        """How many may."""
        ...

    async def value(self, sql: str, values: Sequence[Any]) -> bytes | None:
        """The value: text in UTF-8, None for NULL.

        The statement sees one instant, so it needs no transaction around it.
        """
        ...

    async def explain(self, sql: str, values: Sequence[Any]) -> list[str]:
        """The database's own account of how it runs a statement; it may run it for that."""
        ...

    async def close(self) -> None:
        """Close every connection, once no statement runs."""
        ...


class PostgresqlDirect:
    """At most `size` connections; each prepares a statement once, by name.

    There is no reset between two statements, as they leave nothing behind. A connection whose
    statement did not end in an answer or in PostgreSQL's own error is thrown away.

    Args:
        connect: Opens a connection that keeps statements prepared.
        size: Most connections.
        patience: Seconds to wait for a free one.
    """

    def __init__(
        self, connect: Callable[[], Awaitable[Any]], *, size: int, patience: float
    ) -> None:
        self._connect = connect
        self._patience = patience
        self._free: deque[Any] = deque()
        self.size = self._left = size
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def busy(self) -> int:
        """See `Direct`."""
        return self.size - self._left

    async def value(self, sql: str, values: Sequence[Any]) -> bytes | None:
        """See `Direct`.

        Raises:
            TimeoutError: when no connection gets free.
        """
        value: bytes | None = await self._read(_fetch_value, sql, values)
        return value

    async def explain(self, sql: str, values: Sequence[Any]) -> list[str]:
        """See `Direct`."""
        lines: list[str] = await self._read(prepared, sql, values)
        return lines

    async def _read(
        self, read: Callable[..., Awaitable[Any]], sql: str, values: Sequence[Any]
    ) -> Any:
        if self._left:
            self._left -= 1
        else:
            await self._turn()
        try:
            # The last one used comes first: what it has prepared is what is asked now.
            connection = self._free.pop() if self._free else None
            if connection is None or connection.is_closed():
                connection = await self._connect()
            try:
                value = await read(connection, sql, values)
            except asyncpg.PostgresError:
                self._free.append(connection)
                raise
            except BaseException:
                connection.terminate()
                raise
            self._free.append(connection)
            return value
        finally:
            self._give_turn()

    async def _turn(self) -> None:
        """Wait until another statement ends; a timer costs less than `asyncio.timeout`."""
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.append(turn)
        timer = loop.call_later(self._patience, _give_up, turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._give_turn()
            raise
        finally:
            timer.cancel()

    def _give_turn(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._left += 1

    async def close(self) -> None:
        """See `Direct`."""
        while self._free:
            await self._free.pop().close()


def _fetch_value(connection: Any, sql: str, values: Sequence[Any]) -> Awaitable[Any]:
    found: Awaitable[Any] = connection.fetchval(sql, *values)
    return found


def _give_up(turn: asyncio.Future[None]) -> None:
    if not turn.done():
        turn.set_exception(TimeoutError("no connection got free"))


class SqliteDirect:
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

    async def value(self, sql: str, values: Sequence[Any]) -> bytes | None:
        """See `Direct`."""
        value: bytes | None = await self._read(_value, sql, values)
        return value

    async def explain(self, sql: str, values: Sequence[Any]) -> list[str]:
        """See `Direct`."""
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
        """See `Direct`."""
        await asyncio.get_running_loop().run_in_executor(None, self._threads.shutdown)
        while self._opened:
            self._opened.pop().close()


def _value(connection: sqlite3.Connection, sql: str, values: Sequence[Any]) -> bytes | None:
    value: bytes | None = connection.execute(sql, values).fetchone()[0]
    return value


class _Pooled:
    """For a pooler, which knows no session: one transaction per statement, on the engine."""

    busy = size = 0  # the engine counts them

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def value(self, sql: str, values: Sequence[Any]) -> bytes | None:
        """See `Direct`."""
        value: str | None = await self._read(_fetch_value, sql, values)
        return None if value is None else value.encode()

    async def explain(self, sql: str, values: Sequence[Any]) -> list[str]:
        """See `Direct`."""
        lines: list[str] = await self._read(unprepared, sql, values)
        return lines

    async def _read(
        self, read: Callable[..., Awaitable[Any]], sql: str, values: Sequence[Any]
    ) -> Any:
        async with self._engine.connect() as connection:
            await connection.begin()
            raw = await connection.get_raw_connection()
            driver: Any = raw.driver_connection
            await connection.exec_driver_sql("SET TRANSACTION READ ONLY")
            return await read(driver, sql, values)

    async def close(self) -> None:
        """See `Direct`; the engine closes its own."""


def open_direct(engine: AsyncEngine, settings: Settings) -> Direct:
    """Read-only connections beside those of an engine, to the same database, without SQLAlchemy."""
    if settings.embedded:
        path = engine.url.database or ""
        return SqliteDirect(lambda: _connect_sqlite(path), size=settings.pool_size)
    if settings.transaction_pooler:
        return _Pooled(engine)
    _, address = engine.dialect.create_connect_args(engine.url)
    arguments = {
        **address,
        "ssl": None if unix_socket(engine.url) else settings.database_tls,
        "statement_cache_size": REMEMBERED,
        "max_cached_statement_lifetime": 0,
        "max_cacheable_statement_size": 0,
        "server_settings": {
            **server_settings(settings),
            "default_transaction_read_only": "on",
            "plan_cache_mode": "force_generic_plan",
        },
    }
    return PostgresqlDirect(
        lambda: _connect_postgresql(arguments),
        size=direct_size(settings),
        patience=settings.pool_timeout,
    )


async def _connect_postgresql(arguments: Mapping[str, Any]) -> Any:
    connection = await asyncpg.connect(**arguments)
    # An answer is sent on as it comes: reading it as text would copy it twice for nothing.
    await connection.set_type_codec(
        "text", schema="pg_catalog", encoder=str.encode, decoder=bytes, format="binary"
    )
    return connection


def direct_size(settings: Settings) -> int:
    """How many of the process's connections run compiled plans, where those are wanted."""
    return max(1, settings.pool_size // 2)


def server_settings(settings: Settings) -> dict[str, str]:
    """What every PostgreSQL connection is told at its start."""
    return {
        "application_name": "jackfield",
        "timezone": "UTC",
        "jit": "off",
        "statement_timeout": str(int(settings.statement_timeout * 1000)),
    }


def unix_socket(url: URL) -> bool:
    """Whether an address is a socket of this machine, which has no TLS."""
    host = url.query.get("host", url.host)
    return isinstance(host, str) and host.startswith("/")


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


def _connect_sqlite(path: str) -> sqlite3.Connection:
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
    connection.create_function("lower", 1, lower, deterministic=True)
    connection.create_function("double_text", 1, double_text, deterministic=True)
    connection.create_function("json_walk", -1, walk, deterministic=True)
    return connection
