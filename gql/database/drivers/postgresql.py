"""Runs statements on PostgreSQL itself, on connections of asyncpg."""

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import asyncpg

from gql.database.drivers.poolers import set_direct_session
from gql.database.drivers.session_settings import plan_cache_mode, set_session
from gql.database.drivers.statement_runner import FetchedValue
from gql.database.failures import STALE_STATEMENT
from gql.settings import Settings

CUSTOM_PLANS = "force_custom_plan"

_EXPLAIN = "EXPLAIN (ANALYZE, BUFFERS)"

SETTLE_SECONDS = 2.0
"""How long the server may take to end a cancelled statement before the connection is closed."""

_WATCH_CLIENT = "SET client_connection_check_interval = '500ms'"
"""Has the server end a statement whose client has vanished, so that nobody could cancel it.

https://www.postgresql.org/docs/current/runtime-config-connection.html
"""

_WATCHES_SINCE = 14

Command = Callable[[Any, str, Sequence[Any]], Awaitable[Any]]
"""Runs a statement with its values on a connection."""

_log = logging.getLogger(__name__)


class RunnerConnection(asyncpg.Connection):  # type: ignore[misc]
    """A connection of a runner.

    Attributes:
        plan_mode: PostgreSQL's `plan_cache_mode` for the statements that ask for no custom plan, as
            the server at its other end is to have it.
    """

    plan_mode = "force_generic_plan"

    async def fetch_again(self, sql: str, values: Sequence[Any]) -> Any:
        """The value of a statement that was prepared before a table was altered."""
        # The public way drops what is cached and prepares it again.
        return await self.fetchval(sql, *values)


