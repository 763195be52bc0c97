"""What calls cost, grouped by their time and by what they are: what a request may ask for."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

import orjson

from gql.domain.calls import CALLS, SMS, VOICE
from gql.errors import BadInput
from gql.models.enums import Channel
from gql.query.cost_figures import CURRENCY, ROLLED_UP, Grouping, GroupOrder
from gql.query.cost_groups import MAX_GROUPS, CostRequest, GroupValues
from gql.query.filters import Condition, Filter
from gql.query.repricing import RateCard
from gql.query.time_buckets import Bucket, bucket_bounds, previous_range, time_zone

_CONVERSATIONS = replace(
    CALLS, name="sms_conversation", visible=lambda call: (call.c.channel == SMS,)
)
_EVERYTHING = replace(
    CALLS,
    name="call_record",
    visible=lambda call: (call.c.channel.in_([VOICE, SMS]),),
)

COSTED_RECORDS = {each.name: each for each in (CALLS, _CONVERSATIONS, _EVERYTHING)}
"""What costs may be summed up of: archived conversations too, as they were paid for."""

_RESOURCES = {
    frozenset({Channel.VOICE}): CALLS.name,
    frozenset({Channel.SMS}): _CONVERSATIONS.name,
    frozenset(Channel): _EVERYTHING.name,
}


class CostDimension(StrEnum):
    """What calls are grouped by; the value is the column, or the length of a bucket."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    ASSISTANT = "assistant_id"
    GRAPH = "graph_id"
    STATUS = "status"
    ENDED_REASON = "ended_reason"
    NUMBER = "to_phone_number"
    CHANNEL = "channel"
    SOURCE = "source"
    CURRENCY = CURRENCY


_BUCKETS = frozenset(each.value for each in Bucket)
_MICROSECOND = timedelta(microseconds=1)


class CostArguments(NamedTuple):
    """What a request says.

    Attributes:
        filter: Which calls.
        filter_json: The same as the client wrote it.
        channels: Of voice calls, of SMS conversations, or of both.
        group_by: What they are grouped by, besides the currency.
        timezone: Where days begin.
        compare: Whether to the period before.
        order: Of the groups.
        descending: Their direction.
        first: Most groups.
        empty_buckets: Whether there is a group for each bucket without calls.
        rate_card: Other prices, beside those that were paid.
    """

    filter: Filter
    filter_json: dict[str, Any]
    channels: Sequence[Channel]
    group_by: Sequence[CostDimension]
    timezone: str
    compare: bool
    order: GroupOrder
    descending: bool
    first: int
    empty_buckets: bool
    rate_card: RateCard | None


def cost_request(arguments: CostArguments) -> CostRequest:
    """What is grouped, and how.

    Raises:
        BadInput: when arguments contradict each other, or make too many groups.
    """
    if not 1 <= arguments.first <= MAX_GROUPS:
        raise BadInput(f"`first` is {arguments.first}, but has to be from 1 to {MAX_GROUPS:,}.")
    resource = _RESOURCES.get(frozenset(arguments.channels))
    if resource is None:
        raise BadInput("`channels` is empty: leave it out, or name a channel.")
    bucket = _bucket(arguments.group_by)
    if arguments.empty_buckets and bucket is None:
        raise BadInput("`emptyBuckets` needs HOUR, DAY, WEEK or MONTH in `groupBy`.")
    values = GroupValues(
        arguments.first,
        *_bounds(arguments, bucket),
        *_filter_parts(arguments),
        rate_card=arguments.rate_card,
    )
    previous = _previous_filter(arguments) if arguments.compare else None
    filters = (arguments.filter, *(() if previous is None else (previous,)))
    grouping = Grouping(
        keys=_keys(arguments.group_by),
        has_buckets=bucket is not None,
        order=arguments.order,
        descending=arguments.descending,
        with_empty=arguments.empty_buckets,
        is_compared=arguments.compare,
        by_day=bucket == Bucket.DAY,
        fits_rollup=arguments.rate_card is None
        and _fits_rollup(arguments.group_by, filters, values),
        rates=() if arguments.rate_card is None else arguments.rate_card.services,
    )
    return CostRequest(resource, arguments.filter, grouping, values, previous)


_ROLLUP_FILTERS = frozenset({"status", "direction", "assistant_id"})
_EXACT = frozenset({"eq", "ne", "in", "not_in"})
_WHOLE_DAYS = frozenset({"gte", "lt"})


