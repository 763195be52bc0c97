"""Compiled plans run here: straight on the driver, for the one value of one statement.

SQLAlchemy's pool and execution cost several times what such a statement costs. So these
connections are the driver's own, opened when they are first needed, and do nothing but read.
"""

from gql.database.drivers.factory import open_runner, runner_size, server_settings, unix_socket
from gql.database.drivers.sqlite import SQLITE_BUSY_SECONDS, double_text, lower
from gql.database.drivers.statement_runner import REMEMBERED, StatementRunner, Value, is_lasting

__all__ = [
    "REMEMBERED",
    "SQLITE_BUSY_SECONDS",
    "StatementRunner",
    "Value",
    "double_text",
    "is_lasting",
    "lower",
    "open_runner",
    "runner_size",
    "server_settings",
    "unix_socket",
]
