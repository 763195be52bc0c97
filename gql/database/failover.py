"""Finds the primary again after a failover, on the connections of one engine of PostgreSQL.

The address of the database leads to another server then, while connections to the former one, which
is a replica now, work on: only a new connection finds the server that takes writes.
"""

import time
from typing import Any

from sqlalchemy import Connection, ExceptionContext, event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from gql.database.failures import is_read_only
from gql.errors import FormerPrimary

_IS_OUTDATED, _USES = "jackfield_is_outdated", "jackfield_uses"


class Failover:
    """When a write last met a database that takes none; connections from before are not written to.

    A write that is refused on a connection which others have used is `FormerPrimary`, to be done
    again; on a new one the database is read-only indeed. Reads go on with old connections: a client
    that sends mutations to a replica must not make every read open one.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._last = float("-inf")
        event.listen(engine.sync_engine, "connect", self._remember_opening)
        event.listen(engine.sync_engine, "checkout", self._count_use)
        event.listen(engine.sync_engine, "handle_error", self._leave, retval=True)

    def _remember_opening(self, _connection: object, record: Any) -> None:
        opened = time.monotonic()
        record.info[_IS_OUTDATED] = lambda: opened <= self._last
        record.info[_USES] = 0

    def _count_use(self, _connection: object, record: Any, _checkout: object) -> None:
        record.info[_USES] += 1

    def _leave(self, context: ExceptionContext) -> FormerPrimary | None:
        """Throw away the connection on which the write was refused, and no other one yet."""
        connection = context.connection
        if connection is None or not is_read_only(context.original_exception):
            return None
        if not connection.get_execution_options().get("jackfield_write"):
            return None  # in a read: the statement is at fault
        self._last = time.monotonic()
        context.is_disconnect = True
        context.invalidate_pool_on_disconnect = False
        return FormerPrimary() if connection.info[_USES] > 1 else None


async def leave_outdated(connection: AsyncConnection) -> None:
    """Have a write use a new connection, when its own is from before the last refused write."""
    is_outdated = connection.info.get(_IS_OUTDATED)
    if is_outdated is not None and is_outdated():
        await connection.invalidate()
        await connection.run_sync(_connect)


def _connect(connection: Connection) -> None:
    """Open a connection in place of one that was thrown away."""
    connection.connection  # noqa: B018 -- SQLAlchemy opens it when it is read
