"""Mutations that bring in what other systems know of calls, in batches.

An item that cannot be used does not stop the others: each has a result of its own.
"""

from collections.abc import Sequence
from dataclasses import field
from typing import Any

import strawberry
from pydantic import ValidationError
from strawberry.utils.str_converters import to_camel_case

from gql.domain.calls import CALLS
from gql.domain.sms import SMS_CONVERSATIONS
from gql.errors import Invalid, Problem
from gql.identity import Permission
from gql.ingest.apply import MOST_ITEMS, ItemOutcome, ItemStatus, apply_items
from gql.ingest.items import (
    AnyItem,
    CallItem,
    CostItem,
    CostsItem,
    Item,
    MessageItem,
    RecordingItem,
    SegmentItem,
    SmsItem,
)
from gql.query.context import Context
from gql.schema.enums import UserErrorCode, describe
from gql.schema.mutations.item_inputs import (
    ITEM_NAMES,
    CallInput,
    CostEntryInput,
    CostsInput,
    MessageInput,
    RecordingInput,
    SmsInput,
    TranscriptSegmentInput,
    item_values,
)
from gql.schema.mutations.payloads import (
    ChangeInput,
    Payload,
    UserError,
    change_input,
    optional,
    payload,
    required,
)
from gql.schema.mutations.run import default, global_id_of, mutation

describe(
    ItemStatus,
    "What became of an item.",
    CREATED="It was the first on what it is about.",
    UPDATED="It changed what was there.",
    UNCHANGED="It has come before, or newer ones have overtaken it.",
    REFUSED="It cannot be used; `problems` say why.",
    WAITING="It is not used yet; `problems` say for what it waits.",
)

SOURCE = "The system that they are from: a word of your own, the same each time."
CORRECTS = (
    "Whether a person corrects what the source says: that counts until it is withdrawn, whatever"
    " the source sends later."
)
MOST = f"At most {MOST_ITEMS:,}."

Result = tuple[str, int | None, list[tuple[str, list[str]]]]
"""Status, id of the call, and problems by message and path: what is stored of a result."""


@strawberry.type(description="What became of one item.")
class ItemResult:
    status: ItemStatus = strawberry.field(description="What became of it.")
    call_id: strawberry.ID | None = strawberry.field(
        description="The global id of its call; null when it was not used."
    )
    sms_conversation_id: strawberry.ID | None = strawberry.field(
        description="Of an SMS, the global id of its conversation; null when it was not used."
    )
    problems: list[UserError] = strawberry.field(description="Why it was not used.")


@strawberry.input
class BatchInput(ChangeInput):
    """The base of every batch."""

    source: str = required(SOURCE)
    is_correction: bool | None = optional(CORRECTS)


def _results(root: strawberry.Parent["BatchPayload"]) -> list[ItemResult]:
    is_sms = isinstance(root, RecordSmsPayload)

    def global_id(row_id: int | None, *, of_sms: bool) -> strawberry.ID | None:
        if row_id is None or of_sms is not is_sms:
            return None
        return global_id_of(SMS_CONVERSATIONS if is_sms else CALLS, row_id)

    return [
        ItemResult(
            status=ItemStatus(status),
            call_id=global_id(call_id, of_sms=False),
            sms_conversation_id=global_id(call_id, of_sms=True),
            problems=[
                UserError(message=message, code=UserErrorCode.INVALID, path=path)
                for message, path in problems
            ],
        )
        for status, call_id, problems in root.outcomes
    ]


@strawberry.interface(description="What became of a batch.")
class BatchPayload(Payload):
    """The base of the payloads below."""

    results: list[ItemResult] = strawberry.field(
        resolver=_results, description="What became of each item, in their order."
    )
    outcomes: strawberry.Private[list[Result]] = field(default_factory=list)


async def _take(
    context: Context, input: BatchInput, name: str, model: type[Item], inputs: Sequence[Any]
) -> list[Result]:
    """Use the items that can be used; a result for each.

    Raises:
        Invalid: when there are too many.
    """
    if len(inputs) > MOST_ITEMS:
        most = f"{name} has {len(inputs):,} items, but may have at most {MOST_ITEMS:,}"
        raise Invalid((Problem((name,), most, "TOO_MANY"),))
    shared = {"source": input.source}
    if default(input.is_correction, otherwise=False):
        shared["producer"] = "manual"
    results: list[Result | None] = [None] * len(inputs)
    items: dict[int, AnyItem] = {}
    for index, each in enumerate(inputs):
        try:
            item: Any = model.model_validate({**item_values(each), **shared})
        except ValidationError as error:
            results[index] = (ItemStatus.REFUSED, None, _problems(error, name, index))
        else:
            items[index] = item
    outcomes = await apply_items(context, list(items.values()))
    for index, outcome in zip(items, outcomes, strict=True):
        results[index] = _result(outcome, name, index)
    return [result for result in results if result is not None]


