"""Graph sessions and their transitions in the GraphQL schema."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry.scalars import JSON

from gql.domain.calls import CALLS
from gql.domain.graph_sessions import GRAPH_SESSIONS, OF_GRAPH_SESSION, TRANSITIONS
from gql.domain.graphs import GRAPHS, NODES
from gql.engine.connection import Connection, connection
from gql.engine.declaration import column, entity, one, value_at_path
from gql.schema.enums import TransitionCondition
from gql.schema.graph_history import GraphPathStep, path_field
from gql.schema.graphs import AssistantGraph, GraphNode
from gql.schema.inputs.graph_sessions import TransitionOrder
from gql.schema.node import NumberedNode

if TYPE_CHECKING:
    from gql.schema.calls import Call


@entity(TRANSITIONS)
class GraphTransition(NumberedNode):
    """One step of a graph session from one node to the next; names are kept as they were."""

    from_node: GraphNode | None = one(
        "Where it started; null once the structure was replaced.", NODES, "from_node_id"
    )
    to_node: GraphNode | None = one(
        "Where it led; null once the structure was replaced.", NODES, "to_node_id"
    )
    from_assistant_name: str | None = column("Who spoke before.")
    to_assistant_name: str | None = column("Who spoke after.")
    condition_type: TransitionCondition = column("What led there.")
    matched_condition: str | None = column("What made the condition hold.")
    triggered_by: str | None = column("What the customer had said.")
    handoff_sentence: str | None = column("What was said at the handover.")
    from_node_key: str | None = column("What its source calls the node where it started.")
    to_node_key: str | None = column("What its source calls the node that it led to.")
    from_node_name: str | None = column("The name of the node where it started.")
    to_node_name: str | None = column("The name of the node that it led to.")
    source: str | None = column("The system that it is known from.")
    external_id: str | None = column("What that system calls it, within its session.")
    occurred_at: datetime | None = column("When it happened, as its source says.")
    created_at: datetime = column("When it happened.")


@entity(GRAPH_SESSIONS)
class GraphSession(NumberedNode):
    """One conversation walking a graph."""

    call_sid: str = column("The SID of its call, unique in the organization.")
    is_active: bool = column("Whether it goes on.")
    started_at: datetime = column("When it started.")
    ended_at: datetime | None = column("When it ended; null while it goes on.")
    graph_name: str = column("What the graph is called, or was when it ended.")
    graph_version: int | None = column(
        "The version of the graph's structure when it started; null where that is not known."
    )
    current_assistant_name: str | None = column("Who speaks, or spoke last.")
    source: str | None = column("The system that it is known from.")
    external_id: str | None = column("What that system calls it, unique among its sessions.")
    occurred_at: datetime | None = column("The newest instant that its source told anything of.")
    context: JSON = column("What the assistants share about it.", "conversation_context")
    graph: AssistantGraph | None = one(
        "The graph it walks; null where that is another system's.", GRAPHS, "graph_id"
    )
    current_node: GraphNode | None = one(
        "Where it is; null once the structure was replaced.", NODES, "current_node_id"
    )
    call: Annotated["Call", strawberry.lazy("gql.schema.calls")] | None = one(
        "Its call, when there is a record of it.", CALLS, "call_sid", column="call_sid"
    )
    transitions: Connection[GraphTransition] | None = connection(
        "Its steps, oldest first.",
        TRANSITIONS,
        link=OF_GRAPH_SESSION,
        order=TransitionOrder,
        usual=20,
        descending=False,
    )

    path: list[GraphPathStep] = path_field

    context_value: JSON | None = value_at_path(
        "One value inside the context; null when there is none.", "conversation_context"
    )
