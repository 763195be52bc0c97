"""What groups of calls cost, in the GraphQL schema."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any

import strawberry
from strawberry import UNSET
from strawberry.scalars import JSON
from strawberry.types import Info
from strawberry.utils.str_converters import to_camel_case

from gql.domain.assistants import ASSISTANTS
from gql.domain.cost_groups import (
    COSTED_RECORDS,
    CostArguments,
    CostDimension,
    cost_request,
)
from gql.domain.graphs import GRAPHS
from gql.engine.declaration import column, field_of, nested_object, one, sum_of_money
from gql.engine.fields import (
    SOURCE,
    CostReportField,
    CostReportSource,
    PreviousGroupSource,
    RepricedGroupSource,
)
from gql.loaders.cost_groups import CostGroupsLoader, GroupsKey, GroupsRead
from gql.query.context import Context
from gql.query.cost_figures import GroupOrder
from gql.query.cost_groups import MAX_GROUPS, CostRequest
from gql.query.resource import Record
from gql.schema.assistants import Assistant
from gql.schema.enums import CallStatus, Channel, describe
from gql.schema.graphs import AssistantGraph
from gql.schema.inputs.calls import CallFilter
from gql.schema.inputs.ordering import OrderDirection
from gql.schema.repricing import RATE_CARD, RateCardInput, RepricedCosts, read_rate_card
from gql.schema.scalars import BigInt

DEFAULT_GROUPS = 100

describe(
    CostDimension,
    "What calls are grouped by. The currency is always one more: amounts in two are never added.",
    HOUR="The hour of the start: sixty minutes, by the clock of the time zone.",
    DAY="The day of the start.",
    WEEK="The week of the start, from Monday.",
    MONTH="The month of the start.",
    ASSISTANT="Who answered.",
    GRAPH="The graph that routed the call.",
    STATUS="How far it is.",
    ENDED_REASON="Why it ended, in the source's own word.",
    NUMBER="The organization's number.",
    CHANNEL="Voice or SMS; `channels` says which are there.",
    SOURCE="The system that it is known from.",
    CURRENCY="The currency of the cost.",
)


@strawberry.enum(description="What a period is compared with.")
class CostComparison(Enum):
    """The one there is."""

    PREVIOUS_PERIOD = strawberry.enum_value(
        "previous_period",
        description="As many whole months or days before it, or as long a time.",
    )


@strawberry.enum(name="CostOrderField", description="What groups can be sorted by.")
class CostOrderField(Enum):
    """The members of `GroupOrder`."""

    KEY = strawberry.enum_value(
        "key", description="By time, then by what else they are grouped by."
    )
    CALLS = strawberry.enum_value("calls", description="By the number of calls.")
    DURATION = strawberry.enum_value("duration", description="By their duration together.")
    TOTAL = strawberry.enum_value("total", description="By total cost, whatever the currency.")


@strawberry.input(description="How groups are sorted; ties are broken by their keys.")
class CostOrder:
    """By what, and which way."""

    field: CostOrderField = strawberry.field(description="What to sort by.")
    direction: OrderDirection | None = strawberry.field(
        default=UNSET,
        description="Which way; without it by key from the earliest, else from the largest.",
    )


@strawberry.type(description="How long the calls of a group took, in seconds.")
class CallDurations:
    """Resolved from a group."""

    sum: BigInt = column("All together.", "duration_sum")
    average: float | None = column("Of the calls with a duration.", "duration_average")
    p50: float | None = column("Half of them took no longer: the median.", "duration_p50")
    p95: float | None = column("95 % of them took no longer.", "duration_p95")


@strawberry.type(
    description="What the calls of a group cost, exact. `total` is the sum of all the others. Calls"
    " without a total are left out; null means that no call has one."
)
class CostSums:
    """Resolved from a group."""

    total: Decimal | None = sum_of_money("Everything together, as billed.", "total_cost")
    llm: Decimal | None = sum_of_money("The language model.", "llm_cost")
    tts: Decimal | None = sum_of_money("Text to speech.", "tts_cost")
    stt: Decimal | None = sum_of_money("Speech to text.", "stt_cost")
    telephony: Decimal | None = sum_of_money("The telephone line.", "telephony_cost")
    unattributed: Decimal | None = sum_of_money(
        "What is in the total and in no service: fees, or below zero discounts.",
        "unattributed_cost",
    )
    currency: str | None = column(
        "The currency's ISO 4217 code; null for calls without one.", "cost_currency"
    )


@strawberry.type(description="Of how many calls the cost is known.")
class CostCoverage:
    """Resolved from a group."""

    calls: int = column("All calls of the group.", "calls")
    with_cost: int = column("Those with a total: amounts are theirs.", "with_cost")
    ongoing: int = column("Those that go on, which may cost more yet.", "ongoing")


def _previous(root: strawberry.Parent[Record]) -> Any:
    return root.previous


def _repriced(root: strawberry.Parent[Record]) -> Any:
    return None if root.repriced_calls is None else root


@strawberry.type(description="Calls of one currency, added up.")
class CostFigures:
    """Resolved from a group."""

    calls: int = column("How many calls.")
    duration: CallDurations = nested_object("How long they took.")
    cost: CostSums = nested_object("What they cost.")
    coverage: CostCoverage = nested_object("Of how many of them that is known.")
    repriced: RepricedCosts | None = field_of(
        "What they would cost under other prices; null without `rateCard`.",
        RepricedGroupSource(),
        _repriced,
    )


@strawberry.type(
    description="Calls that are alike in what they are grouped by, added up. What they are not"
    " grouped by is null."
)
class CostGroup(CostFigures):
    """Resolved from a group."""

    start: datetime | None = column("The start of its hour, day, week or month.", "bucket_start")
    end: datetime | None = column("The end of that: the first instant after it.", "bucket_end")
    assistant: Assistant | None = one(
        "Who answered; null once it was deleted.", ASSISTANTS, "assistant_id"
    )
    graph: AssistantGraph | None = one(
        "The graph that routed them; null without one or once it was deleted.", GRAPHS, "graph_id"
    )
    status: CallStatus | None = column("How far they are.")
    ended_reason: str | None = column("Why they ended.")
    assistant_phone_number: str | None = column("The organization's number.", "to_phone_number")
    channel: Channel | None = column("Voice or SMS.")
    source: str | None = column("The system that they are known from.")
    filter: JSON = column(
        "The filter of `calls` that only these calls pass; SMS conversations are not among them.",
        "group_filter",
    )
    previous: CostFigures | None = field_of(
        "The same group in the period before; null without `compareTo`, or where there were no"
        " such calls. A bucket is compared with the one of the same number.",
        PreviousGroupSource(),
        _previous,
    )


@dataclass(frozen=True)
class RequestedReport:
    """A report that a query requests; both fields are of one read.

    Attributes:
        context: The operation's.
        key: What is grouped, and what is needed of it.
    """

    context: Context
    key: GroupsKey

    async def read(self) -> GroupsRead:
        return await CostGroupsLoader.of(self.context).load(self.key)


ReportParent = strawberry.Parent[RequestedReport]


async def _groups(root: ReportParent) -> list[Record]:
    return (await root.read()).groups


async def _group_count(root: ReportParent) -> int:
    group_count = (await root.read()).group_count
    assert group_count is not None  # noqa: S101, it is selected, and so counted
    return group_count


@strawberry.type(description="Groups of calls with what they cost.")
class CostReport:
    """Resolved from a `RequestedReport`."""

    groups: list[CostGroup] = strawberry.field(
        resolver=_groups,
        metadata={SOURCE: CostReportField.GROUPS},
        description="The groups, at most `first` of them.",
    )
    group_count: int = strawberry.field(
        resolver=_group_count,
        metadata={SOURCE: CostReportField.GROUP_COUNT},
        description="How many groups there are, those beyond `first` too.",
    )


def _read_arguments(
    *,
    filter: CallFilter | None = UNSET,
    channels: Sequence[Channel] | None = UNSET,
    group_by: Sequence[CostDimension] | None = UNSET,
    timezone: str | None = None,
    compare_to: CostComparison | None = UNSET,
    order_by: CostOrder | None = UNSET,
    first: int | None = None,
    empty_buckets: bool | None = None,
    rate_card: RateCardInput | None = UNSET,
) -> CostRequest:
    """The arguments of `costs` as what is grouped.

    Raises:
        BadInput: when one cannot be used.
    """
    order = GroupOrder[order_by.field.name] if order_by else GroupOrder.KEY
    descending = order != GroupOrder.KEY
    if order_by and order_by.direction:
        descending = order_by.direction == OrderDirection.DESC
    return cost_request(
        CostArguments(
            filter=filter.conditions() if filter else (),
            filter_json=_as_json(filter) if filter else {},
            channels=(Channel.VOICE,) if not _is_there(channels) else channels or (),
            group_by=group_by or (),
            timezone="UTC" if timezone is None else timezone,
            compare=bool(compare_to),
            order=order,
            descending=descending,
            first=DEFAULT_GROUPS if first is None else first,
            empty_buckets=bool(empty_buckets),
            rate_card=read_rate_card(rate_card) if rate_card else None,
        )
    )


def _is_there(value: Any) -> bool:
    return value is not None and value is not UNSET


def _as_json(value: Any) -> Any:
    """A value of an input type, or within one, as JSON sends it."""
    if isinstance(value, list):
        return [_as_json(each) for each in value]
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, Decimal):
        return str(value)
    if hasattr(value, "__strawberry_definition__"):
        return dict(_members(value))
    return value


def _members(value: Any) -> Iterator[tuple[str, Any]]:
    for field in value.__strawberry_definition__.fields:
        member = getattr(value, field.python_name)
        if member is not UNSET:
            name = field.graphql_name or to_camel_case(field.python_name)
            yield name, _as_json(member)


def _argument(description: str) -> Any:
    return strawberry.argument(description=description)


async def _costs(
    info: Info,
    filter: Annotated[
        CallFilter | None, _argument("Which calls are added up; all conditions must hold.")
    ] = UNSET,
    channels: Annotated[
        list[Channel] | None,
        _argument("Of voice calls (the default), of SMS conversations, or of both."),
    ] = UNSET,
    group_by: Annotated[
        list[CostDimension] | None,
        _argument(
            "What they are grouped by, besides the currency. With HOUR, DAY, WEEK or MONTH"
            " `filter.startedAt` needs a start and an end."
        ),
    ] = UNSET,
    timezone: Annotated[
        str | None, _argument("Where hours, days, weeks and months begin: `Europe/Berlin`.")
    ] = "UTC",
    compare_to: Annotated[CostComparison | None, _argument("What `previous` is read of.")] = UNSET,
    order_by: Annotated[CostOrder | None, _argument("How the groups are sorted.")] = UNSET,
    first: Annotated[int | None, _argument(f"Most groups: 1 to {MAX_GROUPS}.")] = DEFAULT_GROUPS,
    empty_buckets: Annotated[
        bool | None, _argument("Whether an hour, day, week or month without calls is a group too.")
    ] = False,
    rate_card: Annotated[RateCardInput | None, _argument(RATE_CARD)] = UNSET,
) -> Any:
    request = _read_arguments(
        filter=filter,
        channels=channels,
        group_by=group_by,
        timezone=timezone,
        compare_to=compare_to,
        order_by=order_by,
        first=first,
        empty_buckets=empty_buckets,
        rate_card=rate_card,
    )
    key = GroupsKey(
        request.groups(COSTED_RECORDS),
        request.values,
        with_percentiles=selects_percentiles(info),
        with_count=_selects(info, "groupCount"),
    )
    return RequestedReport(info.context, key)


def selects_percentiles(info: Info) -> bool:
    """Whether a percentile is selected somewhere below a field: the rollup has none."""
    return _selects(info, "p50", "p95")


def _selects(info: Info, *names: str) -> bool:
    """Whether a field with one of the names is selected somewhere below a field."""
    waiting: list[Any] = list(info.selected_fields)
    while waiting:
        selected = waiting.pop()
        if getattr(selected, "name", None) in names:  # an inline fragment has none
            return True
        waiting.extend(getattr(selected, "selections", ()))
    return False


costs = field_of(
    "What calls cost and how long they took, by groups.",
    CostReportSource(COSTED_RECORDS, _read_arguments),
    _costs,
)
"""The root field."""
