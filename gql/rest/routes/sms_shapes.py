"""The documented shapes of SMS conversations, their messages and what is related to them."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from gql.engine.fields import ColumnSource
from gql.engine.rest_fields import fields
from gql.query.resource import Record

CONVERSATION_EXAMPLE: dict[str, Any] = {
    "id": 101,
    "session_id": "sms:+15559876543:+15551234567",
    "assistant_id": 123,
    "assistant_name": "Support Bot",
    "customer_phone_number": "+15559876543",
    "assistant_phone_number": "+15551234567",
    "status": "active",
    "message_count": 8,
    "started_at": "2026-04-30T10:00:00Z",
    "last_activity": "2026-04-30T10:14:00Z",
    "ended_at": None,
    "channel": "sms",
}
"""The conversation of the API documents."""

MESSAGES_EXAMPLE: list[dict[str, Any]] = [
    {
        "id": 1,
        "conversation_id": 101,
        "role": "user",
        "content": "Can I reschedule?",
        "timestamp": "2026-04-30T10:05:00Z",
        "message_index": 1,
        "llm_provider": None,
        "llm_model": None,
    },
    {
        "id": 2,
        "conversation_id": 101,
        "role": "assistant",
        "content": "Sure. What day works best?",
        "timestamp": "2026-04-30T10:05:05Z",
        "message_index": 2,
        "llm_provider": "openai",
        "llm_model": "gpt-4o-mini",
    },
]
"""Its first messages."""

RELATED_EXAMPLE: list[dict[str, Any]] = [
    {
        "id": 101,
        "call_sid": "sms_101",
        "channel": "sms",
        "direction": "inbound",
        "status": "active",
        "duration": None,
        "message_count": 8,
        "started_at": "2026-04-30T10:00:00Z",
        "ended_at": None,
        "is_current": True,
    }
]
"""What is related to it: itself."""


class SmsConversation(BaseModel):
    """A thread of text messages between a customer and an assistant."""

    id: int
    session_id: str = Field(description="`sms:<customer>:<assistant number>`.")
    assistant_id: int | None
    assistant_name: str | None = Field(
        description="What it is called, or was called before it was deleted."
    )
    customer_phone_number: str
    assistant_phone_number: str
    status: Literal["active", "completed"]
    message_count: int
    started_at: datetime
    last_activity: datetime
    ended_at: datetime | None
    channel: Literal["sms"]


class SmsMessage(BaseModel):
    """One message; only the assistant's have a model."""

    id: int
    conversation_id: int
    role: Literal["user", "assistant"]
    content: str
    timestamp: datetime
    message_index: int = Field(description="From 1.")
    llm_provider: str | None
    llm_model: str | None


class RelatedRecord(BaseModel):
    """A call or an SMS conversation of the same customer and assistant."""

    id: int
    call_sid: str
    channel: Literal["voice", "sms"]
    direction: Literal["inbound", "outbound"]
    status: Literal["active", "ongoing", "completed", "failed"]
    duration: int | None = Field(description="Seconds; null for SMS.")
    message_count: int
    started_at: datetime
    ended_at: datetime | None
    is_current: bool = Field(description="Whether it is the conversation that was asked about.")


class ExportedConversation(SmsConversation):
    """A conversation with all of its messages."""

    messages: list[SmsMessage]


class Archived(BaseModel):
    """A conversation was archived."""

    success: bool
    message: str


CONVERSATION_FIELDS = fields(
    id="number",
    session_id="text",
    assistant_id="number",
    assistant_name="text",
    customer_phone_number="text",
    assistant_phone_number=ColumnSource("to_phone_number", "text"),
    status="word",
    message_count="number",
    started_at="timestamp",
    last_activity="timestamp",
    ended_at="timestamp",
    channel="word",
)
"""A conversation as it is answered."""

MESSAGE_FIELDS = fields(
    id="number",
    conversation_id=ColumnSource("call_id", "number"),
    role="word",
    content="text",
    timestamp="timestamp",
    message_index="number",
    llm_provider="text",
    llm_model="text",
)
"""A message as it is answered."""


def related_wire(record: Record, conversation_id: int) -> dict[str, Any]:
    """A related record as it is answered."""
    return {
        "id": record.id,
        "call_sid": record.call_sid,
        "channel": record.channel,
        "direction": record.direction,
        "status": record.status,
        "duration": record.duration,
        "message_count": record.message_count,
        "started_at": record.started_at,
        "ended_at": record.ended_at,
        "is_current": record.id == conversation_id,
    }
