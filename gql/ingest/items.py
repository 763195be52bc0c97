"""The items that say what happened, one per line of NDJSON: what every way in is turned into.

A field that is absent says nothing; one that is null says that there is none. `occurredAt` and
`rank` order items of one subject (see `gql/ingest/merge.py`), so neither the order in which they
arrive nor their number matters.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationInfo,
)
from pydantic.alias_generators import to_camel

from gql.domain.writes.validation import ProblemList
from gql.ingest.phone_numbers import with_country_code
from gql.models.enums import Channel, Direction, EndedReasonKind, Role, Speaker
from gql.models.types import LONGEST_NAME, LONGEST_TEXT

MOST_ELEMENTS = 10_000
"""Most elements of one set in one item."""

FARTHEST_AHEAD = timedelta(minutes=5)
"""How far the clock of a source may be ahead of ours: else one that is wrong would win for ever."""


def _storable(value: Any) -> Any:
    """Text or JSON that both databases can store."""
    # Nearly all values are plain text or a few words by name: known to be storable in a tenth of
    # the time.
    if _is_plain(value) or (isinstance(value, dict) and _is_plain_object(value)):
        return value
    problems = ProblemList()
    if isinstance(value, str):
        problems.check_text((), value)
    else:
        problems.check_json_object((), value if isinstance(value, dict) else {"": value})
    if problems.items:
        raise ValueError(problems.items[0].message.strip())
    return value


def _is_plain(value: Any) -> bool:
    return isinstance(value, str) and value.isascii() and value.isprintable()


def _is_plain_object(value: dict[str, Any]) -> bool:
    texts = (*value.keys(), *value.values())
    return all(map(_is_plain, texts)) and sum(map(len, texts)) < LONGEST_TEXT // 2


def _in_utc(instant: datetime) -> datetime:
    """The same instant in UTC, as SQLite keeps no offset."""
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise ValueError("is no instant of the years 1 to 9999 in UTC") from None


def in_region(region: str | None) -> dict[str, str] | None:
    """The context of a validation that reads numbers without country code as those of a region."""
    return None if region is None else {"region": region}


def _in_region(number: str, info: ValidationInfo) -> str:
    return with_country_code(number, info.context["region"]) if info.context else number


Instant = Annotated[AwareDatetime, AfterValidator(_in_utc)]
_STORABLE = AfterValidator(_storable)
Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME), _STORABLE]
PhoneNumber = Annotated[
    str, Field(min_length=1, max_length=LONGEST_NAME), _STORABLE, AfterValidator(_in_region)
]
"""A phone number, or what is written in its place; see `in_region` for one without country code."""

Text = Annotated[str, Field(max_length=LONGEST_TEXT), _STORABLE]
JsonObject = Annotated[dict[str, Any], _STORABLE]
JsonObjects = Annotated[list[dict[str, Any]], _STORABLE]
Count = Annotated[int, Field(ge=0, lt=2**31)]
Milliseconds = Annotated[int, Field(ge=0, lt=2**53)]
Seconds = Annotated[float, Field(allow_inf_nan=False)]
Amount = Annotated[Decimal, Field(gt=-(10**8), lt=10**8)]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$")]

Producer = Literal["manual", "pull", "file", "webhook", "event"]
"""The way on which an item came. Of the bills of one call, the first of these counts: an `event` is
a part of a bill as it arises, such as that of one leg; a `webhook` is the report at the end."""

State = Literal["queued", "ringing", "active", "ongoing", "completed", "failed"]
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
        producer: The way on which it came; what is `manual` outranks all others.
    """

    source: Name
    occurred_at: Instant
    rank: Annotated[int, Field(ge=0, le=9)] = 0
    producer: Producer = "file"


class External(Part):
    """An assistant or a graph, as the source names it."""

    external_id: Name | None = None
    name: Name | None = None


class CallItem(Item):
    """What there is to say of a call.

    Attributes:
        external_id: The key by which the source and its other items name the call.
        withdrawn: Fields whose correction (`producer: manual`) is taken back.
    """

    kind: Literal["call"] = "call"
    external_id: Name
    call_sid: Name | None = None
    carrier_call_id: Name | None = None
    source_ids: JsonObject | None = None
    channel: Channel | None = None
    direction: Direction | None = None
    to_phone_number: PhoneNumber | None = None
    customer_phone_number: PhoneNumber | None = None
    assistant: External | None = None
    graph: External | None = None
    status: State | None = None
    started_at: Instant | None = None
    answered_at: Instant | None = None
    ended_at: Instant | None = None
    duration_ms: Milliseconds | None = None
    ended_reason: Name | None = None
    ended_reason_kind: EndedReasonKind | None = None
    ended_message: Text | None = None
    summary: Text | None = None
    analysis: JsonObject | None = None
    success: Literal["success", "failure", "unknown"] | None = None
    sentiment: Name | None = None
    latency: JsonObject | None = None
    meta: JsonObject | None = None
    withdrawn: Annotated[list[Name], Field(max_length=100)] = []


class CostLine(Part):
    """One line of a call's bill; a discount is negative."""

    key: Name
    service: Service
    amount: Amount
    provider: Name | None = None
    model: Name | None = None
    usage_type: Name | None = None
    usage_amount: Amount | None = None
    unit_price: Amount | None = None


