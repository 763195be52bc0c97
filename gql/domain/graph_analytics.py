"""How a graph is used: its sessions, the transitions between its nodes, and the time in each."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import FromClause, Select, case, func, literal, select, union_all

from gql.loaders.loader import Loader, loader_of
from gql.models.graph_session import GraphSession, GraphTransition
from gql.models.scope import owned, table_of
from gql.models.types import now
from gql.query.context import Context
from gql.sql.instants import seconds_between
from gql.sql.keys import each_row, is_among

_SESSIONS = table_of(GraphSession)
_TRANSITIONS = table_of(GraphTransition)

MOST_TRANSITIONS = 10
"""How many of the most used transitions are listed."""


@dataclass(frozen=True, slots=True)
class TransitionCount:
    """Two assistants, and how many transitions went from one to the other."""

    from_name: str | None
    to_name: str | None
    count: int


@dataclass(frozen=True, slots=True)
class NodeUsage:
    """How one node was used.

    Attributes:
        started: Graph sessions that began there.
        seconds: Average time of a visit that has ended; 0 without any.
        exit_rate: The share of visits, 0 to 1, in which the conversation ended there.
        visits: How often a conversation came there, or began there.
        exits: Visits in which the conversation ended there.
    """

    started: int
    seconds: float
    exit_rate: float
    visits: int = 0
    exits: int = 0


@dataclass(frozen=True, slots=True)
class GraphUsage:
    """How a graph was used by the graph sessions that began in a period.

    Attributes:
        seconds: Average duration of the ended ones; 0 without any.
        most_used: Transitions, those with the highest counts first.
        nodes: By node id.
    """

    sessions: int
    transitions: int
    seconds: float
    most_used: tuple[TransitionCount, ...]
    nodes: dict[int, NodeUsage]


async def analyse_graph(context: Context, graph_id: int, days: int) -> GraphUsage:
    """The usage of a graph by the graph sessions that began in the last days.

    Three statements for any number of graphs at once, which see nothing of a graph that is not the
    organization's.
    """
    return await _UsageLoader.of(context, days).load(graph_id)


class _UsageLoader(Loader[int, GraphUsage]):
    """The usage of graphs in one period. Key: the graph's id. Statements: three."""

    def __init__(self, context: Context, days: int) -> None:
        super().__init__(context)
        self._until = now()
        self._since = self._until - timedelta(days=days)

    @classmethod
    def of(cls, context: Context, days: int) -> "_UsageLoader":
        return loader_of(context, cls, days)

    async def read_many(self, keys: list[int]) -> list[GraphUsage]:
        sessions = _sessions(self._since, self._until).subquery("sessions")
        totals = {row[0]: row[1:] for row in await self._rows(_totals(sessions), keys)}
        transitions = defaultdict(list)
        for graph_id, *pair in await self._rows(_transition_counts(sessions), keys):
            transitions[graph_id].append(TransitionCount(*pair))
        nodes: dict[int, dict[int, NodeUsage]] = defaultdict(dict)
        for row in await self._rows(_visits(sessions), keys):
            seconds = round(row.seconds or 0.0, 3)
            usage = NodeUsage(row.started, seconds, row.exits / row.visits, row.visits, row.exits)
            nodes[row.graph_id][row.node_id] = usage
        usages = []
        for key in keys:
            count, seconds = totals.get(key, (0, None))
            usages.append(
                GraphUsage(
                    sessions=count,
                    transitions=sum(each.count for each in transitions[key]),
                    seconds=round(seconds or 0.0, 3),
                    most_used=tuple(transitions[key][:MOST_TRANSITIONS]),
                    nodes=nodes[key],
                )
            )
        return usages


def _sessions(since: datetime, until: datetime) -> Select[Any]:
    """Those of a period.

    Of one that has no end both databases guess that a third of all sessions are in it, and so read
    every transition of the organization to find theirs.
    """
    return select(_SESSIONS).where(
        is_among(_SESSIONS.c.graph_id, "keys"),
        _SESSIONS.c.started_at.between(since, until),
        owned(_SESSIONS),
    )