def _fits_rollup(
    group_by: Sequence[CostDimension], filters: Sequence[Filter], values: GroupValues
) -> bool:
    """Whether the rollup tells all groups apart: it knows days of UTC, and a few columns."""
    conditions = [condition for each in filters for condition in each]
    return (
        all(each.value in {*ROLLED_UP, *_BUCKETS} - {"hour"} for each in group_by)
        and all(isinstance(each, Condition) and _is_in_rollup(each) for each in conditions)
        and all(map(_is_midnight, (*values.bounds, *values.previous_bounds)))
    )


def _is_in_rollup(condition: Condition) -> bool:
    if condition.field == "started_at":
        return condition.comparator in _WHOLE_DAYS and _is_midnight(condition.value)
    return condition.field in _ROLLUP_FILTERS and condition.comparator in _EXACT


def _is_midnight(instant: datetime) -> bool:
    return instant.astimezone(UTC).time() == time(0)


def _keys(group_by: Sequence[CostDimension]) -> tuple[str, ...]:
    named = [each.value for each in group_by if each.value not in _BUCKETS]
    return tuple(dict.fromkeys((*named, CURRENCY)))


def _bucket(group_by: Sequence[CostDimension]) -> Bucket | None:
    buckets = {Bucket(each.value) for each in group_by if each.value in _BUCKETS}
    if len(buckets) > 1:
        names = " and ".join(each.name for each in Bucket if each in buckets)
        raise BadInput(f"`groupBy` has {names}: name one length of time.")
    return next(iter(buckets), None)


def _bounds(
    arguments: CostArguments, bucket: Bucket | None
) -> tuple[tuple[datetime, ...], tuple[datetime, ...]]:
    """The bounds of the buckets, and those of as many buckets before them."""
    zone = time_zone(arguments.timezone)
    if bucket is None:
        return (), ()
    lower, upper = _range(arguments.filter, f"`groupBy` has {bucket.name}")
    bounds = bucket_bounds(bucket, zone, lower, upper)
    if not arguments.compare:
        return bounds, ()
    return bounds, bucket_bounds(bucket, zone, *previous_range(zone, lower, upper))


def _range(filter: Filter, reason: str) -> tuple[datetime, datetime]:
    """The first instant of a filter, and the first one after it.

    Raises:
        BadInput: when it leaves one open, or there is none between them.
    """
    lower: list[datetime] = []
    upper: list[datetime] = []
    for condition in filter:
        if not isinstance(condition, Condition) or condition.field != "started_at":
            continue
        _, comparator, value = condition
        if comparator in {"gt", "gte"}:
            lower.append(_after(value) if comparator == "gt" else value)
        if comparator in {"lt", "lte"}:
            upper.append(_after(value) if comparator == "lte" else value)
    if not lower or not upper:
        raise BadInput(
            f"{reason}, so `filter.startedAt` needs a start and an end, like"
            ' {gte: "2026-06-01", lt: "2026-07-01"}.'
        )
    start, end = max(lower), min(upper)
    if start >= end:
        raise BadInput("`filter.startedAt` ends before it starts.")
    return start, end


def _after(instant: datetime) -> datetime:
    try:
        return instant + _MICROSECOND
    except OverflowError:
        return instant


def _previous_filter(arguments: CostArguments) -> Filter:
    """The filter with the period before in place of its own."""
    zone = time_zone(arguments.timezone)
    lower, upper = previous_range(zone, *_range(arguments.filter, "`compareTo` is there"))
    others = [
        each
        for each in arguments.filter
        if not isinstance(each, Condition) or each.field != "started_at"
    ]
    return (
        Condition("started_at", "gte", lower),
        Condition("started_at", "lt", upper),
        *others,
    )


def _filter_parts(arguments: CostArguments) -> tuple[str, str]:
    """JSON before and behind what a group adds to the filter.

    The group's own part may name a field that the filter names too, so it becomes the one filter of
    an `any`, which then has the `any` of the client within it.
    """
    if not arguments.filter_json:
        return "{", "}"
    outer = {name: value for name, value in arguments.filter_json.items() if name != "any"}
    start = orjson.dumps(outer).decode()[:-1] + ("," if outer else "") + '"any":[{'
    inner = ""
    if "any" in arguments.filter_json:
        inner = f',"any":{orjson.dumps(arguments.filter_json["any"]).decode()}'
    return start, f"{inner}}}]}}"
