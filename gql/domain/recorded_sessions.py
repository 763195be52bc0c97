"""Recorded graph sessions, read page by page and walked through a candidate."""

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause

from gql.domain.calls import CALLS
from gql.domain.graph_reading import former_structure, load_structure
from gql.domain.graph_replay import (
    RecordedSession,
    RecordedTransition,
    ReplayTotals,
    StructureReplay,
)
from gql.domain.graph_sessions import GRAPH_SESSIONS, OF_GRAPH_SESSION, TRANSITIONS
from gql.domain.graph_structure import GraphStructure
from gql.domain.graph_versions import FormerStructureLoader, VersionKey
from gql.domain.messages import MESSAGES
from gql.loaders.record_loaders import ChildrenByParentLoader, CountByParentLoader, PageLoader
from gql.models.enums import Role
from gql.models.scope import owned
from gql.query.context import Context
from gql.query.cursor import Cursor
from gql.query.filters import Condition, Filter
from gql.query.paging import Paging
from gql.query.record_list import RecordList
from gql.query.resource import Link, Record
from gql.steps import in_steps

PAGE = 1_000
"""Sessions that are read at a time."""

_TRANSITIONS = RecordList(TRANSITIONS, link=OF_GRAPH_SESSION)
_CHRONOLOGY = ("chronology", "id")


def _of_call_sid(message: FromClause) -> tuple[FromClause, ColumnElement[str]]:
    """From the SID that a session has to the messages of the call with it."""
    call = CALLS.table.alias()
    return message.join(call, (call.c.id == message.c.call_id) & owned(call)), call.c.call_sid


_MESSAGES_OF_CUSTOMER = RecordList.filtered(
    MESSAGES, (Condition("role", "eq", Role.USER),), Link("call_sid", _of_call_sid)
)


async def replay_sessions(
    context: Context, graph: Record, candidate: GraphStructure, filter: Filter, last: int
) -> ReplayTotals:
    """What would come of the newest sessions of a graph, each from the version that it ran on.

    A session whose version is not kept, or not recorded, is walked as one of the graph's structure
    as it is now. Walks are done in steps, as many take long.
    """
    totals = ReplayTotals()
    live = StructureReplay(await load_structure(context, graph), candidate)
    replays: dict[int | None, StructureReplay] = {None: live, graph.version: live}
    async for page in _recorded_sessions(context, graph.id, filter, last):
        by_version: dict[int | None, list[RecordedSession]] = defaultdict(list)
        for session in page:
            by_version[session.record.graph_version].append(session)
        for version, sessions in by_version.items():
            if version is not None and version not in replays:
                key = VersionKey(graph.id, version)
                former = await FormerStructureLoader.of(context).load(key)
                replays[version] = (
                    StructureReplay(former_structure(former), candidate) if former else live
                )
            await in_steps(totals.add, replays[version], sessions)
    return totals


async def _recorded_sessions(
    context: Context, graph_id: int, filter: Filter, last: int
) -> AsyncIterator[Sequence[RecordedSession]]:
    """The newest sessions of a graph that pass a filter, with their transitions, in pages.

    Three statements for each page; a page is forgotten when the next one is read.
    """
    records = RecordList.filtered(GRAPH_SESSIONS, (Condition("graph_id", "eq", graph_id), *filter))
    loader = PageLoader.of(context)
    transitions = ChildrenByParentLoader.of(context, _TRANSITIONS, _CHRONOLOGY)
    messages = CountByParentLoader.of(context, _MESSAGES_OF_CUSTOMER)
    paging = Paging(min(last, PAGE), "started_at", descending=True)
    while paging.limit:
        page = await loader.load((records, paging))
        lists = await transitions.load_many([each.id for each in page.records])
        counts = await messages.load_many([each.call_sid for each in page.records])
        yield [_session(*each) for each in zip(page.records, lists, counts, strict=True)]
        for each in (loader, transitions, messages):
            each.clear_all()
        last -= len(page.records)
        if not page.has_more:
            return
        end = page.records[-1]
        paging = paging._replace(limit=min(last, PAGE), after=Cursor(end.started_at, end.id))


def _session(record: Any, transitions: Sequence[Any], messages: int) -> RecordedSession:
    return RecordedSession(
        record,
        record.conversation_context,
        [_transition(each, record.started_at) for each in transitions],
        messages,
    )


def _transition(record: Any, started_at: datetime) -> RecordedTransition:
    happened_at = record.occurred_at or record.created_at
    return RecordedTransition(
        edge_id=record.edge_id,
        from_node_id=record.from_node_id,
        to_node_id=record.to_node_id,
        from_name=record.from_assistant_name,
        to_name=record.to_assistant_name,
        condition_type=record.condition_type,
        matched_condition=record.matched_condition,
        message=record.triggered_by,
        seconds=(happened_at - started_at).total_seconds(),
    )
