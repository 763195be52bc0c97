"""Finds a pooler before PostgreSQL, and refuses connections where one takes protection away.

What a session is set to protects everybody else: the time that a statement may take, and that
compiled statements only read. A pooler in transaction mode gives each transaction another session,
so `SET` reaches a session that others use next, and not the one that runs the next statement.
https://www.pgbouncer.org/features.html
"""

import secrets
from collections.abc import Mapping
from typing import Any

import asyncpg

from gql.database.drivers.session_settings import plan_cache_mode, role_settings
from gql.errors import Unavailable
from gql.settings import Pooler, Settings

_ROUNDS = 3

_CHOICES = (
    "Set GQL_POOLER to what it is: `named`, PgBouncer 1.21 or later in transaction mode;"
    " `transaction`, any other in transaction mode; `session`, one in session mode."
    " `jackfield doctor` finds out which, and docs/deployment.md tells more."
)
_LOSES = (
    "what the gateway sets would reach other sessions, so that a statement would lose its time"
    " limit, and might write where it should only read."
)


class UnprotectedConnection(Unavailable):
    """The connection is not protected as the gateway's settings say; an operator can help.

    Attributes:
        problem: What is wrong, in a sentence.
        advice: What to do.
    """

    fails_request = True

    def __init__(self, problem: str, advice: str) -> None:
        super().__init__("The database is not set up for this gateway; its operator has to help.")
        self.problem = problem
        self.advice = advice

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.problem!r}, {self.advice!r})"


async def set_direct_session(connection: Any, session: str) -> None:
    """Set up a session, where it is PostgreSQL itself that the connection leads to.

    A pooler makes up the process id that it tells when a client connects, which is needed for
    cancelling; PostgreSQL tells its own. They are compared in the same message as the statements
    that set the session up, of which none runs when they differ: behind a pooler they would set
    other clients' sessions. The division by zero is the shortest error that SQL has for it, and
    needs no procedural language.
    https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-START-UP

    Raises:
        UnprotectedConnection: when it leads to a pooler.
    """
    is_direct = f"SELECT 1 / (pg_backend_pid() = {connection.get_server_pid()})::int"
    try:
        await connection.execute(f"{is_direct}; {session}")
    except asyncpg.DivisionByZeroError as error:
        raise UnprotectedConnection(
            f"There is a pooler before PostgreSQL, and GQL_POOLER is off: {_LOSES}",
            _CHOICES,
        ) from error


async def require_role_settings(connection: Any, settings: Settings) -> None:
    """Refuse a connection whose role is not set up for compiled statements.

    Raises:
        UnprotectedConnection: with the statements that set it up.
    """
    differing = await _differing_settings(connection, settings)
    if not differing:
        return
    has = ", ".join(f"{name} is {value or 'missing'}" for name, (value, _) in differing.items())
    role = await connection.fetchval("SELECT quote_ident(current_user)")
    raise UnprotectedConnection(
        "With GQL_POOLER=named the role has to be set up, as the gateway cannot set a session;"
        f" but {has}.",
        "\n".join(
            (
                "Run this as its owner, then RECONNECT in the pooler's console:",
                *(f"ALTER ROLE {role} SET {name} = '{to}';" for name, (_, to) in differing.items()),
            )
        ),
    )


