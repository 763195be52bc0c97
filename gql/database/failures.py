"""What a driver's exception means: unavailable, out of time, collided, or a faulty statement."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from asyncpg.exceptions import OutdatedSchemaCacheError
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from gql.errors import (
    AnswerTooLong,
    DatabaseReadOnly,
    DatabaseUnavailable,
    DeadlineExceeded,
    GatewayError,
    TableAltered,
    WriteCollision,
)

_UNAVAILABLE_CLASSES = frozenset({"08", "28", "3D", "53", "57", "58"})
"""The first two characters of the SQLSTATE of what is no fault of a statement.

Connection exceptions; a login or a database that the server does not accept, which only a new
connection can meet; insufficient resources (disk full, too many connections); intervention of an
operator (shutdown, start-up); and errors of the system below PostgreSQL.

https://www.postgresql.org/docs/current/errcodes-appendix.html
"""

_CANCELED_STATE = "57014"
"""SQLSTATE of a statement that ran into `statement_timeout` or was cancelled."""

_COLLISION_STATES = frozenset({"40001", "40P01", "55P03"})
"""SQLSTATE of a serialization failure, a deadlock, and a lock that is not available."""

_READ_ONLY_STATE = "25006"
"""SQLSTATE of a write in a read-only transaction: every transaction of a replica is one."""

_TOO_LONG_STATE = "2201F"
"""SQLSTATE of a compiled statement whose value got longer than an answer may be.

See `json_sql.fail_beyond`.
"""

_LASTING_CLASS = "42"
"""Syntax error or access rule violation: found before any value is looked at."""

_UNAVAILABLE_CODES = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
    }
)
"""Primary result codes of what is no fault of a statement. https://www.sqlite.org/rescode.html"""

STALE_STATEMENT = (
    asyncpg.InvalidCachedStatementError,
    OutdatedSchemaCacheError,
    AsyncAdapt_asyncpg_dbapi.InvalidCachedStatementError,
)
"""What asyncpg, and SQLAlchemy above it, raise for a statement that was prepared too long ago."""

_DRIVER_ERRORS = (
    PoolTimeoutError,
    OSError,
    DBAPIError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    sqlite3.Error,
)


@contextmanager
def translate_failures() -> Iterator[None]:
    """Raise what a failure of the database means for the caller.

    Raises:
        DatabaseUnavailable: when it cannot be reached, or cannot work right now.
        DatabaseReadOnly: when it takes no writes.
        DeadlineExceeded: when it ended the statement because that took too long.
        AnswerTooLong: when the statement printed more than an answer may have.
        Exception: anything else, as it is.
    """
    try:
        yield
    except _DRIVER_ERRORS as error:
        meaning = meaning_of(error)
        if meaning is None:
            raise
        raise meaning from error


@contextmanager
def translate_write_failures() -> Iterator[None]:
    """Raise `WriteCollision` when another transaction stood in the way; else what a failure means.

    Only errors of SQLAlchemy are translated: the block of a write does more than to write.
    """
    try:
        yield
    except DBAPIError as error:
        if _sqlstate(error) in _COLLISION_STATES or is_stale(error):
            raise WriteCollision from error
        meaning = meaning_of(error)
        if meaning is None:
            raise
        raise meaning from error


def meaning_of(error: Exception) -> GatewayError | None:
    """What to tell the caller of a failed statement; None when the statement itself is at fault."""
    if isinstance(error, (PoolTimeoutError, OSError)):
        return DatabaseUnavailable("The database cannot be reached right now; try again.")
    if is_stale(error):
        return TableAltered()
    state, code = _sqlstate(error), _sqlite_code(error)
    if state == _CANCELED_STATE or code == sqlite3.SQLITE_INTERRUPT:
        return DeadlineExceeded()
    if is_read_only(error):
        return DatabaseReadOnly()
    if state == _TOO_LONG_STATE or code == sqlite3.SQLITE_TOOBIG:
        return AnswerTooLong()
    gave_up = (
        state[:2] in _UNAVAILABLE_CLASSES
        or state in _COLLISION_STATES
        or code in _UNAVAILABLE_CODES
        or _has_lost_connection(error)
    )
    message = "The database gave up on this request; try again."
    return DatabaseUnavailable(message) if gave_up else None


def is_stale(error: Exception) -> bool:
    """Whether a prepared statement met a table that was altered since; prepared again, it works."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return isinstance(cause, STALE_STATEMENT)


def is_read_only(error: BaseException) -> bool:
    """Whether a write met a database that takes none."""
    return _sqlstate(error) == _READ_ONLY_STATE or _sqlite_code(error) == sqlite3.SQLITE_READONLY


def has_lost_database(error: BaseException) -> bool:
    """Whether a failure says that the server is gone, and not only that one statement is."""
    if isinstance(error, (PoolTimeoutError, TimeoutError)):
        return False  # all of its connections are in use
    state = _sqlstate(error)
    return (
        isinstance(error, OSError)
        or _has_lost_connection(error)
        or (state[:2] in _UNAVAILABLE_CLASSES and state != _CANCELED_STATE)
    )


def is_lasting(error: Exception) -> bool:
    """Whether a statement would fail again, whatever its values.

    PostgreSQL says so by its SQLSTATE. SQLite has one code for nearly every error, but only a name
    that is missing, and a statement that is nested too deep for the stack of its parser, are
    worded like this.
    """
    if isinstance(error, sqlite3.Error):
        return str(error).startswith(("no such ", "parser stack overflow"))
    return _sqlstate(error)[:2] == _LASTING_CLASS


def is_refused_feature(error: DBAPIError) -> bool:
    """Whether PostgreSQL does not do this at all, where it is."""
    return _sqlstate(error) == "0A000"


def is_busy(error: Exception) -> bool:
    """Whether another connection to SQLite holds the lock that is needed."""
    return _sqlite_code(error) == sqlite3.SQLITE_BUSY


def _sqlstate(error: BaseException) -> str:
    """The SQLSTATE that PostgreSQL sent; empty where there is none."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return getattr(cause, "sqlstate", None) or ""


def _sqlite_code(error: BaseException) -> int:
    """SQLite's primary result code, the low byte of an extended one; 0 where there is none."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return int(getattr(cause, "sqlite_errorcode", 0)) & 0xFF


def _has_lost_connection(error: BaseException) -> bool:
    """Whether the driver says so itself, without an answer from the server.

    A server that is shut down says so on idle connections too. Until the socket ends, a moment
    later, asyncpg takes such a connection for one in the middle of another command.
    """
    if isinstance(error, DBAPIError):
        cause = error.orig.__cause__ if error.orig else None
        return error.connection_invalidated or isinstance(cause, asyncpg.InternalClientError)
    # Those that are a ValueError too are about an argument that cannot be sent.
    is_interface = isinstance(error, asyncpg.InterfaceError) and not isinstance(error, ValueError)
    return is_interface or isinstance(error, asyncpg.InternalClientError)
