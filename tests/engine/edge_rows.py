"""Rows at the edge: what columns may hold, and demo data never does."""

import random
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    Index,
    Integer,
    Numeric,
    Table,
    UniqueConstraint,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import AutoString, SQLModel
from sqlmodel.sql.sqltypes import UTCDateTime

from gql.database import Database
from gql.models.types import Micros
from tests.engine.random_json import document

TABLES = [
    "assistant",
    "assistant_graph",
    "graph_node",
    "graph_edge",
    "graph_session",
    "graph_transition",
    "call",
    "chat_message",
    "transcript",
    "recording",
    "cost_entry",
    "organization",
    "user",
]

LEFT_AS_THEY_ARE = """
    id organization_id graph_id assistant_id from_node_id to_node_id call_id graph_session_id
    node_type condition_type condition_logic role speaker channel direction status is_archived
    password_hash is_active current_node_id name call_sid email customer_phone_digits
    has_recording
"""
"""The columns that get no values at the edge: keys, and what demo data is looked for by.

Neither do those that must differ from row to row, which the tables tell.
"""

_ONE_OF = re.compile(r"(\w+) IN \(('.*')\)")
"""The condition of a column that takes certain words alone, as `gql/models/enums.py` writes it."""

TEXTS = [
    "",
    '"',
    "\\",
    "'",
    "\u2028",
    "\x7f\x1f\x01\t\r\n",
    "</script>&",
    "\U0001f600\u00e9\u0130",
    "%_",
    "null",
    "a~b",
    "\ufffd\uffff",
]
TIMES = [
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC),
    datetime(2026, 3, 4, 5, 6, 7, 100000, tzinfo=UTC),
    datetime(2026, 3, 4, 5, 6, 7, 1, tzinfo=UTC),
    datetime(2026, 10, 10, 10, 10, 0, tzinfo=UTC),
]
INTEGERS = [0, 1, 10, 100, -1, 2**31 - 1, -(2**31)]
LARGE_IDS = [2**31, 2**48, 2**53, 2**62]
NOBODY_REFERS_TO = [
    *("graph_edge", "graph_transition", "chat_message", "transcript", "recording", "cost_entry")
]
"""Tables whose ids may be changed to large ones."""
MICROS = [0, 1, -1, 999_999, -1_000_001, 1_000_000, 10**12, 10**17, -(10**17)]
"""The last are a thousand times what any interface takes, and as much as `MOST_ROWS` of them may be
without a sum of SQLite's rollup leaving its 64 bits."""
FLOATS = [0.0, -0.0, 0.1, 1.0, 1e16, 1e-7, 123456789.123, 2 / 3, 1e22]
DECIMALS = [*map(Decimal, ("0", "0.1", "-2.5", "1000", "0.00000015", "1.23456789012345E+20"))]
OBJECTS: list[Any] = [
    {},
    {"campaign": "winter_outreach", "b": [1, 2.5, None, True], "": {"a": {}}},
    {"x": 1, "y": -2.5, "campaign": 5},
    {"x": 1.0, "y": 1e16},
    {"x": None},
    {"campaign": True, "\u00e9\"'\\": "\u2028\U0001f600"},
    {"z": 1, "a": 2, "aa": {"z": 1, "a": 2}},
]

BY_TYPE: list[tuple[type[Any], list[Any]]] = [
    (Micros, MICROS),
    (Boolean, [True, False]),
    (Integer, INTEGERS),
    (Float, FLOATS),
    (Numeric, DECIMALS),
    (AutoString, TEXTS),
]
"""What columns of a type hold; all others are instants."""

COLUMNS: dict[str, list[Any]] = {
    "stt_timestamps": [{}, {"words": [{"word": "a", "start": 0.5}]}],
    "conversation_context": [*OBJECTS, *(document(random.Random(n)) for n in range(40))],  # noqa: S311
}
"""What some columns hold instead of objects that any may hold."""

FOREIGN_INSTANTS = [
    *("2027-01-01 10:00:50", "2027-01-01 10:00:00", "2027-01-01T10:00:50Z", "2027-01-01"),
    *("2027-01-01 10:00:50.5", "2027-01-01T10:00:50.250+02:00"),
]
"""As SQL of other programs writes them. PostgreSQL keeps instants, and SQLite must refuse these."""

