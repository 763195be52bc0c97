"""What an exception of a driver means, from the codes of PostgreSQL and SQLite."""

import sqlite3

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError

from gql.database import Database
from gql.database.failures import is_lasting, meaning_of
from gql.errors import AnswerTooLong, DatabaseUnavailable, DeadlineExceeded, GatewayError
from tests.databases import Kind


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
        (sqlite3.SQLITE_READONLY_DBMOVED, DatabaseUnavailable),
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
