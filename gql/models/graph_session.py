"""Graph sessions, each a conversation that a graph routes, and their transitions."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    FromClause,
    Index,
    Table,
    UniqueConstraint,
)
from sqlmodel import SQLModel

from gql.models.enums import TransitionCondition, one_of
from gql.models.index_orders import chronological, highest_first, unique_external_id
from gql.models.types import (
    bounded_text,
    instant_of_writing,
    json_object,
    loose_reference,
    merge_state_column,
    organization_key,
    primary_key,
    reference,
    stamp_column,
)


class GraphSession(SQLModel, table=True):
    """A conversation that a graph routes.

    The names are copies: they stay readable after the graph's structure was replaced.

    Attributes:
        graph_id: None where a source routed it by a graph that is not kept here.
        graph_version: The version of the graph's structure when it started; None where that is not
            known.
        source: The system that the session is known from.
        external_id: What that system calls it.
        occurred_at: The newest instant that the source told anything about it.
    """

    __tablename__ = "graph_session"
    __table_args__ = (
        UniqueConstraint("organization_id", "call_sid", name="uq_graph_session_call_sid"),
        unique_external_id("graph_session"),
        Index("ix_graph_session_newest", "organization_id", "started_at", "id"),
        Index("ix_graph_session_active", "organization_id", "is_active", "started_at", "id"),
        Index("ix_graph_session_graph", "organization_id", "graph_id", "started_at", "id"),
        Index("ix_graph_session_node", "organization_id", "current_node_id", "started_at", "id"),
    )

    id: int | None = primary_key()
    organization_id: int = organization_key()
    call_sid: str
    graph_id: int | None = reference("assistant_graph", nullable=True)
    current_node_id: int | None = reference("graph_node", nullable=True, on_delete=None)
    current_assistant_name: str | None = None
    graph_name: str
    conversation_context: dict[str, Any] = json_object()
    is_active: bool = True
    started_at: datetime = instant_of_writing()
    ended_at: datetime | None = None
    source: str | None = None
    external_id: str | None = None
    occurred_at: datetime | None = None
    graph_version: int | None = None
    merge_state: dict[str, Any] | None = merge_state_column()


_session: Table = GraphSession.__table__  # type: ignore[attr-defined]
Index(
    "ix_graph_session_ended",
    *(_session.c.organization_id, highest_first(_session.c.ended_at), _session.c.id.desc()),
)


class GraphTransition(SQLModel, table=True):
    """A change of a graph session's current node.

    Attributes:
        source: The system that the transition is known from.
        external_id: What that system calls it, within its session.
        occurred_at: When it happened; `created_at` where nobody says.
        position: Its place among transitions of one instant.
        from_node_key: What the source calls the node, beside its name; so with `to_node_key`.
    """

    __tablename__ = "graph_transition"
    __table_args__ = (
        unique_external_id("graph_transition", "graph_session_id"),
        CheckConstraint(
            one_of("condition_type", TransitionCondition), name="ck_graph_transition_condition"
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
    created_at: datetime = instant_of_writing()
    source: str | None = None
    external_id: str | None = None
    occurred_at: datetime | None = None
    position: int = 0
    stamp: str | None = stamp_column()
    from_node_key: str | None = None
    to_node_key: str | None = None
    from_node_name: str | None = None
    to_node_name: str | None = None


def transition_chronology(transitions: FromClause) -> ColumnElement[str]:
    """Where transitions stand in their session."""
    row = transitions.c
    return chronological(row.occurred_at, row.created_at, row.position, row.external_id)


_transitions: Table = GraphTransition.__table__  # type: ignore[attr-defined]
Index(
    "ix_graph_transition_chronology",
    *(_transitions.c.graph_session_id, transition_chronology(_transitions), _transitions.c.id),
)