async def require_pooler(arguments: Mapping[str, Any], settings: Settings) -> None:
    """Refuse a setting under which the pooler that is there would take protection away.

    Args:
        arguments: Of `asyncpg.connect`.
        settings: Of the process.

    Raises:
        UnprotectedConnection: then.
        asyncpg.PostgresError: and others of asyncpg and of the system, without a connection.
    """
    pooler = await find_pooler(arguments)
    if settings.pooler == "off" and pooler != "off":
        raise UnprotectedConnection(
            f"GQL_POOLER is off, and before PostgreSQL is a pooler ({pooler}).",
            f"Set GQL_POOLER={pooler}; docs/deployment.md tells what that needs.",
        )
    if settings.pooler == "session" and pooler in {"transaction", "named"}:
        raise UnprotectedConnection(
            f"GQL_POOLER is session, and the pooler gives each transaction another one: {_LOSES}",
            f"Set GQL_POOLER={pooler}, or pool_mode = session in the pooler.",
        )
    if settings.pooler == "named" and pooler in {"transaction", "session"}:
        raise UnprotectedConnection(
            "GQL_POOLER is named, but the pooler keeps no named statements.",
            "Set max_prepared_statements = 256 in PgBouncer 1.21 or later, in transaction mode;"
            f" or GQL_POOLER={pooler}.",
        )
    if settings.pooler == "named":
        connection = await asyncpg.connect(**arguments)
        try:
            async with connection.transaction():
                await require_role_settings(connection, settings)
        finally:
            await connection.close()


async def find_pooler(arguments: Mapping[str, Any]) -> Pooler:
    """What is between this process and PostgreSQL.

    Args:
        arguments: Of `asyncpg.connect`.
    """
    # Nothing is named, and all is in transactions, so that any pooler passes it on rightly.
    arguments = {**arguments, "statement_cache_size": 0}
    first = await asyncpg.connect(**arguments)
    try:
        if await _backend(first) == first.get_server_pid():
            return "off"
        if await _renames_statements(first):
            return "named"
        second = await asyncpg.connect(**arguments)
        try:
            return "transaction" if await share_sessions(first, second) else "session"
        finally:
            await second.close()
    finally:
        await first.close()


async def share_sessions(first: Any, second: Any) -> bool:
    """Whether two connections, outside of transactions, meet the same session, or one meets two.

    In session mode neither can be. In transaction mode one of them is, unless each time another
    client takes the session in between: so they are compared more than once.
    """
    own = await _backend(first)
    for _ in range(_ROUNDS):
        if await _backend(first) != own or await _backend(second) == own:
            return True
    return False


async def _backend(connection: Any) -> int:
    """The process id of the session of PostgreSQL that runs a transaction right now."""
    async with connection.transaction():
        pid: int = await connection.fetchval("SELECT pg_backend_pid()")
    return pid


async def _renames_statements(connection: Any) -> bool:
    """Whether a pooler keeps named statements, which it has to give names of its own.

    Only in transaction mode: in session mode it leaves them alone.
    """
    name = f"jackfield_probe_{secrets.token_hex(8)}"
    async with connection.transaction():
        statement = await connection.prepare("SELECT 1", name=name)
        is_there: bool = await connection.fetchval(
            "SELECT EXISTS (SELECT FROM pg_prepared_statements WHERE name = $1)", name
        )
        if is_there:
            # The pooler would not do so when this connection ends.
            await connection.execute(f"DEALLOCATE {name}")
        del statement  # asyncpg closes a statement that nobody has any more
    return not is_there


async def _differing_settings(
    connection: Any, settings: Settings
) -> dict[str, tuple[str | None, str]]:
    """What is set, and what should be, by name: of the settings that differ.

    `reset_val` is what the role has. What holds right now may differ from it, where another client
    of the pooler has used SET.
    https://www.postgresql.org/docs/current/view-pg-settings.html
    """
    expected = role_settings(settings)
    mode = await connection.fetchval(f"SELECT {plan_cache_mode(settings)}")
    expected["plan_cache_mode"] = mode
    rows = await connection.fetch(
        "SELECT name, reset_val, setting FROM pg_catalog.pg_settings WHERE name = ANY ($1)",
        list(expected),
    )
    actual = {row["name"]: (row["reset_val"], row["setting"]) for row in rows}
    return {
        name: (value, expected[name])
        for name in expected
        for value in actual.get(name, (None,))
        if not _is_as_strict(name, value, expected[name])
    }


def _is_as_strict(name: str, actual: str | None, expected: str) -> bool:
    if name == "statement_timeout" and actual is not None:
        return 0 < int(actual) <= int(expected)
    return actual == expected