class OfCall(Item):
    """An item on what belongs to a call.

    Attributes:
        call: By what its source calls it.
        call_source: The source whose call it is; the item's own, without. A carrier tells what it
            takes for the call of an assistant platform.
    """

    call: Name
    call_source: Name | None = None


class CostsItem(OfCall):
    """All lines of a call's bill from one producer; `total` may differ from their sum."""

    kind: Literal["costs"] = "costs"
    currency: Currency
    total: Amount | None = None
    entries: Annotated[list[CostLine], Field(max_length=MOST_ELEMENTS)] = []


class CostItem(OfCall, CostLine):
    """One line of a call's bill."""

    kind: Literal["cost"] = "cost"
    currency: Currency


class Segment(Part):
    """One segment of speech; times are seconds from the beginning of the call."""

    key: Name
    speaker: Speaker | Literal["other"]
    content: Text
    speaker_label: Name | None = None
    start: Seconds | None = None
    end: Seconds | None = None
    confidence: Seconds | None = None
    is_final: bool = True
    words: JsonObjects | None = None


class TranscriptItem(OfCall):
    """All segments of a call."""

    kind: Literal["transcript"] = "transcript"
    segments: Annotated[list[Segment], Field(max_length=MOST_ELEMENTS)]


class SegmentItem(OfCall, Segment):
    """One segment of a call; `position` tells apart what is said at one instant."""

    kind: Literal["segment"] = "segment"
    position: Count = 0


class MessageContent(Part):
    """One turn of a conversation, or the call of a tool, or its result."""

    key: Name
    role: Role | Literal["tool"]
    content: Text | None = None
    provider: Name | None = None
    model: Name | None = None
    prompt_tokens: Count | None = None
    completion_tokens: Count | None = None
    total_tokens: Count | None = None
    tool_calls: JsonObjects | None = None
    tool_call_id: Name | None = None
    name: Name | None = None
    interrupted: bool | None = None
    node_key: Name | None = None


class MessageElement(MessageContent):
    """One turn in a set: its position follows from it; when it happened may differ."""

    occurred_at: Instant | None = None


class MessagesItem(OfCall):
    """All turns of a call."""

    kind: Literal["messages"] = "messages"
    messages: Annotated[list[MessageElement], Field(max_length=MOST_ELEMENTS)]


class MessageItem(OfCall, MessageContent):
    """One turn of a call; `position` tells apart what is said at one instant."""

    kind: Literal["message"] = "message"
    position: Count = 0


class RecordingItem(OfCall):
    """One recording of a call: an item says all of it."""

    kind: Literal["recording"] = "recording"
    key: Name
    url: Text | None = None
    expires_at: Instant | None = None
    needs_auth: bool = False
    duration_ms: Milliseconds | None = None
    format: Name | None = None
    of: Literal["full", "customer", "assistant", "video", "pcap", "log"] = "full"
    channels: Annotated[int, Field(ge=1, le=16)] | None = None
    status: Name | None = None
    started_at: Instant | None = None


class SessionItem(OfCall):
    """A walk through an assistant graph during a call.

    Attributes:
        current_node: The key of the node where it stands; a transition says it too.
        context: Top-level keys of the conversation's context; null removes one.
        ended_at: When it ended; null says that it goes on.
    """

    kind: Literal["session"] = "session"
    external_id: Name
    graph: External | None = None
    current_node: Name | None = None
    assistant_name: Name | None = None
    context: JsonObject | None = None
    started_at: Instant | None = None
    ended_at: Instant | None = None


class TransitionItem(OfCall):
    """A session of an assistant graph moved to a node."""

    kind: Literal["transition"] = "transition"
    session: Name
    key: Name
    position: Count = 0
    from_node: Name | None = None
    from_node_name: Name | None = None
    from_assistant_name: Name | None = None
    to_node: Name
    to_node_name: Name | None = None
    to_assistant_name: Name | None = None
    condition_type: Name | None = None
    matched_condition: Text | None = None
    triggered_by: Name | None = None
    handoff_sentence: Text | None = None


class SmsCost(Part):
    """What a carrier takes for one SMS."""

    amount: Amount
    currency: Currency


class SmsItem(Item):
    """One SMS, or its new status.

    Attributes:
        status: The source's word for how far it has come.
        cost: A line in the bill of its conversation, of telephony.
    """

    kind: Literal["sms"] = "sms"
    message_id: Name
    from_number: PhoneNumber | None = Field(default=None, alias="from")
    to_number: PhoneNumber | None = Field(default=None, alias="to")
    direction: Direction | None = None
    body: Text | None = None
    media: Annotated[list[Text], Field(max_length=100)] | None = None
    status: Name | None = None
    error_code: Name | None = None
    error_message: Text | None = None
    segments: Count | None = None
    cost: SmsCost | None = None


AnyItem = Annotated[
    CallItem
    | CostsItem
    | CostItem
    | TranscriptItem
    | SegmentItem
    | MessagesItem
    | MessageItem
    | RecordingItem
    | SessionItem
    | TransitionItem
    | SmsItem,
    Field(discriminator="kind"),
]

ITEM: TypeAdapter[AnyItem] = TypeAdapter(AnyItem)
"""Reads an item from JSON."""


def not_ahead(occurred_at: datetime, received_at: datetime) -> datetime:
    """An instant of a source's clock, no farther ahead of the first receipt than is believed.

    For those who store the receipt: the same delivery, read again, has the same instant then.
    """
    return min(occurred_at, received_at + FARTHEST_AHEAD)
