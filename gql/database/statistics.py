"""What the planner knows of the tables: how many rows there are, and of whom."""

from sqlalchemy import text

from gql.database.engine import Database
from gql.sql.session import lift_statement_timeout


async def settle(database: Database) -> None:
    """Have PostgreSQL's planner look at what was filled in, and SQLite's log become short again.

    What SQLite's planner knows is not of the rows: see `gql/database/sqlite_statistics.py`.
    """
    if database.embedded:
        async with database.engine.connect() as connection:
            driver = (await connection.get_raw_connection()).driver_connection
            if driver is not None:
                await driver.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
        return
    async with database.transaction() as connection:
        await lift_statement_timeout(connection)
        await connection.execute(text("ANALYZE"))


class GrowthStatistics:
    """Has tables analyzed that are being filled, once they have ten times the rows.

    PostgreSQL does that by itself, within minutes. Until then it takes an organization for a few
    rows, reads all of them for each batch, and an import into an empty database takes a time that
    grows with the square of its length.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = 0
        self._next = _FIRST

    async def add(self, rows: int) -> None:
        """Count rows that were written."""
        self._rows += rows
        if self._rows >= self._next and not self._database.embedded:
            self._next = 10 * self._rows
            await settle(self._database)


_FIRST = 3_000
"""Rows from which on reading all of them for each batch is felt."""
