"""Graph sessions and their transitions, as readers see them."""

from gql.models.graph_session import GraphSession, GraphTransition
from gql.models.scope import table_of
from gql.query.filters import compare
from gql.query.resource import Link, Order, Resource

GRAPH_SESSIONS = Resource(
    "graph_session",
    table_of(GraphSession),
    filters={
        "is_active": compare("is_active"),
        "graph_id": compare("graph_id"),
        "call_sid": compare("call_sid"),
        "started_at": compare("started_at"),
        "ended_at": compare("ended_at"),
    },
    orders={
        "started_at": Order("started_at", "instant"),
        "ended_at": Order("ended_at", "instant", nullable=True),
    },
)

TRANSITIONS = Resource("transition", table_of(GraphTransition))

OF_GRAPH_SESSION = Link.by("graph_session_id")
"""From a graph session to its transitions."""
