"""Rows of each kind of object with a mark in them, by which whatever shows one is recognized."""

import re
from typing import Any

from sqlalchemy import Table, and_, select, update

from gql.database import Database
from gql.kinds import Kind
from gql.models.assistant import Assistant
from gql.models.call import Call
from gql.models.cost_budget import CostBudget
from gql.models.cost_entry import CostEntry
from gql.models.enums import Channel
from gql.models.graph import AssistantGraph, GraphEdge, GraphNode
from gql.models.graph_session import GraphSession, GraphTransition
from gql.models.graph_version import GraphVersion
from gql.models.message import ChatMessage, Transcript
from gql.models.recording import Recording
from gql.models.scope import owned, table_of
from gql.models.sms_session import SmsSession

OWNER = 1

_CALLS = table_of(Call)
_VOICE = _CALLS.c.channel == Channel.VOICE
_SMS = _CALLS.c.channel == Channel.SMS
_MARK = re.compile(r"marked-(\w+)")

_Marked = dict[Table, tuple[str, ...]]

_COLUMNS: dict[Kind, _Marked] = {
    Kind.ASSISTANTS: {table_of(Assistant): ("description", "llm_model", "settings")},
    Kind.GRAPHS: {
        table_of(AssistantGraph): ("description", "configuration"),
        table_of(GraphNode): ("configuration",),
        table_of(GraphEdge): ("description", "handoff_sentence"),
        table_of(GraphVersion): ("structure",),
        table_of(GraphSession): ("conversation_context", "external_id"),
        table_of(GraphTransition): ("matched_condition", "handoff_sentence"),
    },
    Kind.COSTS: {table_of(CostEntry): ("provider", "model", "meta")},
}
"""By kind, the columns of its tables that say nothing which a record of another kind repeats."""

_OF_CALLS: _Marked = {
    _CALLS: ("call_meta", "summary", "ended_message", "customer_address"),
    table_of(ChatMessage): ("content", "llm_model"),
    table_of(Transcript): ("content",),
    table_of(Recording): ("url",),
}
"""The same, of the tables that voice calls and SMS conversations share."""

_JSON = frozenset(
    ("settings", "configuration", "structure", "conversation_context", "meta", "call_meta")
)
"""The columns among them that hold an object."""

TABLES: dict[Kind, tuple[Table, ...]] = {
    Kind.ASSISTANTS: tuple(_COLUMNS[Kind.ASSISTANTS]),
    Kind.GRAPHS: tuple(_COLUMNS[Kind.GRAPHS]),
    Kind.CALLS: (_CALLS, table_of(ChatMessage), table_of(Transcript), table_of(Recording)),
    Kind.SMS: (_CALLS, table_of(ChatMessage), table_of(SmsSession)),
    Kind.COSTS: (table_of(CostEntry), table_of(CostBudget)),
}
"""By kind: where its rows are."""


def mark_of(kind: Kind) -> str:
    """What is written into rows of a kind."""
    return f"marked-{kind}"


def marks_in(text: str) -> set[str]:
    """The kinds whose marks are in an answer."""
    return set(_MARK.findall(text))


async def mark_rows(database: Database) -> None:
    """Mark the owner's rows of every kind, where they can be."""
    async with database.transaction() as connection:
        for kind, tables in _COLUMNS.items():
            for table, columns in tables.items():
                await connection.execute(_marking(table, columns, kind))
        for kind, of_channel in ((Kind.CALLS, _VOICE), (Kind.SMS, _SMS)):
            ids = select(_CALLS.c.id).where(of_channel, owned(_CALLS, OWNER))
            for table, columns in _OF_CALLS.items():
                is_one = table.c.id.in_(ids) if table is _CALLS else table.c.call_id.in_(ids)
                await connection.execute(_marking(table, columns, kind).where(is_one))


def _marking(table: Table, columns: tuple[str, ...], kind: Kind) -> Any:
    mark = mark_of(kind)
    values = {name: {"note": mark} if name in _JSON else mark for name in columns}
    return update(table).where(owned(table, OWNER)).values(values)


async def rows_of(database: Database, kind: Kind) -> list[Any]:
    """Every row of a kind, of every organization."""
    rows: list[Any] = []
    of_channel = {Kind.CALLS: _VOICE, Kind.SMS: _SMS}.get(kind)
    async with database.engine.connect() as connection:
        for table in TABLES[kind]:
            statement = select(table).order_by(*table.primary_key.columns)
            if of_channel is not None and "call_id" in table.c:
                is_parent = and_(
                    _CALLS.c.id == table.c.call_id,
                    _CALLS.c.organization_id == table.c.organization_id,
                )
                statement = statement.join(_CALLS, is_parent).where(of_channel)
            elif of_channel is not None and table is _CALLS:
                statement = statement.where(of_channel)
            rows += [(table.name, *row) for row in await connection.execute(statement)]
    return rows
