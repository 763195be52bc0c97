"""Runs compiled statements on the driver itself, without SQLAlchemy, for their single value.

SQLAlchemy's pool and execution cost several times what such a statement costs. So a runner opens
connections of its own when they are first needed, and they can only read.
"""

from gql.database.drivers.factory import open_runner, runner_size, server_settings, unix_socket
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
    "open_runner",
    "runner_size",
    "server_settings",
    "unix_socket",
]
