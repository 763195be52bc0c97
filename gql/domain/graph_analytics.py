"""How a graph is used: its graph sessions, the steps between its nodes, the time in each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import FromClause, Select, case, func, literal, select, union_all

from gql.models.graph_session import GraphSession, GraphTransition
from gql.models.scope import owned, parameters, table_of
from gql.query.context import Context
from gql.sql.instants import seconds_between

_SESSIONS = table_of(GraphSession)
_TRANSITIONS = table_of(GraphTransition)

MOST_TRANSITIONS = 10
"""How many of the most frequent transitions are listed."""


@dataclass(frozen=True, slots=True)
class TransitionCount:
    """How often graph sessions went from one assistant to another."""

    from_name: str | None
    to_name: str | None
    count: int


@dataclass(frozen=True, slots=True)
class NodeUse:
    """How one node was used.

    Attributes:
        started: Graph sessions that began there.
        seconds: Average time of a visit that has ended; 0 without any.
        exit_rate: The part of all visits, 0 to 1, in which the conversation ended there.
    """

    started: int
    seconds: float
    exit_rate: float


@dataclass(frozen=True, slots=True)
class GraphUse:
    """How a graph was used by the graph sessions that began in a period.

    Attributes:
        seconds: Average duration of the ended ones; 0 without any.
        most_frequent: The most frequent transitions first.
        nodes: By node id.
    """

    sessions: int
    transitions: int
    seconds: float
    most_frequent: tuple[TransitionCount, ...]
    nodes: dict[int, NodeUse]


async def analyse_graph(context: Context, graph_id: int, since: datetime) -> GraphUse:
    """The use of a graph by the graph sessions that began at `since` or later.

    Three statements. The caller has made sure that there is such a graph.
    """
    sessions = _sessions(graph_id, since).subquery("sessions")
    totals = (await _rows(context, _totals(sessions)))[0]
    transitions = [TransitionCount(*row) for row in await _rows(context, _transitions(sessions))]
    return GraphUse(
        sessions=totals[0],
        transitions=sum(transition.count for transition in transitions),
        seconds=round(totals[1] or 0.0, 3),
        most_frequent=tuple(transitions[:MOST_TRANSITIONS]),
        nodes={
            row.node_id: NodeUse(row.started, round(row.seconds or 0.0, 3), row.exits / row.visits)
            for row in await _rows(context, _visits(sessions))
        },
    )


def _sessions(graph_id: int, since: datetime) -> Select[Any]:
    return select(_SESSIONS).where(
        _SESSIONS.c.graph_id == graph_id, _SESSIONS.c.started_at >= since, owned(_SESSIONS)
    )


def _totals(sessions: FromClause) -> Select[Any]:
    return select(
        func.count(), func.avg(seconds_between(sessions.c.started_at, sessions.c.ended_at))
    )


def _transitions(sessions: FromClause) -> Select[Any]:
    """Every transition with its count; there are at most as many as the graph has had edges."""
    steps = _TRANSITIONS.alias()
    names = (steps.c.from_assistant_name, steps.c.to_assistant_name)
    count = func.count()
    return (
        select(*names, count)
        .join_from(steps, sessions, steps.c.graph_session_id == sessions.c.id)
        .where(owned(steps))
        .group_by(*names)
        .order_by(count.desc(), *names)
    )


def _visits(sessions: FromClause) -> Select[Any]:
    """The visits of each node, counted and timed.

    A visit begins with the step that leads to the node, or with the graph session. It ends with the
    next step; the last visit of a graph session ends with the session, and is an exit.
    """
    steps = _TRANSITIONS.alias()
    window: dict[str, Any] = {"partition_by": steps.c.graph_session_id, "order_by": steps.c.id}
    before = func.lag(steps.c.created_at).over(**window)
    left = (
        select(
            steps.c.from_node_id.label("node_id"),
            case((before.is_(None), 1), else_=0).label("started"),
            seconds_between(func.coalesce(before, sessions.c.started_at), steps.c.created_at).label(
                "seconds"
            ),
            literal(0).label("exits"),
        )
        .join_from(steps, sessions, steps.c.graph_session_id == sessions.c.id)
        .where(owned(steps))
    )
    last = (
        select(
            steps.c.graph_session_id,
            steps.c.to_node_id,
            steps.c.created_at,
            func.row_number()
            .over(partition_by=steps.c.graph_session_id, order_by=steps.c.id.desc())
            .label("from_last"),
        )
        .join_from(steps, sessions, steps.c.graph_session_id == sessions.c.id)
        .where(owned(steps))
        .subquery("last_step")
    )
    current = sessions.outerjoin(
        last, (last.c.graph_session_id == sessions.c.id) & (last.c.from_last == 1)
    )
    entered = func.coalesce(last.c.created_at, sessions.c.started_at)
    stayed = select(
        func.coalesce(last.c.to_node_id, sessions.c.current_node_id),
        case((last.c.created_at.is_(None), 1), else_=0),
        seconds_between(entered, sessions.c.ended_at),
        case((sessions.c.ended_at.is_(None), 0), else_=1),
    ).select_from(current)
    visits = union_all(left, stayed).subquery("visits")
    return (
        select(
            visits.c.node_id,
            func.count().label("visits"),
            func.sum(visits.c.started).label("started"),
            func.avg(visits.c.seconds).label("seconds"),
            func.sum(visits.c.exits).label("exits"),
        )
        .where(visits.c.node_id.is_not(None))
        .group_by(visits.c.node_id)
        .order_by(visits.c.node_id)
    )


async def _rows(context: Context, statement: Select[Any]) -> Sequence[Any]:
    return await context.snapshot.rows(statement, parameters(context.organization_id))