class PostgresqlRunner:
    """A pool of connections that keep their statements prepared by name.

    A prepared statement is planned once, by a generic plan that does not look at the values, unless
    the server is set otherwise (`session_settings.plan_cache_mode`). Where the values decide how
    many rows there are, that plan may be a hundred times slower than a custom plan for the values
    at hand, which costs less than a millisecond to make. `plan_cache_mode` chooses for a whole
    connection and stays, so a connection that has the right mode already is preferred to one that
    must be switched.

    Nothing is reset between two statements, as they leave nothing behind. A connection on which a
    statement ended in anything but a value, an error of PostgreSQL or a cancellation is closed.

    When a task is cancelled, asyncpg asks the server to end the statement, over a connection of its
    own and after the task has ended. Closing the connection at once would take that request back,
    and the server would go on to its `statement_timeout`. So a cancelled connection is settled in
    the background first, and keeps its slot until the server is idle: there are never more
    statements on the server than slots.

    Args:
        connect: Opens a connection, in the mode for generic plans.
        size: Most connections.
        timeout: Seconds to wait for one that is free.
    """

    def __init__(self, connect: Callable[[], Awaitable[Any]], *, size: int, timeout: float) -> None:
        self._connect = connect
        self._timeout = timeout
        self._idle: dict[bool, deque[Any]] = {False: deque(), True: deque()}
        """Connections by whether their mode is for custom plans."""
        self.size = self._slots = size
        self._waiters: deque[tuple[float, asyncio.Future[None]]] = deque()
        """Deadlines, and futures that a freed slot resolves, oldest first."""
        self._timer: asyncio.TimerHandle | None = None
        self._settling: set[asyncio.Task[None]] = set()
        self._is_closed = False

    @property
    def busy(self) -> int:
        return self.size - self._slots

    def fetch_value(
        self, sql: str, values: Sequence[Any], *, custom_plan: bool = False
    ) -> FetchedValue:
        """See `StatementRunner`.

        Raises:
            TimeoutError: when no connection gets free.
        """
        return self._run(fetch_value, sql, values, custom_plan=custom_plan)

    async def explain(
        self, sql: str, values: Sequence[Any], *, custom_plan: bool = False
    ) -> list[str]:
        explain = explain_custom_plan if custom_plan else explain_generic_plan
        lines: list[str] = await self._run(explain, sql, values, custom_plan=custom_plan)
        return lines

    async def _run(
        self,
        command: Command,
        sql: str,
        values: Sequence[Any],
        *,
        custom_plan: bool = False,
    ) -> Any:
        if self._slots:
            self._slots -= 1
        else:
            await self._wait_for_slot()
        keeps_slot = False
        try:
            # Last in, first out: the connection used last has the statements of this hour prepared.
            idle = self._idle[custom_plan]
            connection = idle.pop() if idle else await self._switch_or_connect(custom_plan)
            if connection.is_closed():
                connection = await self._switch_or_connect(custom_plan)
            try:
                result = await command(connection, sql, values)
            except asyncpg.PostgresError:
                idle.append(connection)
                raise
            except asyncio.CancelledError:
                keeps_slot = True
                settling = asyncio.create_task(self._settle(connection, idle))
                self._settling.add(settling)
                settling.add_done_callback(self._settling.discard)
                raise
            except BaseException:
                connection.terminate()
                raise
            idle.append(connection)
            return result
        finally:
            if not keeps_slot:
                self._release_slot()

    async def _settle(self, connection: Any, idle: deque[Any]) -> None:
        """Wait until the server has ended a cancelled statement, then free connection and slot."""
        try:
            async with asyncio.timeout(SETTLE_SECONDS):
                # asyncpg lets it wait for its cancellation. It ends a transaction, where the
                # statement was in one; PostgreSQL has nothing against it anywhere else.
                await connection.execute("ROLLBACK")
                if self._is_closed:
                    await connection.close()
            idle.append(connection)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            _log.warning("a cancelled statement may still run: %r", error)
            connection.terminate()
        finally:
            self._release_slot()

    async def _switch_or_connect(self, custom_plan: bool) -> Any:
        """An idle connection of the other mode, switched to this one, or else a new connection."""
        others = self._idle[not custom_plan]
        connection = others.pop() if others else None
        has_custom_plans = not custom_plan
        if connection is None or connection.is_closed():
            connection, has_custom_plans = await self._connect(), False
        if custom_plan != has_custom_plans:
            mode = CUSTOM_PLANS if custom_plan else connection.plan_mode
            try:
                await connection.execute(f"SET plan_cache_mode = {mode}")
            except BaseException:
                connection.terminate()
                raise
        return connection

    async def _wait_for_slot(self) -> None:
        # One timer serves all waiters: `asyncio.timeout` costs as much as a small statement.
        loop = asyncio.get_running_loop()
        slot: asyncio.Future[None] = loop.create_future()
        self._waiters.append((loop.time() + self._timeout, slot))
        if self._timer is None:
            self._timer = loop.call_later(self._timeout, self._expire_waiters)
        try:
            await slot
        except asyncio.CancelledError:
            if slot.done() and not slot.cancelled() and slot.exception() is None:
                self._release_slot()
            raise

    def _expire_waiters(self) -> None:
        """Fail those whose deadline is over; run again at the next deadline."""
        loop = asyncio.get_running_loop()
        self._timer = None
        while self._waiters:
            deadline, slot = self._waiters[0]
            if deadline > loop.time():
                self._timer = loop.call_at(deadline, self._expire_waiters)
                return
            self._waiters.popleft()
            if not slot.done():
                slot.set_exception(TimeoutError("no connection got free"))

    def _release_slot(self) -> None:
        while self._waiters:
            _, slot = self._waiters.popleft()
            if not slot.done():
                slot.set_result(None)
                return
        self._slots += 1

    async def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._is_closed = True
        await asyncio.gather(*self._settling)
        for idle in self._idle.values():
            while idle:
                await idle.pop().close()


async def connect_postgresql(arguments: Mapping[str, Any], settings: Settings) -> Any:
    """A connection for compiled statements.

    Args:
        arguments: Of asyncpg.
        settings: Of the process.

    Raises:
        UnprotectedConnection: when it leads to a pooler, and the settings say that there is none.
    """
    connection = await asyncpg.connect(**arguments, connection_class=RunnerConnection)
    try:
        await prepare_session(connection, settings, for_plans=True)
        # Each connection asks its own server, as an address may lead to another one tomorrow.
        connection.plan_mode = await connection.fetchval(
            f"SELECT set_config('plan_cache_mode', {plan_cache_mode(settings)}, false)"
        )
        await read_text_as_bytes(connection)
    except BaseException:
        connection.terminate()
        raise
    return connection


