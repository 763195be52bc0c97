"""The documented shapes of calls, their transcripts and their messages."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from gql.engine.fields import ColumnSource
from gql.engine.rest_fields import fields

CALL_EXAMPLE: dict[str, Any] = {
    "id": 101,
    "call_sid": "CAxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "assistant_id": 123,
    "assistant_name": "ServiceBot",
    "flow_name": "Customer Support Flow",
    "to_phone_number": "+15551234567",
    "customer_phone_number": "+15559876543",
    "status": "completed",
    "duration": 180,
    "started_at": "2024-01-15T10:00:00Z",
    "ended_at": "2024-01-15T10:03:00Z",
    "call_meta": {"customer_id": "cust_abc123", "campaign": "winter_outreach"},
    "total_cost": 0.05,
    "llm_cost": 0.02,
    "tts_cost": 0.01,
    "stt_cost": 0.01,
    "telephony_cost": 0.01,
    "cost_currency": "USD",
}
"""The call of the API documents."""


class Call(BaseModel):
    """A voice call. Costs are null while they are not known."""

    id: int
    call_sid: str
    assistant_id: int | None
    assistant_name: str | None = Field(
        description="What it is called, or was called before it was deleted."
    )
    flow_name: str | None = Field(description="The graph that the call was routed through.")
    to_phone_number: str
    customer_phone_number: str
    status: Literal["ongoing", "completed", "failed"]
    duration: int | None = Field(description="Seconds.")
    started_at: datetime | None
    ended_at: datetime | None
    call_meta: dict[str, Any] | None
    total_cost: float | None
    llm_cost: float | None
    tts_cost: float | None
    stt_cost: float | None
    telephony_cost: float | None
    cost_currency: str | None


class Calls(BaseModel):
    """One page of calls."""

    items: list[Call]
    total: int = Field(description="Calls that pass the filters, on all pages.")
    skip: int
    limit: int


class Transcript(BaseModel):
    """One stretch of speech."""

    id: int
    call_id: int
    content: str
    speaker: Literal["user", "assistant"]
    is_final: bool
    segment_start: float | None = Field(description="Seconds into the call.")
    segment_end: float | None
    confidence: float | None
    stt_timestamps: list[Any] | None
    created_at: datetime


class Message(BaseModel):
    """One message; only the assistant's have a model and tokens."""

    id: int
    call_id: int
    role: Literal["system", "user", "assistant"]
    content: str
    message_index: int
    timestamp: datetime
    llm_provider: str | None
    llm_model: str | None
    prompt_tokens: int | None
    completion_tokens: int | None
    total_tokens: int | None


CALL_FIELDS = fields(
    id="number",
    call_sid="text",
    assistant_id="number",
    assistant_name="text",
    flow_name=ColumnSource("graph_name", "text"),
    to_phone_number="text",
    customer_phone_number="text",
    status="word",
    duration="number",
    started_at="timestamp",
    ended_at="timestamp",
    call_meta="json",
    total_cost="decimal",
    llm_cost="decimal",
    tts_cost="decimal",
    stt_cost="decimal",
    telephony_cost="decimal",
    cost_currency="text",
)
"""A call as it is answered."""

TRANSCRIPT_FIELDS = fields(
    id="number",
    call_id="number",
    content="text",
    speaker="word",
    is_final="boolean",
    segment_start="float",
    segment_end="float",
    confidence="float",
    stt_timestamps="json",
    created_at="timestamp",
)
"""A stretch of speech as it is answered."""

MESSAGE_FIELDS = fields(
    id="number",
    call_id="number",
    role="word",
    content="text",
    message_index="number",
    timestamp="timestamp",
    llm_provider="text",
    llm_model="text",
    prompt_tokens="number",
    completion_tokens="number",
    total_tokens="number",
)
"""A message as it is answered."""
