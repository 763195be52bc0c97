"""Runs compiled statements on the driver itself, without SQLAlchemy, for their single value.

SQLAlchemy's pool and execution cost several times what such a statement costs. So a runner opens
connections of its own when they are first needed, and they can only read.
"""

from gql.database.drivers.cancellable_sqlite import connect_cancellable
from gql.database.drivers.factory import (
    APPLICATION_NAME,
    open_runner,
    runner_size,
    unix_socket,
)
from gql.database.drivers.postgresql import prepare_session
from gql.database.drivers.session_settings import set_session, set_transaction
from gql.database.drivers.sqlite import SQLITE_BUSY_SECONDS
from gql.database.drivers.statement_runner import (
    PREPARED_STATEMENTS,
    FetchedValue,
    StatementRunner,
)

__all__ = [
    "APPLICATION_NAME",
    "PREPARED_STATEMENTS",
    "SQLITE_BUSY_SECONDS",
    "FetchedValue",
    "StatementRunner",
    "connect_cancellable",
    "open_runner",
    "prepare_session",
    "runner_size",
    "set_session",
    "set_transaction",
    "unix_socket",
]
