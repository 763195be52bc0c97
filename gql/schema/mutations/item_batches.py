"""Makes the mutations that bring in items of one kind, in batches.

An item that cannot be used does not stop the others: each has a result of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any, ClassVar

import strawberry
from pydantic import ValidationError
from strawberry.types.field import StrawberryField
from strawberry.utils.str_converters import capitalize_first, to_camel_case

from gql.domain.calls import CALLS
from gql.domain.graph_sessions import GRAPH_SESSIONS
from gql.domain.sms import SMS_CONVERSATIONS
from gql.engine.fields import BATCH_ITEMS, BATCH_RESULTS
from gql.errors import BadInput, Invalid, Problem
from gql.identity import Permission
from gql.ingest.apply import MOST_ITEMS, ItemOutcome, ItemStatus, apply_items
from gql.ingest.item_faults import item_faults
from gql.ingest.items import AnyItem, Item, in_region
from gql.ingest.phone_numbers import REGION, checked_region
from gql.query.context import Context
from gql.query.resource import Resource
from gql.schema.enums import UserErrorCode, describe
from gql.schema.mutations.item_inputs import ITEM_NAMES, ITEM_OF_INPUT, item_values
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
from gql.steps import in_steps, pause_if_long

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
"""Status, id of the subject, and problems by message and path: what is stored of a result."""


@strawberry.type(description="What became of one item.")
class ItemResult:
    status: ItemStatus = strawberry.field(description="What became of it.")
    call_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="Of an item on a call, the call's global id; null when it was not used.",
    )
    sms_conversation_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="Of an SMS, the global id of its conversation; null when it was not used.",
    )
    graph_session_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="Of a graph session or a transition, the session's global id; null when it was"
        " not used.",
    )
    problems: list[UserError] = strawberry.field(description="Why it was not used.")


_ID_FIELDS: dict[str, str] = {
    CALLS.name: "call_id",
    SMS_CONVERSATIONS.name: "sms_conversation_id",
    GRAPH_SESSIONS.name: "graph_session_id",
}
"""By subject of a batch: the field of the results that has its id."""


@strawberry.input
class BatchInput(ChangeInput):
    """The base of every batch."""

    source: str = required(SOURCE)
    is_correction: bool | None = optional(CORRECTS)
    region: str | None = optional(REGION)


def _results(root: strawberry.Parent["BatchPayload"]) -> list[ItemResult]:
    subject = root.subject
    return [
        ItemResult(
            status=ItemStatus(status),
            problems=[
                UserError(message=message, code=UserErrorCode.INVALID, path=path)
                for message, path in problems
            ],
            **({} if key is None else {_ID_FIELDS[subject.name]: global_id_of(subject, key)}),
        )
        for status, key, problems in root.outcomes
    ]


@strawberry.interface(description="What became of a batch.")
class BatchPayload(Payload):
    """The base of the payloads of batches.

    Attributes:
        subject: What the items belong to.
    """

    subject: ClassVar[Resource]
    results: list[ItemResult] = strawberry.field(
        resolver=_results,
        description="What became of each item, in their order.",
        metadata={BATCH_RESULTS: True},
    )
    outcomes: strawberry.Private[list[Result]] = field(default_factory=list)


def batch_mutation(
    name: str,
    description: str,
    *,
    items: str,
    each: type,
    batch: str,
    subject: Resource = CALLS,
) -> StrawberryField:
    """A mutation that takes a batch of items, with its input and its payload.

    `record_costs` becomes the field `recordCosts` with `RecordCostsInput` and `RecordCostsPayload`.

    Args:
        name: Of the mutation.
        description: Of the mutation.
        items: The field of the input that has the items.
        each: The input of one item; see `item_input`.
        batch: The description of the input.
        subject: What the items belong to, whose ids the results have.
    """
    title = capitalize_first(to_camel_case(name))
    input_type: Any = change_input(
        type(
            f"{title}Input",
            (BatchInput,),
            {"__doc__": batch, "__annotations__": {items: list[each]}, items: required(MOST)},  # type: ignore[valid-type]
        )
    )
    became = f"What became of the `{items}` of a batch."
    payload_type: Any = payload(
        type(f"{title}Payload", (BatchPayload,), {"__doc__": became, "subject": subject})
    )
    model = ITEM_OF_INPUT[each]

    async def change(context: Context, input: input_type) -> payload_type:
        outcomes = await _take(context, input, items, model)
        return payload_type(outcomes=outcomes)

    change.__name__ = name
    counted = {BATCH_ITEMS: to_camel_case(items)}
    return mutation(description, permission=Permission.INGEST, metadata=counted)(change)


async def _take(context: Context, input: BatchInput, name: str, model: type[Item]) -> list[Result]:
    """Use the items that can be used; a result for each.

    Raises:
        Invalid: when there are too many, or the region is none.
    """
    inputs: Sequence[Any] = getattr(input, name)
    if len(inputs) > MOST_ITEMS:
        most = f"{name} has {len(inputs):,} items, but may have at most {MOST_ITEMS:,}"
        raise Invalid((Problem((name,), most, "TOO_MANY"),))
    shared = {"source": input.source}
    if default(input.is_correction, otherwise=False):
        shared["producer"] = "manual"
    try:
        region = checked_region(default(input.region, None))
    except BadInput as error:
        raise Invalid((Problem(("region",), error.message),)) from None
    items, refused = await in_steps(_items, inputs, name, model, shared, region)
    outcomes = await apply_items(context, list(items.values()))
    results = refused | {
        index: _result(outcome, name, index) for index, outcome in zip(items, outcomes, strict=True)
    }
    return [results[index] for index in range(len(inputs))]


def _items(
    inputs: Sequence[Any],
    name: str,
    model: type[Item],
    shared: Mapping[str, str],
    region: str | None,
) -> tuple[dict[int, AnyItem], dict[int, Result]]:
    """The items of inputs by their index, and the results of those that cannot be used."""
    items: dict[int, AnyItem] = {}
    refused: dict[int, Result] = {}
    for index, each in enumerate(inputs):
        pause_if_long()
        try:
            values = {**item_values(each), **shared}
            item: Any = model.model_validate(values, context=in_region(region))
        except ValidationError as error:
            refused[index] = (ItemStatus.REFUSED, None, _problems(error, name, index))
        else:
            items[index] = item
    return items, refused


def _problems(error: ValidationError, name: str, index: int) -> list[tuple[str, list[str]]]:
    return [
        (fault.message, ["input", name, str(index), *map(_graphql_name, fault.path)])
        for fault in item_faults(error)
    ]


def _graphql_name(step: str | int) -> str:
    return to_camel_case(ITEM_NAMES.get(str(step), str(step)))


def _result(outcome: ItemOutcome, name: str, index: int) -> Result:
    path = ["input", name, str(index)]
    problems = [] if outcome.error is None else [(outcome.error, path)]
    return (outcome.status, outcome.id, problems)