FOREIGN_OBJECT = r'{ "campaign" : "\u0041\u00e9" ,  "x":1E2, "y" : -0.0 }'
"""JSON as other programs write it."""

MOST_ROWS = 80
"""How many rows of each table are spoiled; pages seldom reach further."""


async def add_edge_rows(database: Database, seed: int) -> None:
    """Give about a third of all values something at the edge."""
    pick = random.Random(seed)  # noqa: S311, not a secret
    async with database.transaction() as connection:
        for table in (SQLModel.metadata.tables[name] for name in TABLES):
            ids = [row[0] for row in await connection.execute(select(table.c.id))]
            for row_id in ids[:MOST_ROWS]:
                values = {
                    column.key: pick.choice(candidates)
                    for column in table.columns
                    if pick.random() < 0.3 and (candidates := _candidates(column))
                }
                if values:
                    await connection.execute(
                        update(table).where(table.c.id == row_id).values(values)
                    )
            await _write_foreign_forms(connection, table, ids[:MOST_ROWS], pick)
            if table.name in NOBODY_REFERS_TO:
                for row_id in pick.sample(ids[:MOST_ROWS], 2):
                    values = {"id": pick.choice(LARGE_IDS) + row_id}
                    await connection.execute(
                        update(table).where(table.c.id == row_id).values(values)
                    )
        await connection.execute(insert(SQLModel.metadata.tables["audit_log"]), _changes(pick))


async def _write_foreign_forms(
    connection: AsyncConnection, table: Table, ids: Sequence[int], pick: random.Random
) -> None:
    """Write some values by SQL of our own."""
    for column in table.columns:
        values = FOREIGN_INSTANTS if isinstance(column.type, UTCDateTime) else []
        if isinstance(column.type, JSON) and column.key not in COLUMNS:
            values = [FOREIGN_OBJECT]
        for value in values if ids else ():
            row = pick.choice(ids)
            update = f"UPDATE \"{table.name}\" SET {column.key} = '{value}' WHERE id = {row}"  # noqa: S608
            try:
                await connection.exec_driver_sql(update)
            except IntegrityError:
                if connection.dialect.name != "sqlite":
                    raise


def _changes(pick: random.Random) -> list[dict[str, Any]]:
    """Rows of the audit log, of which demo data has none."""
    return [
        {
            "organization_id": pick.choice([1, 1, 2]),
            "user_id": pick.choice([None, 1, 2, 999]),
            "api_key_id": pick.choice([None, 1, 2, 999]),
            "method": pick.choice(["api_key", "bearer", "dashboard"]),
            "action": pick.choice(["graph.create", "assistant.update", "", "x.\u00e9"]),
            "object_type": pick.choice(["graph", "assistant", "sms_session", '"\\']),
            "object_id": pick.choice([None, 0, 1, 2**31, 2**63 - 1]),
            "before": pick.choice([None, *OBJECTS]),
            "after": pick.choice([None, *OBJECTS]),
            "request_id": pick.choice(TEXTS),
            "created_at": pick.choice(TIMES),
        }
        for _ in range(40)
    ]


def _candidates(column: Column[Any]) -> list[Any]:
    if column.key in LEFT_AS_THEY_ARE.split():
        return []
    if any(column.name in unique.columns for unique in _unique(column.table)):
        return []
    values = _words(column) or _of_type(column)
    return [*values, None, None] if column.nullable else values


def _unique(table: Any) -> list[Index | UniqueConstraint]:
    """The columns whose values no two rows of a table share."""
    constraints = [each for each in table.constraints if isinstance(each, UniqueConstraint)]
    return [*constraints, *(index for index in table.indexes if index.unique)]


def _words(column: Column[Any]) -> list[Any]:
    """The words that a column takes; empty when it takes any text."""
    for constraint in column.table.constraints:
        if isinstance(constraint, CheckConstraint):
            match = _ONE_OF.fullmatch(str(constraint.sqltext))
            if match and match[1] == column.name:
                return re.findall(r"'(\w+)'", match[2])
    return []


def _of_type(column: Column[Any]) -> list[Any]:
    if isinstance(column.type, JSON):
        return COLUMNS.get(column.key, OBJECTS)
    return next((values for kind, values in BY_TYPE if isinstance(column.type, kind)), TIMES)
