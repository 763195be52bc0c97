"""Runs compiled statements on the driver itself, without SQLAlchemy, for their single value.

SQLAlchemy's pool and execution cost several times what such a statement costs. So a runner opens
connections of its own when they are first needed, and they can only read.
"""

from gql.database.drivers.cancellable_sqlite import connect_cancellable
from gql.database.drivers.factory import (
    common_arguments,
    connection_arguments,
    open_runner,
    runner_size,
)
from gql.database.drivers.poolers import (
    UnprotectedConnection,
    find_pooler,
    require_pooler,
    share_sessions,
)
from gql.database.drivers.postgresql import prepare_session
from gql.database.drivers.session_settings import set_transaction
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
    "UnprotectedConnection",
    "common_arguments",
    "connect_cancellable",
    "connection_arguments",
    "find_pooler",
    "open_runner",
    "prepare_session",
    "require_pooler",
    "runner_size",
    "set_transaction",
    "share_sessions",
]
