"""The pool of SQLAlchemy and the statement runner of one process, on SQLite or PostgreSQL."""

import contextlib
import os
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import orjson
from sqlalchemy import URL, Connection, event, make_url, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from gql.database.credential_changes import OnCredentialChange, take_credential_changes
from gql.database.drivers import (
    SQLITE_BUSY_SECONDS,
    FetchedValue,
    StatementRunner,
    common_arguments,
    connect_cancellable,
    connection_arguments,
    find_pooler,
    open_runner,
    prepare_session,
    require_pooler,
    runner_size,
    set_transaction,
)
from gql.database.failover import Failover, leave_outdated
from gql.database.failures import (
    is_busy,
    is_refused_feature,
    translate_failures,
    translate_write_failures,
)
from gql.database.giving_back import give_back
from gql.database.snapshot import Snapshot
from gql.errors import DatabaseReadOnly
from gql.settings import Pooler, Settings
from gql.sql.sqlite_functions import add_functions

SQLITE_BUSY_ATTEMPTS = 30
"""How often a writer waits `SQLITE_BUSY_SECONDS` for another one before it gives up."""

AfterCommit = Callable[[AsyncConnection], Awaitable[None]]

_READS_ONLY = "SELECT current_setting('transaction_read_only') = 'on'"
_IS_REPLICA = "SELECT pg_is_in_recovery()"


class Database:
    """Implements `DatabaseAccess`, and runs compiled statements on connections of their own.

    Attributes:
        embedded: Whether this is SQLite.
        engine: SQLAlchemy's, for snapshots, transactions and migrations.
        on_credential_change: Tells those who have credentials cached what transactions revoked.
        on_commit: Called after each write transaction.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.embedded = settings.embedded
        self.engine = create_engine(settings)
        self._runner: StatementRunner | None = None
        self.on_credential_change: OnCredentialChange | None = None
        self.on_commit: Callable[[], None] | None = None

    @property
    def max_response_bytes(self) -> int:
        """Most bytes of an answer."""
        return self._settings.max_response_bytes

    @property
    def max_statement_bytes(self) -> int | None:
        """Most bytes of the value of a compiled statement, which has to compare them itself.

        None on SQLite, where the connections of the runner do.
        """
        return None if self._settings.embedded else self._settings.max_response_bytes

    def snapshot(self) -> Snapshot:
        """Read-only reads of one instant; the first statement opens the connection."""
        return Snapshot(self.engine)

    @asynccontextmanager
    async def transaction(
        self, after_commit: AfterCommit | None = None
    ) -> AsyncIterator[AsyncConnection]:
        """A write transaction: committed when the block ends, rolled back when it raises.

        Args:
            after_commit: Something to do on the connection then; it must not raise.

        Raises:
            DatabaseUnavailable: when the database cannot be reached, or cannot work right now.
            DeadlineExceeded: when it ended a statement because that took too long.
            DatabaseReadOnly: when it takes no writes.
            WriteCollision: when another transaction stood in the way of this one, or it was sent to
                a former primary.
        """
        with translate_failures():
            connection = await self.engine.connect()
        try:
            with translate_failures():
                await leave_outdated(connection)
            await connection.execution_options(jackfield_write=True)
            take_credential_changes(connection)  # of a transaction that was not committed
            with translate_write_failures():
                await begin_write(connection)
                yield connection
                await connection.commit()
            if self.on_commit is not None:
                self.on_commit()
            organizations = take_credential_changes(connection)
            if after_commit is not None:
                await after_commit(connection)
        finally:
            await give_back(connection)
        if organizations and self.on_credential_change is not None:
            await self.on_credential_change(organizations)

    async def connect_directly(self, seconds: float) -> Any:
        """A connection of asyncpg that is the caller's own, not for statements on data.

        Args:
            seconds: How long connecting may take.
        """
        return await asyncpg.connect(**self._connection_arguments(), timeout=seconds)

    def fetch_value(
        self, sql: str, values: Sequence[Any], *, custom_plan: bool = False
    ) -> FetchedValue:
        """The single value of a statement: see `StatementRunner.fetch_value`."""
        runner = self._runner or self._open_runner()
        return runner.fetch_value(sql, values, custom_plan=custom_plan)

    async def explain(
        self, sql: str, values: Sequence[Any], *, custom_plan: bool = False
    ) -> list[str]:
        """The database's EXPLAIN of a statement: see `StatementRunner.explain`."""
        runner = self._runner or self._open_runner()
        return await runner.explain(sql, values, custom_plan=custom_plan)

    def _open_runner(self) -> StatementRunner:
        self._runner = open_runner(self.engine, self._settings)
        return self._runner

    def connections(self) -> dict[str, tuple[int, int]]:
        """Connections in use, and at most, of the runner (`plans`) and the pool (`the_rest`)."""
        pool: Any = self.engine.pool
        plans = (0, 0) if self._runner is None else (self._runner.busy, self._runner.size)
        return {"plans": plans, "the_rest": (pool.checkedout(), pool.size())}

    async def ping(self) -> None:
        """Run the smallest statement, or raise `Unavailable`."""
        with translate_failures():
            async with self.engine.connect() as connection:
                await connection.execute(text("SELECT 1"))

    async def is_read_only(self) -> bool:
        """Whether writes would fail, as the database is a replica or set so; never on SQLite.

        Raises:
            DatabaseUnavailable: when the database cannot be reached, or cannot work right now.
        """
        if self.embedded:
            return False
        # A role that is set up for a named pooler reads, where a transaction does not say more.
        is_role = self._settings.pooler == "named"
        setting = text(_IS_REPLICA if is_role else _READS_ONLY)
        with translate_failures():
            async with self.engine.connect() as connection:
                is_read_only: bool = (await connection.execute(setting)).scalar_one()
                if is_read_only:
                    await connection.invalidate()  # as in `Failover`
        return is_read_only

    async def require_pooler(self) -> None:
        """Pass when what is before PostgreSQL leaves its sessions as the settings want them.

        Raises:
            UnprotectedConnection: when it does not.
            DatabaseUnavailable: when the database cannot be reached, or cannot work right now.
        """
        if not self.embedded:
            with translate_failures():
                await require_pooler(self._connection_arguments(), self._settings)

    async def find_pooler(self) -> Pooler:
        """What is between this process and PostgreSQL, whatever the settings say.

        Raises:
            DatabaseUnavailable: when the database cannot be reached, or cannot work right now.
        """
        with translate_failures():
            return await find_pooler(self._connection_arguments())

    def _connection_arguments(self) -> dict[str, Any]:
        return connection_arguments(self.engine, self._settings)

    async def close(self) -> None:
        if self._runner is not None:
            await self._runner.close()
            self._runner = None
        await self.engine.dispose()


