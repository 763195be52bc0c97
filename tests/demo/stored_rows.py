"""Reads demo databases whole: rows as the driver's values, and one digest of everything."""

import hashlib
from collections.abc import Mapping
from decimal import Decimal
from importlib import import_module
from typing import Any

from sqlalchemy import ColumnElement, func, select

from gql.database import Database
from gql.models import TABLES
from gql.models.scope import table_of

TABLE_BY_NAME = {
    table.name: table for table in map(table_of, TABLES) if table.name != "change_stamp"
}
"""But for random numbers, which triggers set."""
SECRET = {"key_hash", "key_prefix"}
"""Columns of `api_key` that differ from one load to the next."""
ROLLUPS = {"call_rollup", "call_rollup_change"}
"""Filled by triggers, not by the demo."""

Rows = list[dict[str, Any]]


async def rows_of(database: Database, table: str, *conditions: ColumnElement[bool]) -> Rows:
    """Rows in the order of their keys, every column."""
    rows = TABLE_BY_NAME[table]
    statement = select(*rows.c).where(*conditions).order_by(*rows.primary_key)
    async with database.engine.connect() as connection:
        return [dict(row) for row in (await connection.execute(statement)).mappings()]


_revision: Any = import_module("gql.migrations.versions.0017_what_sources_tell")
FROM_SOURCES = {
    table: {name.strip('"') for name in columns}
    for table, columns in _revision._COLUMNS.items()  # noqa: SLF001 -- nobody else has the list
}
"""By table, the columns that the documents do not have."""


async def documented_rows_of(
    database: Database, table: str, *conditions: ColumnElement[bool]
) -> Rows:
    """Rows in the order of their keys, by what the documents have; all else is a default."""
    rows = await rows_of(database, table, *conditions)
    undocumented = FROM_SOURCES.get(table, set())
    assert {row[name] for row in rows for name in undocumented} <= {None, "manual", 0}
    return [
        {name: value for name, value in row.items() if name not in undocumented} for row in rows
    ]


async def row_by_id(database: Database, table: str, id: int) -> dict[str, Any]:
    """The one row, in the same way."""
    (row,) = await documented_rows_of(database, table, TABLE_BY_NAME[table].c.id == id)
    return row


async def counts(database: Database) -> dict[str, int]:
    """How many rows were loaded into each table; tables without any are left out."""
    rows: dict[str, int] = {}
    async with database.engine.connect() as connection:
        for name, table in TABLE_BY_NAME.items():
            if name in ROLLUPS:
                continue
            statement = select(func.count()).select_from(table)
            rows[name] = (await connection.execute(statement)).scalar_one()
    return {name: count for name, count in rows.items() if count}


async def digests(database: Database) -> Mapping[str, str]:
    """One digest per table over every value of every row but the secrets of the keys."""
    digest_by_table: dict[str, str] = {}
    for name in TABLE_BY_NAME:
        digest = hashlib.sha256()
        rows = [
            repr({column: value for column, value in row.items() if column not in SECRET})
            for row in map(_with_integers, await rows_of(database, name))
            # A sum that is empty again stays where a trigger sets a column after the insert.
            if row.get("calls") != 0
        ]
        # Each database sorts the texts in the key of a rollup in its own way.
        for row in sorted(rows) if name in ROLLUPS else rows:
            digest.update(row.encode())
        digest_by_table[name] = digest.hexdigest()
    return digest_by_table


def _with_integers(row: dict[str, Any]) -> dict[str, Any]:
    """A sum as a number without a scale, which is another one on each database."""
    return {
        name: int(value) if isinstance(value, Decimal) else value for name, value in row.items()
    }
