"""Applies items in a transaction that is rolled back, and reads every row that they made."""

import random
from collections.abc import Sequence
from typing import Any, NoReturn

from sqlalchemy import select

from gql.database import Database
from gql.domain.writes.transaction import WriteContext, transaction
from gql.identity import Permission
from gql.ingest.apply import ItemOutcome, apply_items
from gql.ingest.items import AnyItem
from gql.models.call import Call
from gql.models.cost_entry import CostEntry
from gql.models.graph_session import GraphSession, GraphTransition
from gql.models.message import ChatMessage, Transcript
from gql.models.recording import Recording
from gql.models.scope import owned, parameters, table_of
from gql.models.sms_log import SmsMessageLog
from tests.domain.writes.conftest import caller
from tests.ingest.item_logs import SOURCE

OF_CALL = (ChatMessage, Transcript, Recording, CostEntry, SmsMessageLog)
SURROGATES = frozenset({"id", "call_id", "graph_session_id", "received_at"})

Rows = dict[str, list[dict[str, Any]]]


class RollBackError(Exception):
    """Ends a transaction whose rows have been read."""


def roll_back() -> NoReturn:
    """End a transaction whose rows have been read."""
    raise RollBackError


async def rows_after(database: Database, batches: Sequence[Sequence[AnyItem]]) -> Rows:
    """The rows that batches of items make, without ids, in the order of their keys."""
    rows: Rows = {}
    try:
        async with transaction(caller(database), Permission.INGEST) as write:
            for batch in batches:
                await apply_items(write, batch)
            rows = await read_rows(write)
            roll_back()
    except RollBackError:
        return rows


async def outcomes_of(
    database: Database, batches: Sequence[Sequence[AnyItem]]
) -> list[list[ItemOutcome]]:
    """What became of the items of batches."""
    outcomes = []
    try:
        async with transaction(caller(database), Permission.INGEST) as write:
            outcomes = [await apply_items(write, batch) for batch in batches]
            roll_back()
    except RollBackError:
        return outcomes


async def read_rows(write: WriteContext, source: str = SOURCE) -> Rows:
    """Every row of calls and sessions of a source."""
    calls, rows = await _read(write, Call, "source", source)
    keys = {row["id"]: row["external_id"] for row in calls}
    result = {"call": rows}
    for model in OF_CALL:
        stored, rows = await _read(write, model, "call_id", *keys)
        named = [
            {**row, "call": keys[each["call_id"]]} for each, row in zip(stored, rows, strict=True)
        ]
        result[table_of(model).name] = sorted(named, key=repr)
    sessions, rows = await _read(write, GraphSession, "source", source)
    result["graph_session"] = rows
    keys = {row["id"]: row["external_id"] for row in sessions}
    stored, rows = await _read(write, GraphTransition, "graph_session_id", *keys)
    result["graph_transition"] = sorted(
        (
            {**row, "session": keys[each["graph_session_id"]]}
            for each, row in zip(stored, rows, strict=True)
        ),
        key=repr,
    )
    return result


async def _read(
    write: WriteContext, model: Any, column: str, *values: Any
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The rows whole, and without ids; both by key."""
    table = table_of(model)
    columns = [each for each in table.c if "usage" not in each.name and "price" not in each.name]
    statement = select(*columns).where(owned(table), table.c[column].in_(values))
    stored = await write.run(statement, parameters(write.organization_id))
    whole = sorted(
        (dict(row) for row in stored.mappings()),
        key=lambda row: (str(row.get("external_id")), str(row.get("call_id"))),
    )
    plain = [{key: row[key] for key in row if key not in SURROGATES} for row in whole]
    return whole, plain


def disorder(log: Sequence[AnyItem], seed: int) -> list[list[AnyItem]]:
    """The log shuffled, some of it several times, in batches of any size."""
    source = random.Random(seed)  # noqa: S311
    items = [*log, *source.choices(log, k=len(log) // 2)]
    source.shuffle(items)
    batches: list[list[AnyItem]] = [[]]
    for each in items:
        if source.random() < 1 / 3:
            batches.append([])
        batches[-1].append(each)
    return batches


def differences(rows: Rows, expected: Rows) -> list[tuple[Any, ...]]:
    """Where rows differ: the table, the row's number, the column and both values."""
    result: list[tuple[Any, ...]] = []
    for table, others in expected.items():
        if len(rows[table]) != len(others):
            result.append((table, len(rows[table]), len(others)))
        for number, (row, other) in enumerate(zip(rows[table], others, strict=False)):
            result += [
                (table, number, name, row[name], other[name])
                for name in other
                if row[name] != other[name]
            ]
    return result
