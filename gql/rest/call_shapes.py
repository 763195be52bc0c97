"""The documented shapes of calls, their transcripts and their messages."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from gql.domain.resource import Record
from gql.rest.wire import money

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


def call_wire(call: Record) -> dict[str, Any]:
    """A call as it is answered."""
    return {
        "id": call.id,
        "call_sid": call.call_sid,
        "assistant_id": call.assistant_id,
        "assistant_name": call.assistant_name,
        "flow_name": call.graph_name,
        "to_phone_number": call.to_phone_number,
        "customer_phone_number": call.customer_phone_number,
        "status": call.status,
        "duration": call.duration,
        "started_at": call.started_at,
        "ended_at": call.ended_at,
        "call_meta": call.call_meta,
        "total_cost": money(call.total_cost),
        "llm_cost": money(call.llm_cost),
        "tts_cost": money(call.tts_cost),
        "stt_cost": money(call.stt_cost),
        "telephony_cost": money(call.telephony_cost),
        "cost_currency": call.cost_currency,
    }


def transcript_wire(transcript: Record) -> dict[str, Any]:
    """A stretch of speech as it is answered."""
    return {
        "id": transcript.id,
        "call_id": transcript.call_id,
        "content": transcript.content,
        "speaker": transcript.speaker,
        "is_final": transcript.is_final,
        "segment_start": transcript.segment_start,
        "segment_end": transcript.segment_end,
        "confidence": transcript.confidence,
        "stt_timestamps": transcript.stt_timestamps,
        "created_at": transcript.created_at,
    }


def message_wire(message: Record) -> dict[str, Any]:
    """A message as it is answered."""
    return {
        "id": message.id,
        "call_id": message.call_id,
        "role": message.role,
        "content": message.content,
        "message_index": message.message_index,
        "timestamp": message.timestamp,
        "llm_provider": message.llm_provider,
        "llm_model": message.llm_model,
        "prompt_tokens": message.prompt_tokens,
        "completion_tokens": message.completion_tokens,
        "total_tokens": message.total_tokens,
    }
