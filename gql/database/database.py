"""The engine, read snapshots and write transactions; SQLite/PostgreSQL differences end here."""

import asyncio
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import URL, Connection, Executable, Row, event, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncResult,
    create_async_engine,
)

from gql.database.drivers import (
    SQLITE_BUSY_SECONDS,
    StatementRunner,
    Value,
    double_text,
    lower,
    open_runner,
    runner_size,
    server_settings,
    unix_socket,
)
from gql.errors import Unavailable
from gql.settings import Settings


class Database:
    """One engine and its two ways in: `snapshot()` to read, `transaction()` to write."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.embedded = settings.embedded
        self.engine = create_engine(settings)
        self._direct: StatementRunner | None = None

    def snapshot(self) -> "Snapshot":
        """A read-only view of one instant, opened by its first statement."""
        return Snapshot(self.engine)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """A write transaction: committed when the block ends, rolled back when it raises."""
        with _reachable():
            connection = await self.engine.connect()
        try:
            await connection.execution_options(jackfield_write=True)
            with _reachable():
                await connection.begin()
            yield connection
            with _reachable():
                await connection.commit()
        finally:
            await connection.close()

    def value(self, sql: str, values: Sequence[Any], *, custom_plan: bool = False) -> Value:
        """The one value of a statement in the driver's own words: text in UTF-8, None for NULL.

        Args:
            sql: The statement.
            values: Of its parameters.
            custom_plan: Whether the best way to run it depends on the values.

        Raises:
            Exception: whatever the driver raises.
        """
        return (self._direct or self._opened()).value(sql, values, custom_plan=custom_plan)

    async def explain(
        self, sql: str, values: Sequence[Any], *, custom_plan: bool = False
    ) -> list[str]:
        """The database's own account of how it runs such a statement; it may run it for that.

        Args:
            sql: The statement.
            values: Of its parameters.
            custom_plan: Whether the best way to run it depends on the values.

        Raises:
            Exception: whatever the driver raises.
        """
        return await (self._direct or self._opened()).explain(sql, values, custom_plan=custom_plan)

    def _opened(self) -> StatementRunner:
        self._direct = open_runner(self.engine, self._settings)
        return self._direct

    def connections(self) -> dict[str, tuple[int, int]]:
        """For `plans` and for `the_rest`: how many connections are in use, and how many may be."""
        pool: Any = self.engine.pool
        plans = (0, 0) if self._direct is None else (self._direct.busy, self._direct.size)
        return {"plans": plans, "the_rest": (pool.checkedout(), pool.size())}

    async def ping(self) -> None:
        """Run the smallest statement, or raise `Unavailable`."""
        with _reachable():
            async with self.engine.connect() as connection:
                await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Close every connection."""
        if self._direct is not None:
            await self._direct.close()
            self._direct = None
        await self.engine.dispose()


class Snapshot:
    """A read-only view of the database at one instant, for one operation.

    It opens at most one connection, at the first statement, and runs its statements one after
    another: it never holds one connection while it waits for a second, so the pool cannot deadlock.

    Attributes:
        statements: How many statements have run.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._connection: AsyncConnection | None = None
        self._turn = asyncio.Lock()
        self._closed = False
        self.statements = 0

    async def rows(
        self, statement: Executable, parameters: Mapping[str, Any] | None = None
    ) -> Sequence[Row[Any]]:
        """All rows of a statement, when its turn has come."""
        async with self._turn:
            with _reachable():
                connection = await self._open()
                self.statements += 1
                return (await connection.execute(statement, parameters)).all()

    async def stream(
        self, statement: Executable, parameters: Mapping[str, Any] | None = None, *, size: int
    ) -> AsyncGenerator[Sequence[Row[Any]], None]:
        """The rows of a statement, `size` at a time, of which only those are in memory.

        The turn is taken for each part and not for the whole: other statements run in between, and
        `close` need not wait for a reader who has gone away.
        """
        async with self._turn:
            with _reachable():
                connection = await self._open()
                self.statements += 1
                result = await connection.stream(
                    statement, parameters, execution_options={"yield_per": size}
                )
        try:
            while rows := await self._part(result, size):
                yield rows
        finally:
            async with self._turn:
                if not self._closed:
                    await result.close()

    async def _part(self, result: AsyncResult[Any], size: int) -> Sequence[Row[Any]]:
        async with self._turn:
            if self._closed:
                raise RuntimeError("the operation has ended: its snapshot is closed")
            with _reachable():
                return await result.fetchmany(size)

    async def close(self) -> None:
        """Wait for the running statement, then give the connection back."""
        async with self._turn:
            self._closed = True
            if self._connection is not None:
                await self._connection.close()
                self._connection = None

    async def _open(self) -> AsyncConnection:
        if self._closed:
            raise RuntimeError("the operation has ended: its snapshot is closed")
        if self._connection is None:
            connection = await self._engine.connect()
            if self._engine.dialect.name == "postgresql":
                await connection.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
            self._connection = connection
        return self._connection


def create_engine(settings: Settings) -> AsyncEngine:
    """The engine for a settings' database, with the asynchronous driver chosen here."""
    url = make_url(settings.database_url)
    if settings.embedded:
        return _sqlite(url, settings)
    return _postgresql(url, settings)


