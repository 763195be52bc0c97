"""Messages of calls and SMS conversations, and transcripts of calls."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ColumnElement, FromClause, Index, Table, func
from sqlmodel import SQLModel

from gql.models.enums import Role, Speaker, one_of
from gql.models.index_orders import chronological, unique_external_id
from gql.models.types import (
    bounded_text,
    instant_of_writing,
    optional_json,
    organization_key,
    primary_key,
    reference,
    stamp_column,
)


class ChatMessage(SQLModel, table=True):
    """One message between the customer and the assistant, of a tool, or the system prompt.

    Attributes:
        source: The system that the message is known from.
        external_id: What that system calls it, within its call.
        occurred_at: When it was written; `timestamp` where nobody says.
        position: Its place among messages of one instant; `message_index` where nobody says.
        name: Of the tool that wrote it.
        tool_call_id: Which of the assistant's `tool_calls` it answers.
        interrupted: Whether somebody spoke over it.
        node_key: The node of the source's graph in which it was written.
        media: What was sent with it.
        delivery_status: The carrier's word, of an SMS; `error_code` is the carrier's, too.
        segments: How many SMS it took.
    """

    __tablename__ = "chat_message"
    __table_args__ = (
        unique_external_id("chat_message", "call_id"),
        CheckConstraint(one_of("role", Role), name="ck_chat_message_role"),
    )

    id: int | None = primary_key()
    organization_id: int = organization_key()
    call_id: int = reference("call")
    role: str
    content: str = bounded_text()
    message_index: int = 0
    timestamp: datetime = instant_of_writing()
    llm_provider: str | None = None
    llm_model: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    source: str | None = None
    external_id: str | None = None
    occurred_at: datetime | None = None
    position: int | None = None
    stamp: str | None = stamp_column()
    name: str | None = None
    tool_call_id: str | None = None
    tool_calls: list[Any] | None = optional_json()
    interrupted: bool = False
    node_key: str | None = None
    media: list[Any] | None = optional_json()
    delivery_status: str | None = None
    error_code: str | None = None
    segments: int | None = None


class Transcript(SQLModel, table=True):
    """One segment of speech, as speech-to-text recognized it.

    Attributes:
        source: The system that the segment is known from.
        external_id: What that system calls it, within its call.
        occurred_at: When it was spoken; `created_at` where nobody says.
        position: Its place among segments of one instant.
        speaker_label: Whom the source takes the speaker for.
    """

    __tablename__ = "transcript"
    __table_args__ = (
        unique_external_id("transcript", "call_id"),
        CheckConstraint(one_of("speaker", Speaker), name="ck_transcript_speaker"),
    )

    id: int | None = primary_key()
    organization_id: int = organization_key()
    call_id: int = reference("call")
    content: str = bounded_text()
    speaker: str
    is_final: bool = True
    segment_start: float | None = None
    segment_end: float | None = None
    confidence: float | None = None
    stt_timestamps: dict[str, Any] | None = optional_json()
    created_at: datetime = instant_of_writing()
    source: str | None = None
    external_id: str | None = None
    occurred_at: datetime | None = None
    position: int = 0
    stamp: str | None = stamp_column()
    speaker_label: str | None = None


def message_chronology(messages: FromClause) -> ColumnElement[str]:
    """Where messages stand in their conversation."""
    row = messages.c
    position = func.coalesce(row.position, row.message_index)
    return chronological(row.occurred_at, row.timestamp, position, row.external_id)


def transcript_chronology(segments: FromClause) -> ColumnElement[str]:
    """Where segments of speech stand in their call."""
    row = segments.c
    return chronological(row.occurred_at, row.created_at, row.position, row.external_id)


_messages: Table = ChatMessage.__table__  # type: ignore[attr-defined]
_segments: Table = Transcript.__table__  # type: ignore[attr-defined]
Index(
    "ix_chat_message_chronology",
    *(_messages.c.call_id, message_chronology(_messages), _messages.c.id),
)
Index(
    "ix_transcript_chronology",
    *(_segments.c.call_id, transcript_chronology(_segments), _segments.c.id),
)
