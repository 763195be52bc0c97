"""Assistant graphs with their nodes and edges."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from gql.models.enums import ConditionLogic, ConditionType, NodeType, one_of
from gql.models.index_orders import only
from gql.models.types import (
    bounded_text,
    json_object,
    now,
    optional_json,
    organization_key,
    primary_key,
    reference,
)


class AssistantGraph(SQLModel, table=True):
    """A graph that routes a conversation between assistants."""

    __tablename__ = "assistant_graph"
    __table_args__ = (
        UniqueConstraint("organization_id", "name", name="uq_assistant_graph_name"),
        Index("ix_assistant_graph_organization", "organization_id", "id").ddl_if(dialect="sqlite"),
    )

    id: int | None = primary_key()
    organization_id: int = organization_key()
    name: str
    description: str | None = bounded_text(default=None)
    is_active: bool = True
    configuration: dict[str, Any] = json_object()
    version: int = 1
    created_at: datetime = Field(default_factory=now)
    updated_at: datetime = Field(default_factory=now)


class GraphNode(SQLModel, table=True):
    """A state of a graph's conversations, in which one assistant speaks.

    Attributes:
        key: What the graph calls it, where that is not known by its id.
    """

    __tablename__ = "graph_node"
    __table_args__ = (
        Index("ix_graph_node_graph", "graph_id", "id"),
        Index("ix_graph_node_assistant", "assistant_id", "id"),
        only(
            "key IS NOT NULL",
            "uq_graph_node_key",
            "organization_id",
            "graph_id",
            "key",
            unique=True,
        ),
        CheckConstraint(one_of("node_type", NodeType), name="ck_graph_node_type"),
    )

    id: int | None = primary_key()
    organization_id: int = organization_key()
    graph_id: int = reference("assistant_graph")
    assistant_id: int = reference("assistant", on_delete="RESTRICT")
    node_type: str = NodeType.STANDARD
    position: dict[str, Any] = json_object()
    configuration: dict[str, Any] = json_object()
    created_at: datetime = Field(default_factory=now)
    key: str | None = None


class GraphEdge(SQLModel, table=True):
    """A possible transition between two nodes, made when its condition is met."""

    __tablename__ = "graph_edge"
    __table_args__ = (
        Index("ix_graph_edge_graph", "graph_id", "id"),
        Index("ix_graph_edge_from", "from_node_id", "priority", "id"),
        Index("ix_graph_edge_to", "to_node_id", "priority", "id"),
        CheckConstraint(one_of("condition_type", ConditionType), name="ck_graph_edge_condition"),
        CheckConstraint(one_of("condition_logic", ConditionLogic), name="ck_graph_edge_logic"),
    )

    id: int | None = primary_key()
    organization_id: int = organization_key()
    graph_id: int = reference("assistant_graph")
    from_node_id: int = reference("graph_node")
    to_node_id: int = reference("graph_node")
    condition_type: str
    intent_pattern: str | None = bounded_text(default=None)
    natural_language_trigger: str | None = bounded_text(default=None)
    mathematical_expression: str | None = bounded_text(default=None)
    state_variable_condition: dict[str, Any] | None = optional_json()
    condition_logic: str = ConditionLogic.AND
    priority: int = 0
    is_active: bool = True
    handoff_sentence: str | None = bounded_text(default=None)
    description: str | None = bounded_text(default=None)
    created_at: datetime = Field(default_factory=now)
    updated_at: datetime = Field(default_factory=now)
