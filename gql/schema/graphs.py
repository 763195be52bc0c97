"""Assistant graphs, their nodes and their edges in the GraphQL schema."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry.scalars import JSON

from gql.domain.assistants import ASSISTANTS
from gql.domain.calls import CALLS
from gql.domain.graph_sessions import GRAPH_SESSIONS
from gql.domain.graph_versions import GRAPH_VERSIONS
from gql.domain.graphs import (
    BY_PRIORITY,
    EDGES,
    ENTRY_NODES,
    GRAPHS,
    INCOMING,
    NODES,
    OF_GRAPH,
    OUTGOING,
)
from gql.engine.connection import Connection, connection
from gql.engine.declaration import column, count, entity, first, many, nested_object, number, one
from gql.schema.assistants import Assistant
from gql.schema.enums import ConditionLogic, ConditionType, NodeType
from gql.schema.graph_diagram import diagram_field
from gql.schema.graph_findings import GraphFinding, findings_field
from gql.schema.graph_history import GraphAnalytics, analytics_field
from gql.schema.graph_versions import GraphVersion, as_of_field
from gql.schema.inputs.calls import CallFilter, CallOrder
from gql.schema.inputs.graph_sessions import GraphSessionFilter, GraphSessionOrder
from gql.schema.inputs.graph_versions import GraphVersionFilter, GraphVersionOrder
from gql.schema.node import NumberedNode

if TYPE_CHECKING:
    from gql.schema.call_connection import CallConnection
    from gql.schema.graph_sessions import GraphSession


@entity(GRAPHS)
class AssistantGraph(NumberedNode):
    """A graph that routes a conversation between assistants."""

    name: str = column("Unique in the organization.")
    description: str | None = column("What it is for.")
    is_active: bool = column("Whether conversations may start in it.")
    configuration: JSON = column("Free-form settings of the whole graph.")
    version: int = column("Grows by one with every change of the structure.")
    versions: Connection[GraphVersion] | None = connection(
        "Its former structures, the latest first: at most 200 are kept.",
        GRAPH_VERSIONS,
        link=OF_GRAPH,
        order=GraphVersionOrder,
        usual=20,
        filter=GraphVersionFilter,
    )
    as_of: GraphVersion | None = as_of_field(
        "The structure that it had as a former version; null where that is not kept."
    )
    created_at: datetime = column("When it was created.")
    updated_at: datetime = column("When it, its nodes or its edges last changed.")
    nodes: list["GraphNode"] = many("All its nodes, by id.", NODES, OF_GRAPH, usual=20)
    edges: list["GraphEdge"] = many("All its edges, by id.", EDGES, OF_GRAPH, usual=30)
    total_nodes: int = count("How many nodes it has.", NODES, OF_GRAPH)
    total_edges: int = count("How many edges it has.", EDGES, OF_GRAPH)
    findings: list[GraphFinding] = findings_field

    entry_node: "GraphNode | None" = first(
        "Where conversations start; without one the graph cannot run.", ENTRY_NODES, OF_GRAPH
    )
    analytics: GraphAnalytics | None = analytics_field
    diagram: str | None = diagram_field
    sessions: (
        Connection[Annotated["GraphSession", strawberry.lazy("gql.schema.graph_sessions")]] | None
    ) = connection(
        "Conversations that walk or walked it, newest first.",
        GRAPH_SESSIONS,
        link=OF_GRAPH,
        order=GraphSessionOrder,
        usual=500,
        filter=GraphSessionFilter,
    )
    calls: Annotated["CallConnection", strawberry.lazy("gql.schema.call_connection")] | None = (
        connection(
            "Calls that it routed, newest first.",
            CALLS,
            link=OF_GRAPH,
            order=CallOrder,
            usual=500,
            filter=CallFilter,
        )
    )


@strawberry.type(description="Where a node lies on the canvas of a graph editor.")
class Position:
    """Resolved from a node's record; null where the editor stored nothing."""

    x: float | None = number("To the right.", "position", "x")
    y: float | None = number("Downwards.", "position", "y")


@entity(NODES)
class GraphNode(NumberedNode):
    """A place in a graph where one assistant speaks."""

    key: str | None = column(
        "What the graph calls it, in the platform that it was copied from; null for one made here."
    )
    node_type: NodeType = column("What the node is for.")
    position: Position = nested_object("Where it lies on the canvas.")
    configuration: JSON = column("Free-form settings of the node.")
    created_at: datetime = column("When it was created.")
    assistant: Assistant = one("Who speaks here.", ASSISTANTS, "assistant_id")
    graph: AssistantGraph = one("The graph it belongs to.", GRAPHS, "graph_id")
    outgoing: list["GraphEdge"] = many(
        "The edges that leave it, in the order they are tried.",
        EDGES,
        OUTGOING,
        usual=5,
        order=BY_PRIORITY,
    )
    incoming: list["GraphEdge"] = many(
        "The edges that reach it, by priority.", EDGES, INCOMING, usual=5, order=BY_PRIORITY
    )


@entity(EDGES)
class GraphEdge(NumberedNode):
    """A way from one node to another, taken when its condition holds."""

    graph: AssistantGraph = one("The graph it belongs to.", GRAPHS, "graph_id")
    from_: GraphNode = one("Where it starts.", NODES, "from_node_id", name="from")
    to: GraphNode = one("Where it leads.", NODES, "to_node_id")
    condition_type: ConditionType = column("What its condition looks at.")
    intent_pattern: str | None = column("Keywords, separated by commas; any of them matches.")
    natural_language_trigger: str | None = column("The situation in words.")
    mathematical_expression: str | None = column("The formula, like `call_duration > 600`.")
    state_variable_condition: JSON | None = column("Variable, operator and value.")
    condition_logic: ConditionLogic = column("How several conditions combine.")
    priority: int = column("Lower numbers are tried first.")
    is_active: bool = column("Whether it may be taken.")
    handoff_sentence: str | None = column("What is said at the handover; silent without.")
    description: str | None = column("A note for people.")
    created_at: datetime = column("When it was created.")
    updated_at: datetime = column("When it last changed.")
