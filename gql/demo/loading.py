"""Fills an empty database in bulk: COPY on PostgreSQL, `executemany` on SQLite, one transaction."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from operator import itemgetter
from typing import Any

from sqlalchemy import JSON, Table, text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel.sql.sqltypes import UTCDateTime

from gql.database import Database, dump_json
from gql.demo.tenant import Item, Row
from gql.models import TABLES
from gql.models.scope import table_of

Progress = Callable[[str, int, int], None]
"""Told after each batch: the table, how many of its rows are done, and how many there will be."""

_BATCH = 20_000
"""Rows held in memory before they are written."""

_SQLITE_CACHE = -262_144
"""In KiB: in the default of 2 MB, the indexes of a large set would be written many times over."""


async def fill(
    connection: AsyncConnection,
    rows: Iterator[Item],
    *,
    totals: Mapping[str, int],
    progress: Progress | None,
) -> None:
    """Write all rows inside the connection's transaction, and let sequences go on after their ids.

    Args:
        connection: In a write transaction.
        rows: Parents before children, with every column.
        totals: How many rows each table will get, for `progress`.
        progress: Told after each batch.
    """
    postgresql = connection.dialect.name == "postgresql"
    if postgresql:
        # Also makes the driver open the transaction: a COPY before any statement would be outside.
        await connection.execute(text("SET LOCAL statement_timeout = 0"))
        cache = 0
    else:
        cache = (await connection.exec_driver_sql("PRAGMA cache_size")).scalar_one()
        await connection.exec_driver_sql(f"PRAGMA cache_size = {_SQLITE_CACHE}")
    driver = (await connection.get_raw_connection()).driver_connection
    shapes = [_Shape(table_of(model), postgresql=postgresql) for model in TABLES]
    done: Counter[str] = Counter()
    while batch := _next_batch(rows):
        # In the order of TABLES: a row's parent is in this batch or in an earlier one.
        for shape in shapes:
            if waiting := batch.get(shape.name):
                await shape.write(driver, waiting)
                done[shape.name] += len(waiting)
                if progress:
                    progress(shape.name, done[shape.name], totals[shape.name])
    if postgresql:
        await _advance_sequences(connection)
    else:
        await connection.exec_driver_sql(f"PRAGMA cache_size = {cache}")


async def analyze(database: Database) -> None:
    """Let the planner know what is there now, and SQLite's log return to an ordinary size."""
    async with database.transaction() as connection:
        if not database.embedded:
            await connection.execute(text("SET LOCAL statement_timeout = 0"))
        await connection.execute(text("ANALYZE"))
    if database.embedded:
        async with database.engine.connect() as connection:
            driver = (await connection.get_raw_connection()).driver_connection
            if driver is not None:
                await driver.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")


def _next_batch(rows: Iterator[Item]) -> dict[str, list[Row]]:
    batch: defaultdict[str, list[Row]] = defaultdict(list)
    for table, row in islice(rows, _BATCH):
        batch[table].append(row)
    return batch


async def _advance_sequences(connection: AsyncConnection) -> None:
    """SQLite's AUTOINCREMENT noticed the explicit ids by itself; PostgreSQL's sequences did not."""
    for model in TABLES:
        name = table_of(model).name
        await connection.execute(
            text(
                f"SELECT setval(pg_get_serial_sequence('\"{name}\"', 'id'), max(id))"  # noqa: S608
                f' FROM "{name}" HAVING max(id) IS NOT NULL'
            )
        )


class _Shape:
    """How rows of one table become what its driver takes."""

    def __init__(self, table: Table, *, postgresql: bool) -> None:
        self.name = table.name
        self.columns = [column.name for column in table.columns]
        self._postgresql = postgresql
        self._values = itemgetter(*self.columns)
        self._json = [column.name for column in table.columns if isinstance(column.type, JSON)]
        self._times = [
            column.name for column in table.columns if isinstance(column.type, UTCDateTime)
        ]
        names = ", ".join(f'"{name}"' for name in self.columns)
        marks = ", ".join("?" * len(self.columns))
        self._insert = f'INSERT INTO "{self.name}" ({names}) VALUES ({marks})'  # noqa: S608

    async def write(self, driver: Any, rows: list[Row]) -> None:
        """Send one batch."""
        records = [self._record(row) for row in rows]
        if self._postgresql:
            await driver.copy_records_to_table(self.name, records=records, columns=self.columns)
        else:
            await (await driver.executemany(self._insert, records)).close()

    def _record(self, row: Row) -> tuple[Any, ...]:
        """The row's values in the table's order; a column that was forgotten is a KeyError."""
        for name in self._json:
            if row[name] is not None:
                row[name] = dump_json(row[name])
        if not self._postgresql:
            for name in self._times:
                if row[name] is not None:
                    # As SQLAlchemy writes it: UTC without an offset, always six decimals.
                    row[name] = row[name].isoformat(" ", "microseconds")[:26]
        values: tuple[Any, ...] = self._values(row)
        return values
