"""What an exception of a driver means: no database, a collision, or a faulty statement."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from gql.errors import Conflict, Unavailable

_UNAVAILABLE_STATES = frozenset({"57014", "57P01", "57P02", "57P03"})
"""SQLSTATE of a statement timeout, of a server that shuts down, and of one that starts."""

_COLLISION_STATES = frozenset({"40001", "40P01", "55P03"})
"""SQLSTATE of a serialization failure, a deadlock, and a lock that is not available.

https://www.postgresql.org/docs/current/errcodes-appendix.html
"""

_SQLITE_UNAVAILABLE = (
    "database is locked",
    "database table is locked",
    "unable to open database file",
)

_TRANSIENT_ERRORS = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
)


@contextmanager
def translate_unavailability() -> Iterator[None]:
    """Raise `Unavailable` for a database that cannot be reached or that gave up on a statement."""
    try:
        yield
    except (PoolTimeoutError, OSError) as error:
        raise Unavailable("The database cannot be reached right now; try again.") from error
    except (DBAPIError, asyncpg.PostgresError, asyncpg.InterfaceError, sqlite3.Error) as error:
        if _is_unavailable(error):
            raise Unavailable("The database gave up on this request; try again.") from error
        raise


@contextmanager
def translate_write_failures() -> Iterator[None]:
    """Raise `Conflict` for a collision with another transaction, `Unavailable` as for reads."""
    try:
        yield
    except DBAPIError as error:
        if _sqlstate(error) in _COLLISION_STATES:
            raise Conflict("Another write stood in the way of this one; try again.") from error
        if _is_unavailable(error):
            raise Unavailable("The database gave up on this write; try again.") from error
        raise


def _is_unavailable(error: Exception) -> bool:
    if not isinstance(error, DBAPIError):
        return not is_lasting(error)
    return (
        error.connection_invalidated
        or _sqlstate(error) in _UNAVAILABLE_STATES
        or any(message in str(error.orig) for message in _SQLITE_UNAVAILABLE)
    )


def _sqlstate(error: DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)


def is_lasting(error: Exception) -> bool:
    """Whether the statement itself is at fault, so that it would fail again."""
    if isinstance(error, asyncpg.PostgresError):
        return not isinstance(error, _TRANSIENT_ERRORS)
    if isinstance(error, sqlite3.Error):
        return not any(message in str(error) for message in _SQLITE_UNAVAILABLE)
    return not isinstance(error, (OSError, TimeoutError, asyncpg.InterfaceError))
