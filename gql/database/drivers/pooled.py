"""Runs statements behind a pooler that gives each transaction another session of PostgreSQL."""

import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import asyncpg

from gql.database.drivers.poolers import UnprotectedConnection, require_role_settings
from gql.database.drivers.postgresql import (
    CUSTOM_PLANS,
    Command,
    PostgresqlRunner,
    RunnerConnection,
    explain_custom_plan,
    explain_generic_plan,
    fetch_value,
    read_text_as_bytes,
)
from gql.database.drivers.statement_runner import FetchedValue
from gql.settings import Settings

_BEGIN = "BEGIN TRANSACTION READ ONLY"
_BEGIN_WITH_CUSTOM_PLANS = f"{_BEGIN}; SET LOCAL plan_cache_mode = {CUSTOM_PLANS}"

_log = logging.getLogger(__name__)


class PoolerConnection(RunnerConnection):
    """A connection to a pooler."""

    async def fetch_again(self, sql: str, values: Sequence[Any]) -> Any:
        """See `RunnerConnection`."""
        if self.is_in_transaction():
            await self.execute("ROLLBACK")
        # Prepared again, it would be what the pooler has prepared under this text, and stale as
        # well. A comment makes another text of it.
        return await self.fetchval(f"{sql} /* {secrets.token_hex(8)} */", *values)


class NamedPoolerRunner(PostgresqlRunner):
    """A pool of connections to a pooler that keeps named statements.

    The pooler gives each transaction a session, and prepares there, by a name of its own, what the
    connection has prepared. A session is set up by its role, for generic plans; a custom plan needs
    a transaction that says so, which costs two more round trips.
    https://www.pgbouncer.org/config.html#max_prepared_statements
    """

    def fetch_value(
        self, sql: str, values: Sequence[Any], *, custom_plan: bool = False
    ) -> FetchedValue:
        return self._run(_fetch_with_custom_plan if custom_plan else fetch_value, sql, values)

    async def explain(
        self, sql: str, values: Sequence[Any], *, custom_plan: bool = False
    ) -> list[str]:
        command = _explain_custom_plan if custom_plan else _explain_generic_plan
        lines: list[str] = await self._run(command, sql, values)
        return lines


class UnnamedPoolerRunner(PostgresqlRunner):
    """A pool of connections to a pooler that keeps no named statements.

    Each statement is a transaction of its own that first sets up the session which the pooler gives
    it, and is prepared in it: four round trips, and every plan is a custom plan.

    Args:
        connect: As of `PostgresqlRunner`.
        session: One statement that sets a transaction up.
        size: As of `PostgresqlRunner`.
        timeout: As of `PostgresqlRunner`.
    """

    def __init__(
        self, connect: Callable[[], Awaitable[Any]], session: str, *, size: int, timeout: float
    ) -> None:
        super().__init__(connect, size=size, timeout=timeout)
        self._begin = f"{_BEGIN_WITH_CUSTOM_PLANS}; {session}"

    def fetch_value(
        self,
        sql: str,
        values: Sequence[Any],
        *,
        custom_plan: bool = False,  # noqa: ARG002 -- it always is
    ) -> FetchedValue:
        return self._run(self._fetch, sql, values)

    async def explain(
        self,
        sql: str,
        values: Sequence[Any],
        *,
        custom_plan: bool = False,  # noqa: ARG002 -- it always is
    ) -> list[str]:
        lines: list[str] = await self._run(self._explain, sql, values)
        return lines

    async def _fetch(self, connection: Any, sql: str, values: Sequence[Any]) -> Any:
        return await _in_transaction(self._begin, fetch_value, connection, sql, values)

    async def _explain(self, connection: Any, sql: str, values: Sequence[Any]) -> Any:
        return await _in_transaction(self._begin, explain_custom_plan, connection, sql, values)


async def connect_to_pooler(arguments: Mapping[str, Any], settings: Settings) -> Any:
    """A connection for compiled statements.

    Args:
        arguments: Of asyncpg.
        settings: Of the process.

    Raises:
        UnprotectedConnection: when named statements need a role that is set up, and it is not.
    """
    connection = await asyncpg.connect(**arguments, connection_class=PoolerConnection)
    try:
        # Within one session, as nothing may be named yet.
        async with connection.transaction():
            if settings.pooler == "named":
                await require_role_settings(connection, settings)
            await read_text_as_bytes(connection)
    except BaseException as error:
        connection.terminate()
        if isinstance(error, UnprotectedConnection):
            _log.error("%s %s", error.problem, error.advice)
        raise
    return connection


async def _fetch_with_custom_plan(connection: Any, sql: str, values: Sequence[Any]) -> Any:
    return await _in_transaction(_BEGIN_WITH_CUSTOM_PLANS, fetch_value, connection, sql, values)


async def _explain_custom_plan(connection: Any, sql: str, values: Sequence[Any]) -> Any:
    begin = _BEGIN_WITH_CUSTOM_PLANS
    return await _in_transaction(begin, explain_custom_plan, connection, sql, values)


async def _explain_generic_plan(connection: Any, sql: str, values: Sequence[Any]) -> Any:
    return await _in_transaction(_BEGIN, explain_generic_plan, connection, sql, values)


async def _in_transaction(
    begin: str, command: Command, connection: Any, sql: str, values: Sequence[Any]
) -> Any:
    """What a command comes to in a transaction of its own; the runner ends a cancelled one."""
    await connection.execute(begin)
    try:
        result = await command(connection, sql, values)
    except asyncpg.PostgresError:
        await connection.execute("ROLLBACK")
        raise
    await connection.execute("COMMIT")
    return result
