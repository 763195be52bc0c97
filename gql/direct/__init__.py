"""Compiled plans run here: straight on the driver, for the one value of one statement.

SQLAlchemy's pool and execution cost several times what such a statement costs. So these
connections are the driver's own, opened when they are first needed, and do nothing but read.
"""

from gql.direct.opening import direct_size, open_direct, server_settings, unix_socket
from gql.direct.running import REMEMBERED, Direct, Value, is_lasting
from gql.direct.sqlite import SQLITE_BUSY_SECONDS, double_text, lower

__all__ = [
    "REMEMBERED",
    "SQLITE_BUSY_SECONDS",
    "Direct",
    "Value",
    "direct_size",
    "double_text",
    "is_lasting",
    "lower",
    "open_direct",
    "server_settings",
    "unix_socket",
]
