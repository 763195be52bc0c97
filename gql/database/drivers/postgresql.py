"""Statements on PostgreSQL: on connections of asyncpg's own, or on the engine's behind a pooler."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import asyncpg
from asyncpg.exceptions import OutdatedSchemaCacheError
from sqlalchemy.ext.asyncio import AsyncEngine

from gql.database.drivers.explain import prepared, unprepared
from gql.database.drivers.statement_runner import Value

_PLAN_ONCE = "SET plan_cache_mode = force_generic_plan"
_PLAN_ANEW = "SET plan_cache_mode = force_custom_plan"


class PostgresqlRunner:
    """At most `size` connections; each prepares a statement once, by name.

    Its plan is made once as well, without a look at the values. Where those decide how many rows
    there are, a plan for any value may be a hundred times slower than one for this value: then
    every run is planned anew, which costs less than a millisecond. The connection is told which of
    both to do; as it stays so, those that did the same before are taken first.

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
        self._free: dict[bool, deque[Any]] = {False: deque(), True: deque()}
        self.size = self._left = size
        self._waiting: deque[tuple[float, asyncio.Future[None]]] = deque()
        self._watch: asyncio.TimerHandle | None = None

    @property
    def busy(self) -> int:
        """See `StatementRunner`."""
        return self.size - self._left

    def value(self, sql: str, values: Sequence[Any], *, custom_plan: bool = False) -> Value:
        """See `StatementRunner`.

        Raises:
            TimeoutError: when no connection gets free.
        """
        return self._read(_fetch_value, sql, values, custom_plan=custom_plan)

    async def explain(
        self, sql: str, values: Sequence[Any], *, custom_plan: bool = False
    ) -> list[str]:
        """See `StatementRunner`."""
        read = unprepared if custom_plan else prepared
        lines: list[str] = await self._read(read, sql, values, custom_plan=custom_plan)
        return lines

    async def _read(
        self,
        read: Callable[..., Awaitable[Any]],
        sql: str,
        values: Sequence[Any],
        *,
        custom_plan: bool,
    ) -> Any:
        if self._left:
            self._left -= 1
        else:
            await self._turn()
        try:
            # The last one used comes first: what it has prepared is what is asked now.
            free = self._free[custom_plan]
            connection = free.pop() if free else await self._other(custom_plan=custom_plan)
            if connection.is_closed():
                connection = await self._other(custom_plan=custom_plan)
            try:
                value = await read(connection, sql, values)
            except asyncpg.PostgresError:
                free.append(connection)
                raise
            except BaseException:
                connection.terminate()
                raise
            free.append(connection)
            return value
        finally:
            self._give_turn()

    async def _other(self, *, custom_plan: bool) -> Any:
        """A connection that planned otherwise until now, or a new one."""
        others = self._free[not custom_plan]
        connection = others.pop() if others else None
        planned_anew = not custom_plan
        if connection is None or connection.is_closed():
            connection, planned_anew = await self._connect(), False
        if custom_plan != planned_anew:
            try:
                await connection.execute(_PLAN_ANEW if custom_plan else _PLAN_ONCE)
            except BaseException:
                connection.terminate()
                raise
        return connection

    async def _turn(self) -> None:
        """Wait until another statement ends.

        One timer watches over all who wait: `asyncio.timeout` costs as much as a small statement.
        """
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.append((loop.time() + self._patience, turn))
        if self._watch is None:
            self._watch = loop.call_later(self._patience, self._give_up)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._give_turn()
            raise

    def _give_up(self) -> None:
        """Tell those who have waited too long, and look again when the next one will have."""
        loop = asyncio.get_running_loop()
        self._watch = None
        while self._waiting:
            until, turn = self._waiting[0]
            if until > loop.time():
                self._watch = loop.call_at(until, self._give_up)
                return
            self._waiting.popleft()
            if not turn.done():
                turn.set_exception(TimeoutError("no connection got free"))

    def _give_turn(self) -> None:
        while self._waiting:
            _, turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._left += 1

    async def close(self) -> None:
        """See `StatementRunner`."""
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        for free in self._free.values():
            while free:
                await free.pop().close()


async def _fetch_value(connection: Any, sql: str, values: Sequence[Any]) -> Any:
    """What `connection.fetchval` does, by the two of its steps that such a statement needs.

    That is four coroutines deep before anything is sent, each of which wakes up again for the
    answer: a fifth of what the driver costs, and as much as all of authentication.
    """
    statement = await connection._get_statement(sql, None)  # noqa: SLF001 -- kept by the driver
    try:
        rows = await connection._protocol.bind_execute(  # noqa: SLF001
            statement, values, "", 1, False, None
        )
    except (asyncpg.InvalidCachedStatementError, OutdatedSchemaCacheError):
        # The tables changed; the driver itself knows what to forget, and prepares anew.
        return await connection.fetchval(sql, *values)
    return rows[0][0] if rows else None


class PooledRunner:
    """For a pooler, which knows no session: one transaction per statement, on the engine."""

    busy = size = 0  # the engine counts them

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def value(
        self,
        sql: str,
        values: Sequence[Any],
        *,
        custom_plan: bool = False,  # noqa: ARG002 -- unnamed statements are always planned anew
    ) -> bytes | None:
        """See `StatementRunner`."""
        value: str | None = await self._read(_fetch_value, sql, values)
        return None if value is None else value.encode()

    async def explain(
        self,
        sql: str,
        values: Sequence[Any],
        *,
        custom_plan: bool = False,  # noqa: ARG002 -- as above
    ) -> list[str]:
        """See `StatementRunner`."""
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
        """See `StatementRunner`; the engine closes its own."""


async def connect_postgresql(arguments: Mapping[str, Any]) -> Any:
    """A connection that hands out text as the bytes that it came in."""
    connection = await asyncpg.connect(**arguments)
    # An answer is sent on as it comes: reading it as text would copy it twice for nothing.
    await connection.set_type_codec(
        "text", schema="pg_catalog", encoder=str.encode, decoder=bytes, format="binary"
    )
    return connection