def create_engine(settings: Settings) -> AsyncEngine:
    """The engine for a settings' database, with the asynchronous driver chosen here."""
    url = make_url(settings.database_url)
    if settings.embedded:
        return _sqlite(url, settings)
    return _postgresql(url, settings)


def _sqlite(url: URL, settings: Settings) -> AsyncEngine:
    if url.database and not url.database.startswith((":memory:", "file:")):
        _make_private(Path(url.database))
    engine = create_async_engine(
        url.set(drivername="sqlite+aiosqlite"),
        pool_size=settings.pool_size,
        max_overflow=0,
        pool_timeout=settings.pool_timeout,
        connect_args={"timeout": SQLITE_BUSY_SECONDS, "async_creator_fn": connect_cancellable},
        json_serializer=dump_json,
        json_deserializer=orjson.loads,
    )
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _make_private(path: Path) -> None:
    """Make the file, and its folder, for their owner alone; what is there keeps its mode.

    SQLite would make it readable to everybody on the machine. The files that it adds beside it, and
    which hold the newest rows, get the mode of this one.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """Configure a new connection: WAL, foreign keys, our functions, no implicit transactions."""
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()
    add_functions(connection)


async def begin_write(connection: AsyncConnection) -> None:
    """Begin a write, and wait for the one that another connection does on SQLite.

    SQLite's own wait cannot be ended, so it is short and repeated.
    """
    for _ in range(SQLITE_BUSY_ATTEMPTS - 1):
        try:
            await connection.begin()
        except OperationalError as error:
            if not is_busy(error):
                raise
        else:
            return
    await connection.begin()


def _begin_sqlite(connection: Connection) -> None:
    """Open the transaction by hand.

    Python's sqlite3 opens none for a SELECT, so two reads of one operation could see two states.
    A writer takes its lock at once: upgrading a read transaction later fails when another wrote.
    """
    if connection.get_execution_options().get("jackfield_write", False):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        driver: Any = connection.connection.driver_connection
        driver.begin_read()


def _postgresql(url: URL, settings: Settings) -> AsyncEngine:
    arguments = common_arguments(url, settings)
    if settings.shares_sessions:
        # A pooler gives every transaction another server connection: names must not be reused. One
        # that keeps them would keep them too long, as a table that is altered changes their rows.
        arguments |= {
            "statement_cache_size": 0,
            "prepared_statement_cache_size": 0,
            "prepared_statement_name_func": lambda: f"jackfield_{uuid.uuid4().hex}",
        }
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
    Failover(engine)
    if settings.shares_sessions:
        event.listen(engine.sync_engine, "begin", partial(_prepare_transaction, settings=settings))
    else:

        def prepare(connection: Any, _record: Any) -> None:
            connection.run_async(partial(prepare_session, settings=settings))

        # First of all: SQLAlchemy itself reads settings of the first connection.
        event.listen(engine.sync_engine, "connect", prepare, insert=True)
    return engine


def _prepare_transaction(connection: Connection, settings: Settings) -> None:
    """Begin a transaction of a session that others have used, and of a role that may only read.

    Raises:
        DatabaseReadOnly: for a write on a replica, which cannot be made to take one.
    """
    if settings.pooler == "named" and connection.get_execution_options().get("jackfield_write"):
        try:
            connection.exec_driver_sql("SET TRANSACTION READ WRITE")
        except DBAPIError as error:
            if not is_refused_feature(error):
                raise
            raise DatabaseReadOnly from error
    connection.exec_driver_sql(set_transaction(settings))


def _pool_size(settings: Settings) -> int:
    """What `pool_size`, the limit of the process, leaves beside the runner; at least one."""
    if not settings.compiled:
        return settings.pool_size
    return max(1, settings.pool_size - runner_size(settings))


def dump_json(value: Any) -> str:
    """JSON as both databases store it: without spaces, keys in their order."""
    return orjson.dumps(value).decode()
