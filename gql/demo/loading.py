"""Fills an empty database in bulk: COPY on PostgreSQL, `executemany` on SQLite, one transaction."""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import islice
from operator import itemgetter
from typing import Any

from sqlalchemy import JSON, Column, Table, text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import UTCDateTime

from gql.database import dump_json
from gql.demo.tenant import NOW, Item, Row
from gql.migrations.sqlite_events import (
    POSTGRESQL_EVENT_TRIGGERS,
    number_nothing,
    number_what_is_written,
)
from gql.models import TABLES
from gql.models.scope import table_of
from gql.sql.session import lift_statement_timeout

Progress = Callable[[str, int, int], None]
"""Called after each batch: the table, how many of its rows are done, and how many there will be."""

_BATCH = 20_000
"""Rows held in memory before they are written."""

_SQLITE_CACHE = -262_144
"""In KiB: in the default of 2 MB, the indexes of a large set would be written many times over."""


async def fill(
    connection: AsyncConnection,
    rows: Iterator[Item],
    *,
    totals: Mapping[type[SQLModel], int],
    now: datetime,
    progress: Progress | None,
) -> None:
    """Write all rows inside the connection's transaction, and let sequences go on after their ids.

    Args:
        connection: In a write transaction.
        rows: Parents before children, each with at least the columns that have no default.
        totals: How many rows each table will get, for `progress`.
        now: For columns whose default is the current time.
        progress: Called after each batch.
    """
    postgresql = connection.dialect.name == "postgresql"
    # Also makes PostgreSQL's driver open the transaction: a COPY as the first statement would be
    # outside of it.
    await lift_statement_timeout(connection)
    cache_size = 0
    if not postgresql:
        cache_size = (await connection.exec_driver_sql("PRAGMA cache_size")).scalar_one()
        await connection.exec_driver_sql(f"PRAGMA cache_size = {_SQLITE_CACHE}")
    driver = (await connection.get_raw_connection()).driver_connection
    writers = {model: _TableWriter(table_of(model), now, postgresql=postgresql) for model in TABLES}
    done: Counter[str] = Counter()
    analyzed: Counter[str] = Counter()
    async with _without_events(connection):
        while batch := _next_batch(rows):
            # In the order of TABLES: a row's parent is in this batch or in an earlier one.
            for model, writer in writers.items():
                if waiting := batch.get(model):
                    await writer.write(driver, waiting)
                    done[writer.table] += len(waiting)
                    if postgresql and done[writer.table] > max(_BATCH, 4 * analyzed[writer.table]):
                        # The triggers' plans are of the time when the table was empty: they would
                        # read all of it for each row. New statistics have them made anew.
                        await connection.execute(text(f'ANALYZE "{writer.table}"'))
                        analyzed[writer.table] = done[writer.table]
                    if progress:
                        progress(writer.table, done[writer.table], totals[model])
    if postgresql:
        await _advance_sequences(connection)
    else:
        await connection.exec_driver_sql(f"PRAGMA cache_size = {cache_size}")


def complete(table: Table, now: datetime = NOW) -> Callable[[Row], Row]:
    """What fills the columns that a row leaves out with the defaults of the model.

    Raises, when a row is completed:
        ValueError: for a column that has no default, or that the table does not have.
    """
    defaults = {
        column.name: _default(column, now)
        for column in table.columns
        if column.default is not None or column.nullable
    }
    columns = set(table.columns.keys())

    def completed(row: Row) -> Row:
        values = defaults | row
        if values.keys() != columns:
            differing = ", ".join(sorted(values.keys() ^ columns))
            raise ValueError(f"demo row of {table.name}, missing or unknown: {differing}")
        return values

    return completed


def _default(column: Column[Any], now: datetime) -> Any:
    """The model's default, or None; `now` in place of the current time."""
    default: Any = column.default
    if default is None:
        return None
    if not default.is_callable:
        return default.arg
    return now if isinstance(column.type, UTCDateTime) else default.arg(None)


def _next_batch(rows: Iterator[Item]) -> dict[type[SQLModel], list[Row]]:
    batch: defaultdict[type[SQLModel], list[Row]] = defaultdict(list)
    for model, row in islice(rows, _BATCH):
        batch[model].append(row)
    return batch


@asynccontextmanager
async def _without_events(connection: AsyncConnection) -> AsyncIterator[None]:
    """Nobody follows a database while it is filled: its rows make no events."""
    if connection.dialect.name == "postgresql":
        for trigger, table in POSTGRESQL_EVENT_TRIGGERS.items():
            await connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}"))
        yield
        for trigger, table in POSTGRESQL_EVENT_TRIGGERS.items():
            await connection.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER {trigger}"))
        return
    await connection.run_sync(number_nothing)
    yield
    await connection.run_sync(number_what_is_written)


async def _advance_sequences(connection: AsyncConnection) -> None:
    """SQLite's AUTOINCREMENT noticed the explicit ids by itself; PostgreSQL's sequences did not."""
    for model in TABLES:
        name = table_of(model).name
        if "id" not in table_of(model).c:
            continue
        await connection.execute(
            text(
                f"SELECT setval(pg_get_serial_sequence('\"{name}\"', 'id'), max(id))"  # noqa: S608
                f' FROM "{name}" HAVING max(id) IS NOT NULL'
            )
        )


class _TableWriter:
    """Turns rows of one table into what its driver takes, and sends them."""

    def __init__(self, table: Table, now: datetime, *, postgresql: bool) -> None:
        self.table = table.name
        self._columns = [column.name for column in table.columns]
        self._postgresql = postgresql
        self._complete = complete(table, now)
        self._values = itemgetter(*self._columns)
        self._json = [column.name for column in table.columns if isinstance(column.type, JSON)]
        self._times = [
            column.name for column in table.columns if isinstance(column.type, UTCDateTime)
        ]
        names = ", ".join(f'"{name}"' for name in self._columns)
        marks = ", ".join("?" * len(self._columns))
        self._insert = f'INSERT INTO "{self.table}" ({names}) VALUES ({marks})'  # noqa: S608

    async def write(self, driver: Any, rows: list[Row]) -> None:
        """Send one batch."""
        records = [self._record(row) for row in rows]
        if self._postgresql:
            await driver.copy_records_to_table(self.table, records=records, columns=self._columns)
        else:
            await (await driver.executemany(self._insert, records)).close()

    def _record(self, row: Row) -> tuple[Any, ...]:
        """The row's values in the table's order."""
        row = self._complete(row)
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
