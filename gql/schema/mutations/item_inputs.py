"""What callers send of calls of other systems: the items of `gql/ingest/items.py` as inputs."""

from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any, TypeVar

import strawberry
from pydantic import BaseModel
from strawberry import UNSET
from strawberry.scalars import JSON

from gql.engine.declaration import described
from gql.ingest.items import (
    CallItem,
    CostItem,
    CostLine,
    CostsItem,
    External,
    Item,
    MessageItem,
    RecordingItem,
    SegmentItem,
    SessionItem,
    SmsCost,
    SmsItem,
    TransitionItem,
)
from gql.schema.enums import (
    CallStatus,
    CallSuccess,
    Channel,
    CostService,
    Direction,
    EndedReasonKind,
    RecordingKind,
    Role,
    Speaker,
    TransitionCondition,
)
from gql.schema.mutations.payloads import optional, required

T = TypeVar("T")

ITEM_NAMES = {"of": "kind", "from": "from_number", "to": "to_number"}
"""What an input calls differently from its item."""

ITEM_OF_INPUT: dict[type, type[Item]] = {}
"""By the inputs of items: the item that each is read as."""

OF_THE_BATCH = frozenset({"source", "producer", "kind"})
"""Fields of items that the batch says once for all."""

CALL = "The call, by what its source calls it."
CALL_SOURCE = "The source whose call it is; that of the batch, without."
KEY = "What tells it from the others of the call; sent again, it is the same one."
POSITION = "Its place among those of one instant, from 0."


def item_input(item: type[BaseModel]) -> Callable[[type[T]], type[T]]:
    """Make a class the input of an item; its docstring is the description.

    Raises:
        TypeError: at import, when the two have other fields, or require others.
    """
    own = {
        ITEM_NAMES.get(name, name): field.is_required()
        for name, field in item.model_fields.items()
        if name not in OF_THE_BATCH
    }

    def decorate(cls: type[T]) -> type[T]:
        strawberry.input(cls, description=described(cls))
        written = {
            field.name: field.default is MISSING
            for field in fields(cls)  # type: ignore[arg-type]
        }
        if written != own:
            differing = sorted(set(written.items()) ^ set(own.items()))
            raise TypeError(f"{cls.__name__} and {item.__name__} differ: {differing}")
        if issubclass(item, Item):
            ITEM_OF_INPUT[cls] = item
        return cls

    return decorate


def item_values(value: Any) -> Any:
    """What an input says, under the names of its item; nothing of what is absent."""
    if is_dataclass(value) and not isinstance(value, type):
        names = {after: before for before, after in ITEM_NAMES.items()}
        pairs = ((field.name, getattr(value, field.name)) for field in fields(value))
        return {
            names.get(name, name): item_values(inner) for name, inner in pairs if inner is not UNSET
        }
    if isinstance(value, Enum):
        return value.value
    return [item_values(each) for each in value] if isinstance(value, list) else value


@strawberry.input
class ItemInput:
    """The base of every item."""

    occurred_at: datetime = required("When it happened, by the source's clock.")
    rank: int | None = optional("The source's order of what happened in one instant: 0 to 9.")


@strawberry.input
class ItemOfCallInput(ItemInput):
    """The base of every item on what belongs to a call."""

    call: str = required(CALL)
    call_source: str | None = optional(CALL_SOURCE)


@item_input(External)
class ExternalInput:
    """An assistant or a graph, as the source names it."""

    external_id: str | None = optional("What the source calls it.")
    name: str | None = optional("Its name for people.")


@item_input(CallItem)
class CallInput(ItemInput):
    """What there is to say of a call: what is absent stays, and null says that there is none."""

    external_id: str = required("What the source calls it, in its other items too.")
    call_sid: str | None = optional("Its SID here; `externalId` without. It never changes.")
    carrier_call_id: str | None = optional("The telephone company's id.")
    source_ids: JSON | None = optional("Further ids that the source has for it: a JSON object.")
    channel: Channel | None = optional("How customer and assistant talk; VOICE without.")
    direction: Direction | None = optional("Who started it.")
    to_phone_number: str | None = optional("The organization's number.")
    customer_phone_number: str | None = optional("The customer's number, or an address.")
    assistant: ExternalInput | None = optional("Who answered.")
    graph: ExternalInput | None = optional("The graph that routed it.")
    status: CallStatus | None = optional("How far it is; it never goes back.")
    started_at: datetime | None = optional("When it started; the earliest that is named counts.")
    answered_at: datetime | None = optional("When somebody answered.")
    ended_at: datetime | None = optional("When it ended.")
    duration_ms: int | None = optional("Milliseconds.")
    ended_reason: str | None = optional("Why it ended, in the source's own word.")
    ended_reason_kind: EndedReasonKind | None = optional("The same in the words of all sources.")
    ended_message: str | None = optional("What the source says about the end in a sentence.")
    summary: str | None = optional("What it was about.")
    analysis: JSON | None = optional("What the source found out about it: a JSON object.")
    success: CallSuccess | None = optional("Whether it reached its goal, as the source judged.")
    sentiment: str | None = optional("The customer's mood, in the source's word.")
    latency: JSON | None = optional("Milliseconds by stage: a JSON object.")
    meta: JSON | None = optional("Keys of its free-form data; null removes one.")
    withdrawn: list[str] | None = optional("Fields whose correction is taken back.")


@item_input(CostLine)
class CostLineInput:
    """One line of a call's bill; a discount is below zero."""

    key: str = required("What tells it from the other lines of the bill.")
    service: CostService = required("What it was paid for.")
    amount: Decimal = required("What it cost.")
    provider: str | None = optional("Who was paid.")
    model: str | None = optional("The model, where it was one.")
    usage_type: str | None = optional("What was counted: tokens, characters, minutes.")
    usage_amount: Decimal | None = optional("How many of these.")
    unit_price: Decimal | None = optional("What one of these cost.")


