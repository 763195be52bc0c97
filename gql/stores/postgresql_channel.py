"""Messages between processes by LISTEN and NOTIFY of their PostgreSQL."""

import asyncio
from typing import Any

from sqlalchemy import text

from gql.database import Database
from gql.stores.process_messages import CHANNEL, Receive

LOOK_SECONDS = 30.0
"""A connection is used so often, as nothing else tells that the other end is gone."""

_ANSWER_SECONDS = 5.0


class PostgresqlChannel:
    """Implements `MessageChannel` with one connection of its own that listens.

    It does not work through a pooler in transaction mode, where the connection that listens is
    another one afterwards, nor on a replica, which refuses LISTEN.
    https://www.postgresql.org/docs/current/sql-listen.html
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def send(self, message: str) -> None:
        """In a transaction of its own: see `gql/stores/process_messages.py`."""
        statement = text("SELECT pg_notify(:channel, :message)")
        async with self._database.transaction() as connection:
            await connection.execute(statement, {"channel": CHANNEL, "message": message})

    async def listen(self, receive: Receive) -> None:
        connection = await self._database.connect_directly(_ANSWER_SECONDS)
        ended = asyncio.Event()

        def hear(_connection: Any, _process: int, _channel: str, message: str) -> None:
            receive(message)

        connection.add_termination_listener(lambda _connection: ended.set())
        try:
            await connection.add_listener(CHANNEL, hear)
            receive(None)
            while not ended.is_set():
                try:
                    async with asyncio.timeout(LOOK_SECONDS):
                        await ended.wait()
                except TimeoutError:
                    await connection.execute(f"LISTEN {CHANNEL}", timeout=_ANSWER_SECONDS)
        finally:
            connection.terminate()

    async def close(self) -> None:
        """Does nothing: listening ends with its task, the database where it was opened."""
