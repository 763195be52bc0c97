"""Assistant graphs with their nodes and edges, as readers see them."""

from gql.models.enums import NodeType
from gql.models.graph import AssistantGraph, GraphEdge, GraphNode
from gql.models.scope import table_of
from gql.query.filters import compare
from gql.query.resource import Link, Order, Resource

GRAPHS = Resource(
    "graph",
    table_of(AssistantGraph),
    filters={
        "is_active": compare("is_active"),
        "name": compare("name"),
        "created_at": compare("created_at"),
        "updated_at": compare("updated_at"),
    },
    orders={
        "id": Order("id", "integer"),
        "name": Order("name", "text"),
        "created_at": Order("created_at", "instant"),
        "updated_at": Order("updated_at", "instant"),
    },
)

NODES = Resource("node", table_of(GraphNode), filters={"node_type": compare("node_type")})
EDGES = Resource("edge", table_of(GraphEdge))

ENTRY_NODES = Resource(
    "node",
    table_of(GraphNode),
    visible=lambda node: (node.c.node_type == NodeType.ENTRY,),
)
"""The nodes where conversations start: at most one per graph."""

OF_GRAPH = Link.by("graph_id")
"""From a graph to its nodes, edges, graph sessions or calls."""

OUTGOING = Link.by("from_node_id")
"""From a node to the edges that leave it."""

INCOMING = Link.by("to_node_id")
"""From a node to the edges that reach it."""

BY_PRIORITY = ("priority", "id")
"""Edges are tried from the lowest priority up, and by id among equals."""