def _totals(sessions: FromClause) -> Select[Any]:
    duration = func.avg(seconds_between(sessions.c.started_at, sessions.c.ended_at))
    return select(sessions.c.graph_id, func.count(), duration).group_by(sessions.c.graph_id)


def _transition_counts(sessions: FromClause) -> Select[Any]:
    """Every pair of assistants of a graph: no more than it may have had edges."""
    transitions = _TRANSITIONS.alias()
    names = (transitions.c.from_assistant_name, transitions.c.to_assistant_name)
    count = func.count()
    return (
        select(sessions.c.graph_id, *names, count)
        .join_from(transitions, sessions, transitions.c.graph_session_id == each_row(sessions.c.id))
        .where(owned(transitions))
        .group_by(sessions.c.graph_id, *names)
        .order_by(sessions.c.graph_id, count.desc(), *names)
    )


def _visits(sessions: FromClause) -> Select[Any]:
    """By node: the number of visits, of first visits, of exits, and the average seconds of a visit.

    A visit begins with the transition to the node, or with the graph session. It ends with the next
    transition; the last one of a graph session ends with the session, and is an exit.
    """
    visits = union_all(_ended_by_transition(sessions), _last_visits(sessions)).subquery("visits")
    return (
        select(
            visits.c.graph_id,
            visits.c.node_id,
            func.count().label("visits"),
            func.sum(visits.c.started).label("started"),
            func.avg(visits.c.seconds).label("seconds"),
            func.sum(visits.c.exits).label("exits"),
        )
        .where(visits.c.node_id.is_not(None))
        .group_by(visits.c.graph_id, visits.c.node_id)
        .order_by(visits.c.graph_id, visits.c.node_id)
    )


def _ended_by_transition(sessions: FromClause) -> Select[Any]:
    """The visits that a transition ended, one row each."""
    transitions = _TRANSITIONS.alias()
    previous = func.lag(transitions.c.created_at).over(
        partition_by=transitions.c.graph_session_id, order_by=transitions.c.id
    )
    entered = func.coalesce(previous, sessions.c.started_at)
    return (
        select(
            sessions.c.graph_id,
            transitions.c.from_node_id.label("node_id"),
            case((previous.is_(None), 1), else_=0).label("started"),
            seconds_between(entered, transitions.c.created_at).label("seconds"),
            literal(0).label("exits"),
        )
        .join_from(transitions, sessions, transitions.c.graph_session_id == each_row(sessions.c.id))
        .where(owned(transitions))
    )


def _last_visits(sessions: FromClause) -> Select[Any]:
    """The last visit of each graph session, one row each, with the columns of the others."""
    transitions = _TRANSITIONS.alias()
    newest_first = func.row_number().over(
        partition_by=transitions.c.graph_session_id, order_by=transitions.c.id.desc()
    )
    last = (
        select(
            transitions.c.graph_session_id,
            transitions.c.to_node_id,
            transitions.c.created_at,
            newest_first.label("rank"),
        )
        .join_from(transitions, sessions, transitions.c.graph_session_id == each_row(sessions.c.id))
        .where(owned(transitions))
        .subquery("last_transition")
    )
    entered = func.coalesce(last.c.created_at, sessions.c.started_at)
    return select(
        sessions.c.graph_id,
        func.coalesce(last.c.to_node_id, sessions.c.current_node_id),
        case((last.c.created_at.is_(None), 1), else_=0),
        seconds_between(entered, sessions.c.ended_at),
        case((sessions.c.ended_at.is_(None), 0), else_=1),
    ).select_from(
        sessions.outerjoin(last, (last.c.graph_session_id == sessions.c.id) & (last.c.rank == 1))
    )