async def read_text_as_bytes(connection: Any) -> None:
    """Read `text` as the bytes that came.

    An answer is sent on as it is: to decode it and encode it again would copy it twice.
    """
    await connection.set_type_codec(
        "text", schema="pg_catalog", encoder=str.encode, decoder=bytes, format="binary"
    )


async def prepare_session(connection: Any, settings: Settings, *, for_plans: bool = False) -> None:
    """Set up a new connection; the server notices when this process is gone, where it can.

    Raises:
        UnprotectedConnection: when it leads to a pooler, and the settings say that there is none.
    """
    session = set_session(settings, for_plans=for_plans)
    if settings.pooler == "off":
        await set_direct_session(connection, session)
    else:
        await connection.execute(session)
    if connection.get_server_version().major >= _WATCHES_SINCE:
        # Not every operating system tells the server; then it refuses the setting.
        with suppress(asyncpg.PostgresError):
            await connection.execute(_WATCH_CLIENT)


async def fetch_value(connection: Any, sql: str, values: Sequence[Any]) -> Any:
    # This is `connection.fetchval(sql, *values)`, by two private steps of asyncpg, and it looks
    # like the thing that one must never do to a library. The public way is four coroutines deep
    # (fetchval, _execute, __execute, _do_execute), each of which is resumed once more for the
    # answer and takes care of what these statements never have: a timeout of their own, a record
    # class, a log of queries. That is a fifth of what the driver costs here, as much as all of
    # authentication. The steps are: take the statement from the connection's cache or prepare it,
    # then Bind and Execute with a limit of one row. The price is a pinned range of versions (see
    # pyproject.toml); tests/database/test_drivers.py fails when a version changes the two.
    # https://github.com/MagicStack/asyncpg/blob/master/asyncpg/connection.py
    statement = await connection._get_statement(sql, None)  # noqa: SLF001
    try:
        rows = await connection._protocol.bind_execute(  # noqa: SLF001
            statement, values, "", 1, False, None
        )
    except STALE_STATEMENT:
        return await connection.fetch_again(sql, values)
    return rows[0][0] if rows else None


async def explain_generic_plan(connection: Any, sql: str, values: Sequence[Any]) -> list[str]:
    """EXPLAIN of the generic plan, which answers requests.

    A plain EXPLAIN makes a custom plan for the values at hand; only EXECUTE uses the generic one.
    EXECUTE takes no parameters from the protocol, so PostgreSQL itself writes the values as
    literals, each of the type that its parameter has.
    """
    name = f"jackfield_{secrets.token_hex(8)}"
    await connection.execute(f"PREPARE {name} AS {sql}")
    try:
        literals = await _literals(connection, name, values)
        arguments = f"({', '.join(literals)})" if literals else ""
        return _lines(await connection.fetch(f"{_EXPLAIN} EXECUTE {name}{arguments}"))
    finally:
        await connection.execute(f"DEALLOCATE {name}")


async def explain_custom_plan(connection: Any, sql: str, values: Sequence[Any]) -> list[str]:
    return _lines(await connection.fetch(f"{_EXPLAIN} {sql}", *values))


async def _literals(connection: Any, name: str, values: Sequence[Any]) -> list[str]:
    """The values as SQL literals of the parameter types of a prepared statement."""
    if not values:
        return []
    types = await connection.fetchval(
        "SELECT array_to_string(parameter_types::text[], ',') "
        "FROM pg_prepared_statements WHERE name = $1",
        name,
    )
    quoted = (
        f"quote_nullable(${number}::{type_})"
        for number, type_ in enumerate(_text(types).split(","), start=1)
    )
    row = await connection.fetchrow(f"SELECT {', '.join(quoted)}", *values)
    return [_text(literal) for literal in row]


def _lines(rows: Sequence[Any]) -> list[str]:
    return [_text(row[0]) for row in rows]


def _text(value: str | bytes) -> str:
    """Text, which connections of `connect_postgresql` read as bytes."""
    return value.decode() if isinstance(value, bytes) else value
