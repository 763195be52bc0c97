"""Gives a connection back to the engine's pool, also one that was lost while it was used."""

import logging

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

_log = logging.getLogger(__name__)


async def give_back(connection: AsyncConnection) -> None:
    """Roll back what is not committed, and give the connection back.

    On a lost connection the rollback fails, which tells nothing new: the server has rolled back by
    itself, and what failed before says why. Such a connection is thrown away; without that it would
    never come back to the pool.
    """
    try:
        await connection.close()
    except DBAPIError as error:
        _log.warning("a connection was lost: %r", error)
        if not connection.closed:  # else the pool has thrown it away itself
            await connection.invalidate()
            await connection.close()
