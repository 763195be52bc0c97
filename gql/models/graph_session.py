"""Graph sessions, each a conversation that a graph routes, and their transitions."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, Table, UniqueConstraint
from sqlmodel import Field, SQLModel

from gql.models.enums import ConditionType, one_of
from gql.models.index_orders import highest_first
from gql.models.types import (
    bounded_text,
    json_object,
    loose_reference,
    now,
    organization_key,
    primary_key,
    reference,
)


class GraphSession(SQLModel, table=True):
    """A conversation that a graph routes.

    The names are copies: they stay readable after the graph's structure was replaced.
    """

    __tablename__ = "graph_session"
    __table_args__ = (
        UniqueConstraint("organization_id", "call_sid", name="uq_graph_session_call_sid"),
        Index("ix_graph_session_newest", "organization_id", "started_at", "id"),
        Index("ix_graph_session_active", "organization_id", "is_active", "started_at", "id"),
        Index("ix_graph_session_graph", "organization_id", "graph_id", "started_at", "id"),
        Index("ix_graph_session_node", "organization_id", "current_node_id", "started_at", "id"),
    )

    id: int | None = primary_key()
    organization_id: int = organization_key()
    call_sid: str
    graph_id: int = reference("assistant_graph")
    current_node_id: int | None = reference("graph_node", nullable=True, on_delete=None)
    current_assistant_name: str | None = None
    graph_name: str
    conversation_context: dict[str, Any] = json_object()
    is_active: bool = True
    started_at: datetime = Field(default_factory=now)
    ended_at: datetime | None = None


_session: Table = GraphSession.__table__  # type: ignore[attr-defined]
Index(
    "ix_graph_session_ended",
    *(_session.c.organization_id, highest_first(_session.c.ended_at), _session.c.id.desc()),
)


class GraphTransition(SQLModel, table=True):
    """A change of a graph session's current node."""

    __tablename__ = "graph_transition"
    __table_args__ = (
        Index("ix_graph_transition_session", "graph_session_id", "id"),
        CheckConstraint(
            one_of("condition_type", ConditionType), name="ck_graph_transition_condition"
        ),
    )

    id: int | None = primary_key()
    organization_id: int = organization_key()
    graph_session_id: int = reference("graph_session")
    edge_id: int | None = loose_reference()
    from_node_id: int | None = loose_reference()
    to_node_id: int | None = loose_reference()
    from_assistant_name: str | None = None
    to_assistant_name: str | None = None
    condition_type: str
    matched_condition: str | None = bounded_text(default=None)
    triggered_by: str | None = None
    handoff_sentence: str | None = bounded_text(default=None)
    created_at: datetime = Field(default_factory=now)
