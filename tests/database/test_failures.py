"""What an exception of a driver means, from the codes of PostgreSQL and SQLite."""

import sqlite3
from functools import partial
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from gql.database import Database
from gql.database.failures import is_lasting, meaning_of, translate_failures
from gql.errors import (
    AnswerTooLong,
    DatabaseReadOnly,
    DatabaseUnavailable,
    DeadlineExceeded,
    GatewayError,
)
from tests.databases import Copy, Kind, settings_for


def postgresql_error(state: str) -> asyncpg.PostgresError:
    """What asyncpg raises for an ErrorResponse with this SQLSTATE."""
    error: asyncpg.PostgresError = asyncpg.PostgresError.new(
        {"C": state, "M": "said", "S": "ERROR"}
    )
    return error


def sqlite_error(code: int) -> sqlite3.OperationalError:
    """What Python raises for a result code of SQLite."""
    error = sqlite3.OperationalError("said")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("state", "meaning"),
    [
        ("08006", DatabaseUnavailable),
        ("28P01", DatabaseUnavailable),
        ("3D000", DatabaseUnavailable),
        ("40001", DatabaseUnavailable),
        ("53100", DatabaseUnavailable),
        ("53300", DatabaseUnavailable),
        ("57P01", DatabaseUnavailable),
        ("57P03", DatabaseUnavailable),
        ("58030", DatabaseUnavailable),
        ("57014", DeadlineExceeded),
        ("25006", DatabaseReadOnly),
        ("2201F", AnswerTooLong),
        ("22012", None),
        ("42703", None),
        ("54000", None),
        ("XX000", None),
    ],
)
def test_a_sqlstate_means_the_same_from_the_driver_and_through_sqlalchemy(
    state: str, meaning: type[GatewayError] | None
) -> None:
    error = postgresql_error(state)

    kinds = {
        type(each) if (each := meaning_of(raised)) is not None else None
        for raised in (error, DBAPIError("SELECT", None, error))
    }

    assert kinds == {meaning}


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        (sqlite3.SQLITE_BUSY_SNAPSHOT, DatabaseUnavailable),
        (sqlite3.SQLITE_LOCKED, DatabaseUnavailable),
        (sqlite3.SQLITE_FULL, DatabaseUnavailable),
        (sqlite3.SQLITE_IOERR_SHMSIZE, DatabaseUnavailable),
        (sqlite3.SQLITE_READONLY_DBMOVED, DatabaseReadOnly),
        (sqlite3.SQLITE_CANTOPEN, DatabaseUnavailable),
        (sqlite3.SQLITE_INTERRUPT, DeadlineExceeded),
        (sqlite3.SQLITE_ERROR, None),
        (sqlite3.SQLITE_TOOBIG, AnswerTooLong),
    ],
)
def test_a_result_code_means_the_same_from_the_driver_and_through_sqlalchemy(
    code: int, meaning: type[GatewayError] | None
) -> None:
    error = sqlite_error(code)

    kinds = {
        type(each) if (each := meaning_of(raised)) is not None else None
        for raised in (error, DBAPIError("SELECT", None, error))
    }

    assert kinds == {meaning}


REFUSED_VALUES = {
    "sqlite": [
        ("SELECT 'a' LIKE ?", "%" * 60_000),
        ("SELECT json_extract(?, '$')", "{"),
        ("SELECT ?", 2**63),
    ],
    "postgresql": [
        ("SELECT (1 / $1::integer)::text", 0),
        ("SELECT ($1::text)::json::text", "{"),
        ("SELECT $1::bigint::text", 2**63),
        ("SELECT repeat('a', $1::integer)", 2**31 - 1),
    ],
}
"""Statements with a value that makes them fail, though with others they do not."""


async def test_what_a_value_causes_is_not_lasting(database: Database, kind: Kind) -> None:
    for sql, value in REFUSED_VALUES[kind]:
        with pytest.raises(Exception, match=r".") as caught:
            await database.fetch_value(sql, (value,))
        assert (meaning_of(caught.value), is_lasting(caught.value)) == (None, False), sql


@pytest.mark.parametrize("sql", ["SELECT no_such_column FROM call", "SELECT 1 FROM no_such_table"])
async def test_what_no_value_causes_is_lasting(database: Database, sql: str) -> None:
    with pytest.raises(Exception, match="no_such") as caught:
        await database.fetch_value(sql, ())

    assert (meaning_of(caught.value), is_lasting(caught.value)) == (None, True)


def test_a_statement_that_is_nested_too_deep_for_sqlite_fails_for_good() -> None:
    assert is_lasting(sqlite3.OperationalError("parser stack overflow"))


SHUTDOWN = b"SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0"
"""The fields of the ErrorResponse that a server sends to idle connections when it is shut down."""


def announce_shutdown(connection: Any) -> None:
    """Let a connection of asyncpg read that, and not yet the end of its socket."""
    message = b"E" + (len(SHUTDOWN) + 4).to_bytes(4, "big") + SHUTDOWN
    connection._protocol.data_received(message)  # noqa: SLF001 -- what the transport calls


async def in_a_transaction(database: Database) -> None:
    async with database.transaction() as connection:
        await lose(connection)
        await connection.execute(text("SELECT 1"))


async def before_its_commit(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execute(text("SELECT 1"))
        await lose(connection)


async def in_a_snapshot(database: Database) -> None:
    async with database.snapshot() as snapshot:
        await snapshot.rows(text("SELECT 1"))
        assert snapshot._connection is not None  # noqa: SLF001
        await lose(snapshot._connection)  # noqa: SLF001
        await snapshot.rows(text("SELECT 1"))


async def lose(connection: AsyncConnection) -> None:
    announce_shutdown((await connection.get_raw_connection()).driver_connection)


@pytest.mark.parametrize("kind", ["postgresql"])
async def test_a_connection_to_a_server_that_is_shut_down_is_lost(fresh: Copy) -> None:
    database = Database(settings_for(fresh.url, pool_size=1))
    plan = partial(database.fetch_value, "SELECT pg_backend_pid()::text", ())
    try:
        first = await plan()
        announce_shutdown(database._runner._idle[False][0])  # type: ignore[union-attr]  # noqa: SLF001
        with pytest.raises(DatabaseUnavailable), translate_failures():
            await plan()
        for lost_in in (in_a_transaction, before_its_commit, in_a_snapshot):
            with pytest.raises(DatabaseUnavailable):
                await lost_in(database)

        assert await plan() != first
        async with database.transaction() as connection:
            assert await connection.scalar(text("SELECT 1")) == 1
        assert database.connections()["the_rest"] == (0, 1)
    finally:
        await database.close()