def _problems(error: ValidationError, name: str, index: int) -> list[tuple[str, list[str]]]:
    return [
        (problem["msg"], ["input", name, str(index), *map(_graphql_name, problem["loc"])])
        for problem in error.errors(include_url=False, include_context=False, include_input=False)
    ]


def _graphql_name(step: str | int) -> str:
    return to_camel_case(ITEM_NAMES.get(str(step), str(step)))


def _result(outcome: ItemOutcome, name: str, index: int) -> Result:
    path = ["input", name, str(index)]
    problems = [] if outcome.error is None else [(outcome.error, path)]
    return (outcome.status, outcome.id, problems)


@change_input
class UpsertCallsInput(BatchInput):
    """What there is to say of calls."""

    calls: list[CallInput] = required(MOST)


@payload
class UpsertCallsPayload(BatchPayload):
    """What became of calls."""


@mutation(
    "Make calls of another system, or say more of them, in any order and as often as you like.",
    permission=Permission.INGEST,
)
async def upsert_calls(context: Context, input: UpsertCallsInput) -> UpsertCallsPayload:
    outcomes = await _take(context, input, "calls", CallItem, input.calls)
    return UpsertCallsPayload(outcomes=outcomes)


@change_input
class RecordCostsInput(BatchInput):
    """Whole bills of calls."""

    costs: list[CostsInput] = required(MOST)


@payload
class RecordCostsPayload(BatchPayload):
    """What became of bills."""


@mutation("Say what calls cost, with all lines of each bill.", permission=Permission.INGEST)
async def record_costs(context: Context, input: RecordCostsInput) -> RecordCostsPayload:
    outcomes = await _take(context, input, "costs", CostsItem, input.costs)
    return RecordCostsPayload(outcomes=outcomes)


@change_input
class RecordCostEntriesInput(BatchInput):
    """Single lines of bills."""

    entries: list[CostEntryInput] = required(MOST)


@payload
class RecordCostEntriesPayload(BatchPayload):
    """What became of lines."""


@mutation("Add lines to the bills of calls, or correct them.", permission=Permission.INGEST)
async def record_cost_entries(
    context: Context, input: RecordCostEntriesInput
) -> RecordCostEntriesPayload:
    outcomes = await _take(context, input, "entries", CostItem, input.entries)
    return RecordCostEntriesPayload(outcomes=outcomes)


@change_input
class RecordRecordingsInput(BatchInput):
    """Files about calls."""

    recordings: list[RecordingInput] = required(MOST)


@payload
class RecordRecordingsPayload(BatchPayload):
    """What became of recordings."""


@mutation("Say which recordings calls have.", permission=Permission.INGEST)
async def record_recordings(
    context: Context, input: RecordRecordingsInput
) -> RecordRecordingsPayload:
    outcomes = await _take(context, input, "recordings", RecordingItem, input.recordings)
    return RecordRecordingsPayload(outcomes=outcomes)


@change_input
class AppendMessagesInput(BatchInput):
    """Messages of calls."""

    messages: list[MessageInput] = required(MOST)


@payload
class AppendMessagesPayload(BatchPayload):
    """What became of messages."""


@mutation("Add messages to calls, those of tools too.", permission=Permission.INGEST)
async def append_messages(context: Context, input: AppendMessagesInput) -> AppendMessagesPayload:
    outcomes = await _take(context, input, "messages", MessageItem, input.messages)
    return AppendMessagesPayload(outcomes=outcomes)


@change_input
class AppendTranscriptInput(BatchInput):
    """Stretches of speech of calls."""

    segments: list[TranscriptSegmentInput] = required(MOST)


@payload
class AppendTranscriptPayload(BatchPayload):
    """What became of stretches of speech."""


@mutation("Add what was heard to the transcripts of calls.", permission=Permission.INGEST)
async def append_transcript(
    context: Context, input: AppendTranscriptInput
) -> AppendTranscriptPayload:
    outcomes = await _take(context, input, "segments", SegmentItem, input.segments)
    return AppendTranscriptPayload(outcomes=outcomes)


@change_input
class RecordSmsInput(BatchInput):
    """SMS that were received or sent."""

    messages: list[SmsInput] = required(MOST)


@payload
class RecordSmsPayload(BatchPayload):
    """What became of SMS."""


@mutation(
    "Say which SMS were received and sent, and how far they have come. Each goes into the open"
    " conversation of its numbers, or opens one.",
    permission=Permission.INGEST,
)
async def record_sms(context: Context, input: RecordSmsInput) -> RecordSmsPayload:
    outcomes = await _take(context, input, "messages", SmsItem, input.messages)
    return RecordSmsPayload(outcomes=outcomes)


MUTATIONS = (
    upsert_calls,
    record_costs,
    record_cost_entries,
    record_recordings,
    append_messages,
    append_transcript,
    record_sms,
)
