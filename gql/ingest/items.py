"""The items that say what happened, one per line of NDJSON: what every way in is turned into.

A field that is absent says nothing; one that is null says that there is none. `occurredAt` and
`rank` order items of one subject (see `gql/ingest/merge.py`), so neither the order in which they
arrive nor their number matters.
"""

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter
from pydantic.alias_generators import to_camel

from gql.models.enums import Channel, Direction, Role, Speaker
from gql.models.types import LONGEST_NAME, LONGEST_TEXT

Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
Text = Annotated[str, Field(max_length=LONGEST_TEXT)]
Milliseconds = Annotated[int, Field(ge=0, lt=2**63)]
MOST_ELEMENTS = 10_000
"""Most elements of one set in one item."""

Producer = Literal["webhook", "pull", "file", "manual"]
State = Literal["queued", "ringing", "ongoing", "completed", "failed"]
Service = Literal["llm", "tts", "stt", "telephony", "other"]


class Part(BaseModel):
    """A part of an item; a field that is not described is refused, since it would be lost."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")


class Item(Part):
    """What all items have.

    Attributes:
        source: The system that the item is from.
        occurred_at: When it happened, by the source's clock.
        rank: The source's order of what happened in one instant.
        producer: The way on which it came.
    """

    source: Name
    occurred_at: AwareDatetime
    rank: Annotated[int, Field(ge=0, le=9)] = 0
    producer: Producer = "file"


class External(Part):
    """An assistant or a graph, as the source names it."""

    external_id: Name | None = None
    name: Name | None = None


class CallItem(Item):
    """What is said of a call."""

    kind: Literal["call"] = "call"
    external_id: Name
    call_sid: Name | None = None
    carrier_call_id: Name | None = None
    source_ids: dict[str, Any] | None = None
    channel: Channel | None = None
    direction: Direction | None = None
    to_phone_number: Name | None = None
    customer_phone_number: Name | None = None
    assistant: External | None = None
    graph: External | None = None
    status: State | None = None
    started_at: AwareDatetime | None = None
    answered_at: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None
    duration_ms: Milliseconds | None = None
    ended_reason: Name | None = None
    ended_reason_kind: Name | None = None
    ended_message: Text | None = None
    summary: Text | None = None
    analysis: dict[str, Any] | None = None
    success: Literal["success", "failure", "unknown"] | None = None
    sentiment: Name | None = None
    latency: dict[str, Any] | None = None
    meta: dict[str, Any] | None = None


class CostEntry(Part):
    """One line of a call's bill; a discount is negative."""

    key: Name
    service: Service
    amount: Decimal
    provider: Name | None = None
    model: Name | None = None
    usage_type: Name | None = None
    usage_amount: Decimal | None = None
    unit_price: Decimal | None = None


class OfCall(Item):
    """An item on what belongs to a call."""

    call: Name


class CostsItem(OfCall):
    """All lines of a call's bill from one producer; `total` may differ from their sum."""

    kind: Literal["costs"] = "costs"
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    total: Decimal | None = None
    entries: Annotated[list[CostEntry], Field(max_length=MOST_ELEMENTS)] = []


class Segment(Part):
    """One segment of speech; times are seconds from the beginning of the call."""

    key: Name
    speaker: Speaker | Literal["other"]
    content: Text
    start: float | None = None
    end: float | None = None
    confidence: float | None = None
    is_final: bool = True
    words: list[dict[str, Any]] | None = None


class TranscriptItem(OfCall):
    """All segments of a call."""

    kind: Literal["transcript"] = "transcript"
    segments: Annotated[list[Segment], Field(max_length=MOST_ELEMENTS)]


class SegmentItem(OfCall, Segment):
    """One segment of a call."""

    kind: Literal["segment"] = "segment"


class Message(Part):
    """One turn of a conversation, or the call of a tool, or its result."""

    key: Name
    role: Role | Literal["tool"]
    content: Text | None = None
    occurred_at: AwareDatetime | None = None
    model: Name | None = None
    tool_calls: list[dict[str, Any]] | None = None
    tool_call_id: Name | None = None
    name: Name | None = None
    interrupted: bool | None = None


class MessagesItem(OfCall):
    """All turns of a call."""

    kind: Literal["messages"] = "messages"
    messages: Annotated[list[Message], Field(max_length=MOST_ELEMENTS)]


class RecordingItem(OfCall):
    """One recording of a call."""

    kind: Literal["recording"] = "recording"
    key: Name
    url: Annotated[str, Field(max_length=LONGEST_TEXT)] | None = None
    expires_at: AwareDatetime | None = None
    duration_ms: Milliseconds | None = None
    of: Literal["full", "customer", "assistant", "video", "pcap", "log"] = "full"
    channels: Annotated[int, Field(ge=1, le=16)] | None = None
    status: Name | None = None


class TransitionItem(Item):
    """A session of an assistant graph moved to a node."""

    kind: Literal["transition"] = "transition"
    session: Name
    call: Name
    key: Name
    from_node: Name | None = None
    to_node: Name
    condition_type: Name | None = None
    matched_condition: Text | None = None


class SmsItem(Item):
    """One SMS, or its new status."""

    kind: Literal["sms"] = "sms"
    message_id: Name
    from_number: Name | None = Field(default=None, alias="from")
    to_number: Name | None = Field(default=None, alias="to")
    direction: Direction | None = None
    body: Text | None = None
    media: list[str] | None = None
    status: Name | None = None
    error_code: Name | None = None
    segments: Annotated[int, Field(ge=0)] | None = None


AnyItem = Annotated[
    CallItem
    | CostsItem
    | TranscriptItem
    | SegmentItem
    | MessagesItem
    | RecordingItem
    | TransitionItem
    | SmsItem,
    Field(discriminator="kind"),
]

ITEM: TypeAdapter[AnyItem] = TypeAdapter(AnyItem)
"""Reads an item from JSON."""


def said(item: BaseModel) -> dict[str, Any]:
    """The fields that an item names, null among them."""
    return {name: getattr(item, name) for name in item.model_fields_set}
