"""What graph sessions did in a graph: the way of each, and the use of the graph by all."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from strawberry.scalars import JSON
from strawberry.types import Info

from gql.domain.graph_analytics import analyse_graph
from gql.domain.graphs import NODES
from gql.domain.session_path import session_path
from gql.engine.declaration import one
from gql.engine.fields import OWN_POINTS
from gql.errors import BadInput
from gql.query.resource import Record
from gql.query.weights import COMPARED_ROW
from gql.schema.enums import NodeType

if TYPE_CHECKING:
    from gql.schema.graph_sessions import GraphTransition
    from gql.schema.graphs import GraphNode

MOST_DAYS = 365
"""How far analytics may look back."""

USUAL_TRANSITIONS = 10_000
"""In all graph sessions of a graph: 500, of 20 each."""

_USUAL_STEPS = 20

OptionalNode = Annotated["GraphNode", strawberry.lazy("gql.schema.graphs")] | None
OptionalTransition = (
    Annotated["GraphTransition", strawberry.lazy("gql.schema.graph_sessions")] | None
)


def _node_id(root: strawberry.Parent[Any]) -> strawberry.ID | None:
    return None if root.node_id is None else strawberry.ID(f"{NODES.name}_{root.node_id}")


@strawberry.type(description="One visit of a node by a graph session.")
class GraphPathStep:
    """Resolved from a `PathStep`."""

    node_id: strawberry.ID | None = strawberry.field(
        resolver=_node_id,
        description="The node's global id, also once it is gone; null for a node that is not kept"
        " here.",
    )
    node: OptionalNode = one("The node; null once it is gone.", NODES, "node_id")
    node_type: NodeType | None = strawberry.field(description="What it was for, where known.")
    node_name: str | None = strawberry.field(description="What its source calls it.")
    assistant_name: str | None = strawberry.field(description="Who spoke there, as called then.")
    entered_at: datetime = strawberry.field(description="When the conversation came there.")
    left_at: datetime | None = strawberry.field(description="When it left; null while it is there.")
    transition: OptionalTransition = strawberry.field(
        description="What led on from there, with its evidence; null at the end."
    )
    edge: JSON | None = strawberry.field(
        description="The edge that was taken, as in the structure of the session's version; null"
        " where that is not known."
    )


async def _path(root: strawberry.Parent[Record], info: Info) -> list[GraphPathStep]:
    steps: Any = await session_path(info.context, root)
    return list(steps)


path_field: Any = strawberry.field(
    resolver=_path,
    description="The nodes that it visited, the first one first: at most 501. Names and edges are"
    " those of the version that it started on. Resolvers answer an operation that selects it.",
    metadata={OWN_POINTS: COMPARED_ROW.points * _USUAL_STEPS},
)
"""`GraphSession.path`."""


@strawberry.type(description="How often one assistant handed over to another one.")
class TransitionCount:
    """Resolved from a `TransitionCount` of the domain."""

    from_name: str | None = strawberry.field(description="Who spoke before.")
    to_name: str | None = strawberry.field(description="Who spoke after.")
    count: int = strawberry.field(description="How often.")


@strawberry.type(description="How one node was used.")
class NodeAnalytics:
    """Made of a `NodeUsage`."""

    key: strawberry.Private[int]
    node_id: strawberry.ID = strawberry.field(
        description="The node's global id, also once it is gone."
    )
    node: OptionalNode = one("The node; null once it is gone.", NODES, "key")
    sessions_started: int = strawberry.field(description="Conversations that began there.")
    visits: int = strawberry.field(description="How often conversations were there.")
    exits: int = strawberry.field(description="How often one ended there.")
    average_seconds: float = strawberry.field(
        description="How long a visit took that has ended; 0 without any."
    )


@strawberry.type(description="How a graph was used by the conversations of some days.")
class GraphAnalytics:
    """Made of a `GraphUsage`."""

    days: int = strawberry.field(description="How far it looks back.")
    sessions: int = strawberry.field(description="Conversations that began then.")
    transitions: int = strawberry.field(description="How often they went on to another node.")
    average_seconds: float = strawberry.field(
        description="How long one took that has ended; 0 without any."
    )
    most_used_transitions: list[TransitionCount] = strawberry.field(
        description="The ten transitions that were made most often."
    )
    nodes: list[NodeAnalytics] = strawberry.field(description="The nodes that were used, by id.")


Days = Annotated[
    int, strawberry.argument(description=f"How far to look back: 1 to {MOST_DAYS} days.")
]


async def _analytics(
    root: strawberry.Parent[Record], info: Info, days: Days = 30
) -> GraphAnalytics | None:
    if not 1 <= days <= MOST_DAYS:
        raise BadInput(f"`days` is {days}, but must be 1 to {MOST_DAYS}.")
    usage = await analyse_graph(info.context, root.id, days)
    counts: Any = list(usage.most_used)
    return GraphAnalytics(
        days=days,
        sessions=usage.sessions,
        transitions=usage.transitions,
        average_seconds=usage.seconds,
        most_used_transitions=counts,
        nodes=[
            NodeAnalytics(
                key=key,
                node_id=strawberry.ID(f"{NODES.name}_{key}"),
                sessions_started=each.started,
                visits=each.visits,
                exits=each.exits,
                average_seconds=each.seconds,
            )
            for key, each in sorted(usage.nodes.items())
        ],
    )


analytics_field: Any = strawberry.field(
    resolver=_analytics,
    description="How conversations of the last days used it; what the route `/analytics` of REST"
    " says. Resolvers answer an operation that selects it.",
    metadata={OWN_POINTS: COMPARED_ROW.points * USUAL_TRANSITIONS},
)
"""`AssistantGraph.analytics`."""
