"""Messages of calls and SMS conversations, and transcripts of calls."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from gql.models.enums import Role, Speaker, one_of
from gql.models.types import (
    bounded_text,
    now,
    optional_json,
    organization_key,
    primary_key,
    reference,
)


class ChatMessage(SQLModel, table=True):
    """One message between the customer and the assistant, or the system prompt before them."""

    __tablename__ = "chat_message"
    __table_args__ = (
        Index("ix_chat_message_call", "call_id", "message_index", "id"),
        CheckConstraint(one_of("role", Role), name="ck_chat_message_role"),
    )

    id: int | None = primary_key()
    organization_id: int = organization_key()
    call_id: int = reference("call")
    role: str
    content: str = bounded_text()
    message_index: int
    timestamp: datetime = Field(default_factory=now)
    llm_provider: str | None = None
    llm_model: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None


class Transcript(SQLModel, table=True):
    """One segment of speech, as speech-to-text recognized it."""

    __tablename__ = "transcript"
    __table_args__ = (
        Index("ix_transcript_call", "call_id", "id"),
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
    created_at: datetime = Field(default_factory=now)
