"""Messages between processes on one SQLite: a number in the header of its file."""

import asyncio
import sqlite3

from gql.database import Database
from gql.stores.process_messages import Receive

LOOK_SECONDS = 0.05
"""How often the number is read: some microseconds each."""

_MOST = 2**31


class SqliteChannel:
    """Implements `MessageChannel`: it tells that there was a message, and not which.

    SQLite keeps `user_version` for applications; it is read without a look at any table, and
    written in a transaction as rows are.
    https://www.sqlite.org/pragma.html#pragma_user_version
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def send(self, message: str) -> None:  # noqa: ARG002 -- see above
        """Count the message."""
        async with self._database.transaction() as connection:
            number = (await connection.exec_driver_sql("PRAGMA user_version")).scalar_one()
            await connection.exec_driver_sql(f"PRAGMA user_version = {(number + 1) % _MOST}")

    async def listen(self, receive: Receive) -> None:
        file = self._database.engine.url.database or ""
        connection = sqlite3.connect(file, isolation_level=None, timeout=0)
        try:
            before = None
            while True:
                (number,) = connection.execute("PRAGMA user_version").fetchone()
                if number != before:
                    before = number
                    receive(None)
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            connection.close()

    async def close(self) -> None:
        """Does nothing: listening ends with its task, the database where it was opened."""
