"""Rows of graphs and their sessions, as the demo has them."""

from datetime import datetime
from typing import Any

from gql.demo.tenant import DemoEdge, DemoGraph, DemoNode, Item, Row
from gql.models.graph import AssistantGraph, GraphEdge, GraphNode
from gql.models.graph_session import GraphSession, GraphTransition

CONDITION_COLUMNS = {
    "intent": "intent_pattern",
    "natural_language": "natural_language_trigger",
    "mathematical": "mathematical_expression",
}
"""By type: where an edge keeps its condition; that of a state variable is JSON of its own."""


def graph_row(
    organization_id: int, graph: DemoGraph, *, created_at: datetime, **columns: Any
) -> Item:
    """One row of `assistant_graph`, with further columns."""
    return AssistantGraph, {
        "id": graph.id,
        "organization_id": organization_id,
        "name": graph.name,
        "created_at": created_at,
        "updated_at": created_at,
        **columns,
    }


def node_row(organization_id: int, graph: DemoGraph, node: DemoNode, **columns: Any) -> Item:
    """One row of `graph_node`, with further columns."""
    return GraphNode, {
        "id": node.id,
        "organization_id": organization_id,
        "graph_id": graph.id,
        "assistant_id": node.assistant.id,
        **columns,
    }


def edge_row(
    organization_id: int,
    graph: DemoGraph,
    edge: DemoEdge,
    *,
    created_at: datetime,
    **columns: Any,
) -> Item:
    """One row of `graph_edge`, with further columns."""
    row: Row = {
        "id": edge.id,
        "organization_id": organization_id,
        "graph_id": graph.id,
        "from_node_id": edge.start.id,
        "to_node_id": edge.end.id,
        "condition_type": edge.condition_type,
        "handoff_sentence": edge.handoff_sentence,
        "created_at": created_at,
        "updated_at": created_at,
        **columns,
    }
    if column := CONDITION_COLUMNS.get(edge.condition_type):
        row[column] = edge.condition
    return GraphEdge, row


def session_row(
    organization_id: int, graph: DemoGraph, *, ended_at: datetime | None, **columns: Any
) -> Item:
    """One row of `graph_session`, with further columns; it is active until it has ended."""
    return GraphSession, {
        "organization_id": organization_id,
        "graph_id": graph.id,
        "graph_name": graph.name,
        "graph_version": graph.version,
        "is_active": ended_at is None,
        "ended_at": ended_at,
        **columns,
    }


def transition_row(organization_id: int, edge: DemoEdge, **columns: Any) -> Item:
    """One row of `graph_transition`, with further columns."""
    return GraphTransition, {
        "organization_id": organization_id,
        "edge_id": edge.id,
        "from_node_id": edge.start.id,
        "to_node_id": edge.end.id,
        "from_assistant_name": edge.start.assistant.name,
        "to_assistant_name": edge.end.assistant.name,
        "condition_type": edge.condition_type,
        "handoff_sentence": edge.handoff_sentence,
        **columns,
    }
