"""Runs compiled statements on the driver itself, without SQLAlchemy, for their single value.

SQLAlchemy's pool and execution cost several times what such a statement costs. So a runner opens
connections of its own when they are first needed, and they can only read.
"""

from gql.database.drivers.cancellable_sqlite import connect_cancellable
from gql.database.drivers.factory import (
    open_runner,
    runner_size,
    server_settings,
    statement_milliseconds,
    unix_socket,
)
from gql.database.drivers.postgresql import watch_client
from gql.database.drivers.sqlite import SQLITE_BUSY_SECONDS
from gql.database.drivers.statement_runner import (
    PREPARED_STATEMENTS,
    FetchedValue,
    StatementRunner,
)

__all__ = [
    "PREPARED_STATEMENTS",
    "SQLITE_BUSY_SECONDS",
    "FetchedValue",
    "StatementRunner",
    "connect_cancellable",
    "open_runner",
    "runner_size",
    "server_settings",
    "statement_milliseconds",
    "unix_socket",
    "watch_client",
]
