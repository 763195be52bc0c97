"""How lists of calls are filtered and sorted."""

import strawberry

from gql.domain.calls import CALLS
from gql.domain.filters import Filter
from gql.schema.inputs.comparators import (
    CallStatusFilter,
    DateTimeFilter,
    DecimalFilter,
    DirectionFilter,
    IDFilter,
    IntFilter,
    JSONKeyFilter,
    PhoneFilter,
    StringFilter,
    compared,
    given,
    ids,
    key_equal,
    micros,
)
from gql.schema.inputs.ordering import order_of

CallOrder = order_of(
    "Call",
    CALLS,
    started_at="By start.",
    duration="By duration; calls without one come last.",
    total_cost="By total cost, whatever the currency; calls without one come last.",
)


@strawberry.input(description="Which calls a list has.")
class CallFilter:
    """All conditions hold together."""

    status: CallStatusFilter | None = given("By status.")
    direction: DirectionFilter | None = given("By who called.")
    assistant_id: IDFilter | None = given("By assistant, deleted ones included.")
    assistant_name: StringFilter | None = given(
        "By the assistant's name, now or when the call was made."
    )
    graph_id: IDFilter | None = given("By the graph that routed the call.")
    customer_phone: PhoneFilter | None = given("By the customer's number.")
    call_sid: StringFilter | None = given("By SID.")
    started_at: DateTimeFilter | None = given("By start.")
    ended_at: DateTimeFilter | None = given("By end.")
    duration: IntFilter | None = given("By duration in seconds.")
    total_cost: DecimalFilter | None = given("By total cost, whatever the currency.")
    meta: JSONKeyFilter | None = given("By one key of `meta`.")

    def conditions(self) -> Filter:
        """What was given, as data."""
        return (
            *compared("status", self.status),
            *compared("direction", self.direction),
            *compared("assistant_id", self.assistant_id, ids("assistant")),
            *compared("assistant_name", self.assistant_name),
            *compared("graph_id", self.graph_id, ids("graph")),
            *compared("customer_phone", self.customer_phone),
            *compared("call_sid", self.call_sid),
            *compared("started_at", self.started_at),
            *compared("ended_at", self.ended_at),
            *compared("duration", self.duration),
            *compared("total_cost", self.total_cost, micros),
            *key_equal("meta", self.meta),
        )
