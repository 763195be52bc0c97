"""Graph sessions and their transitions, as readers see them."""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, select

from gql.domain.changes import ChangedSince
from gql.models.enums import EventKind
from gql.models.graph import GraphNode
from gql.models.graph_session import GraphSession, GraphTransition, transition_chronology
from gql.models.scope import owned, table_of
from gql.query.filters import COMPARATORS, Criterion, compare
from gql.query.resource import BY_ID, Link, Order, Resource
from gql.query.weights import KEY, Weight
from gql.sql.keys import is_selected

_NODE = table_of(GraphNode)


class CurrentAssistant(Criterion):
    """A criterion on the assistant of the node where a session is."""

    comparators = frozenset({"eq", "ne", "in", "not_in"})

    def lookup(self, comparator: str) -> Weight | None:
        """By the nodes of an assistant, and by the sessions at a node."""
        return KEY if comparator in {"eq", "in"} else None

    def prepare(self, _comparator: str, value: Any) -> tuple[Any, ...]:
        return (value,)

    def condition(self, table: FromClause, comparator: str, *values: Any) -> ColumnElement[bool]:
        node = _NODE.alias()
        speaks = COMPARATORS[comparator](node.c.assistant_id, values[0])
        return is_selected(table.c.current_node_id, select(node.c.id).where(owned(node), speaks))


GRAPH_SESSIONS = Resource(
    "graph_session",
    table_of(GraphSession),
    filters={
        "is_active": compare("is_active"),
        "graph_id": compare("graph_id"),
        "current_node_id": compare("current_node_id"),
        "current_assistant_id": CurrentAssistant(),
        "call_sid": compare("call_sid"),
        "started_at": compare("started_at"),
        "ended_at": compare("ended_at"),
        "changed_since": ChangedSince(
            table_of(GraphSession),
            (EventKind.GRAPH_SESSION_CREATED, EventKind.GRAPH_SESSION_UPDATED),
        ),
    },
    orders={
        "started_at": Order("started_at", "instant"),
        "ended_at": Order("ended_at", "instant", nullable=True),
    },
    usual=25_000,
)

TRANSITIONS = Resource(
    "transition",
    table_of(GraphTransition),
    computed={"chronology": transition_chronology},
    orders={
        "occurred_at": Order("chronology", "chronology", indexed_by="occurred_at"),
        "id": BY_ID,
    },
)

OF_GRAPH_SESSION = Link.by("graph_session_id")
"""From a graph session to its transitions."""