@item_input(CostsItem)
class CostsInput(ItemOfCallInput):
    """All lines of a call's bill: those that came before and are not among them are gone."""

    currency: str = required("The currency's ISO 4217 code.")
    total: Decimal | None = optional("The total, where it is not the sum of the lines.")
    entries: list[CostLineInput] | None = optional("The lines.")


@item_input(CostItem)
class CostEntryInput(CostLineInput, ItemOfCallInput):
    """One line of a call's bill, beside those that are there."""

    currency: str = required("The currency's ISO 4217 code.")


@item_input(RecordingItem)
class RecordingInput(ItemOfCallInput):
    """A file about a call: the item says all of it."""

    key: str = required(KEY)
    url: str | None = optional("Where it is.")
    expires_at: datetime | None = optional("Until when the URL works.")
    needs_auth: bool | None = optional("Whether the source asks for a credential of its own.")
    duration_ms: int | None = optional("Milliseconds.")
    format: str | None = optional("Such as `wav`.")
    kind: RecordingKind | None = optional("What it holds; FULL without.")
    channels: int | None = optional("2 where each side has a channel of its own.")
    status: str | None = optional("How far it is, in the source's word.")
    started_at: datetime | None = optional("When it begins.")


@item_input(MessageItem)
class MessageInput(ItemOfCallInput):
    """One message of a call, or the call of a tool, or what it answered."""

    key: str = required(KEY)
    role: Role = required("Who wrote it.")
    content: str | None = optional("The text.")
    provider: str | None = optional("Who ran the language model.")
    model: str | None = optional("The language model.")
    prompt_tokens: int | None = optional("Tokens read by the language model.")
    completion_tokens: int | None = optional("Tokens written by the language model.")
    total_tokens: int | None = optional("Both together.")
    tool_calls: JSON | None = optional("The tools that the assistant called: a JSON array.")
    tool_call_id: str | None = optional("Which of the assistant's `toolCalls` it answers.")
    name: str | None = optional("The tool that wrote it.")
    interrupted: bool | None = optional("Whether somebody spoke over it.")
    node_key: str | None = optional("The node of the graph that it was written at.")
    position: int | None = optional(POSITION)


@item_input(SegmentItem)
class TranscriptSegmentInput(ItemOfCallInput):
    """One stretch of speech of a call."""

    key: str = required(KEY)
    speaker: Speaker = required("Who is heard.")
    content: str = required("The words.")
    speaker_label: str | None = optional("Whom the source takes the speaker for.")
    start: float | None = optional("Seconds from the call's start to its first word.")
    end: float | None = optional("Seconds from the call's start to its last word.")
    confidence: float | None = optional("How sure the speech-to-text is, from 0 to 1.")
    is_final: bool | None = optional("Whether the words are settled; true without.")
    words: JSON | None = optional("Word timings: a JSON array of objects.")
    position: int | None = optional(POSITION)


@item_input(SessionItem)
class GraphSessionInput(ItemOfCallInput):
    """What there is to say of a graph session: what is absent stays."""

    external_id: str = required("What the source calls it, in its transitions too.")
    graph: ExternalInput | None = optional("The graph: one of that name here is it.")
    current_node: str | None = optional("The key of the node where it stands; steps say it too.")
    assistant_name: str | None = optional("Who speaks there; the assistant of the node, without.")
    context: JSON | None = optional("Keys of its context: a JSON object; null removes one.")
    started_at: datetime | None = optional("When it started; the earliest that is named counts.")
    ended_at: datetime | None = optional("When it ended; null says that it goes on.")


@item_input(TransitionItem)
class GraphTransitionInput(ItemOfCallInput):
    """One step of a graph session. Its edge is the one between the two nodes, if it is alone."""

    session: str = required("The graph session, by what its source calls it.")
    key: str = required("What tells it from the other steps of the session; sent again, the same.")
    position: int | None = optional(POSITION)
    from_node: str | None = optional("The key of the node where it started.")
    from_node_name: str | None = optional("The name of that node.")
    from_assistant_name: str | None = optional("Who spoke before.")
    to_node: str = required("The key of the node that it led to.")
    to_node_name: str | None = optional("The name of that node.")
    to_assistant_name: str | None = optional("Who spoke after.")
    condition_type: TransitionCondition | None = optional("What led there; OTHER without.")
    matched_condition: str | None = optional("What made the condition hold.")
    triggered_by: str | None = optional("What the customer had said.")
    handoff_sentence: str | None = optional("What was said at the handover.")


@item_input(SmsCost)
class SmsCostInput:
    """What a carrier takes for one SMS."""

    amount: Decimal = required("How much, exactly; its conversation has it as telephony.")
    currency: str = required("Of the amount: a code of ISO 4217.")


@item_input(SmsItem)
class SmsInput(ItemInput):
    """One SMS, or its new status: what is absent stays, and null says that there is none."""

    message_id: str = required("What its carrier calls it; sent again, it is the same one.")
    from_number: str | None = optional("Who wrote it. An SMS is not used before both are known.")
    to_number: str | None = optional("Who got it.")
    direction: Direction | None = optional("Which way it went; without, it was sent.")
    body: str | None = optional("The text.")
    media: list[str] | None = optional("Addresses of what came with it.")
    status: str | None = optional("How far it is, in the carrier's word.")
    error_code: str | None = optional("Why it did not arrive, by the carrier's code.")
    error_message: str | None = optional("The same in words.")
    segments: int | None = optional("How many SMS it took.")
    cost: SmsCostInput | None = optional("What it costs, once that is known.")
