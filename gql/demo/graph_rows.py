"""Rows of graphs, nodes and edges, column by column."""

from datetime import datetime

from gql.demo.tenant import DemoEdge, DemoGraph, DemoNode, Item, Row


def graph_row(
    organization_id: int,
    graph: DemoGraph,
    *,
    description: str | None,
    created_at: datetime,
    updated_at: datetime,
    is_active: bool = True,
    configuration: Row | None = None,
    version: int = 1,
) -> Item:
    """One row of `assistant_graph`."""
    return "assistant_graph", {
        "id": graph.id,
        "organization_id": organization_id,
        "name": graph.name,
        "description": description,
        "is_active": is_active,
        "configuration": configuration or {},
        "version": version,
        "created_at": created_at,
        "updated_at": updated_at,
    }


def node_row(
    organization_id: int,
    graph_id: int,
    node: DemoNode,
    *,
    node_type: str,
    position: Row,
    created_at: datetime,
    configuration: Row | None = None,
) -> Item:
    """One row of `graph_node`."""
    return "graph_node", {
        "id": node.id,
        "organization_id": organization_id,
        "graph_id": graph_id,
        "assistant_id": node.assistant.id,
        "node_type": node_type,
        "position": position,
        "configuration": configuration or {},
        "created_at": created_at,
    }


def edge_row(
    organization_id: int,
    graph_id: int,
    edge: DemoEdge,
    *,
    priority: int,
    created_at: datetime,
    state_variable_condition: Row | None = None,
    condition_logic: str = "AND",
    is_active: bool = True,
    description: str | None = None,
) -> Item:
    """One row of `graph_edge`; what matches goes to the column of the edge's condition."""
    kind = edge.condition_type
    return "graph_edge", {
        "id": edge.id,
        "organization_id": organization_id,
        "graph_id": graph_id,
        "from_node_id": edge.start.id,
        "to_node_id": edge.end.id,
        "condition_type": kind,
        "intent_pattern": edge.matched if kind == "intent" else None,
        "natural_language_trigger": edge.matched if kind == "natural_language" else None,
        "mathematical_expression": edge.matched if kind == "mathematical" else None,
        "state_variable_condition": state_variable_condition,
        "condition_logic": condition_logic,
        "priority": priority,
        "is_active": is_active,
        "handoff_sentence": edge.handoff_sentence,
        "description": description,
        "created_at": created_at,
        "updated_at": created_at,
    }