def _sqlite(url: URL, settings: Settings) -> AsyncEngine:
    if url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(
        url.set(drivername="sqlite+aiosqlite"),
        pool_size=settings.pool_size,
        max_overflow=0,
        pool_timeout=settings.pool_timeout,
        connect_args={"timeout": SQLITE_BUSY_SECONDS},
        json_serializer=dump_json,
        json_deserializer=orjson.loads,
    )
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """Settle a new connection: WAL, foreign keys, Unicode `lower`, and no implicit transactions."""
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()
    for name, function in (("lower", lower), ("double_text", double_text)):
        connection.run_async(
            lambda driver, name=name, function=function: driver.create_function(
                name, 1, function, deterministic=True
            )
        )


def _begin_sqlite(connection: Connection) -> None:
    """Open the transaction by hand.

    Python's sqlite3 opens none for a SELECT, so two reads of one operation could see two states.
    A writer takes its lock at once: upgrading a read transaction later fails when another wrote.
    """
    write = connection.get_execution_options().get("jackfield_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _postgresql(url: URL, settings: Settings) -> AsyncEngine:
    arguments: dict[str, Any] = {"ssl": None if unix_socket(url) else settings.database_tls}
    if settings.transaction_pooler:
        # A pooler hands every transaction another server connection: names must not be reused.
        arguments |= {
            "statement_cache_size": 0,
            "prepared_statement_cache_size": 0,
            "prepared_statement_name_func": lambda: f"jackfield_{uuid.uuid4().hex}",
        }
    else:
        arguments["server_settings"] = server_settings(settings)
    engine = create_async_engine(
        url.set(drivername="postgresql+asyncpg"),
        pool_size=_pool_size(settings),
        max_overflow=0,
        pool_timeout=settings.pool_timeout,
        pool_pre_ping=False,
        connect_args=arguments,
        json_serializer=dump_json,
        json_deserializer=orjson.loads,
    )
    if settings.transaction_pooler:
        milliseconds = int(settings.statement_timeout * 1000)

        def limit_statement(connection: Connection) -> None:
            connection.exec_driver_sql(f"SET LOCAL statement_timeout = {milliseconds}")

        event.listen(engine.sync_engine, "begin", limit_statement)
    return engine


def _pool_size(settings: Settings) -> int:
    """The rest: the process has `pool_size` connections in all, and at least one for each way."""
    if settings.transaction_pooler or not settings.compiled:
        return settings.pool_size
    return max(1, settings.pool_size - runner_size(settings))


def dump_json(value: Any) -> str:
    """JSON without spaces, keys in the order given: the one way that both databases store it."""
    return orjson.dumps(value).decode()


_GAVE_UP = ("statement timeout", "database is locked", "unable to open database file")


@contextmanager
def _reachable() -> Iterator[None]:
    """Turn a database that cannot be reached, or gave up, into `Unavailable`."""
    try:
        yield
    except (PoolTimeoutError, OSError) as error:
        raise Unavailable("The database cannot be reached right now; try again.") from error
    except DBAPIError as error:
        if error.connection_invalidated or any(words in str(error.orig) for words in _GAVE_UP):
            raise Unavailable("The database gave up on this request; try again.") from error
        raise
