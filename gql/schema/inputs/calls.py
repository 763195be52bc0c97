"""How lists of calls are filtered and sorted."""

import strawberry

from gql.domain.calls import CALLS
from gql.query.filters import Filter
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
    ids,
    key_equal,
    micros,
    optional,
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

    status: CallStatusFilter | None = optional("By status.")
    direction: DirectionFilter | None = optional("By who called.")
    assistant_id: IDFilter | None = optional("By assistant, deleted ones included.")
    assistant_name: StringFilter | None = optional(
        "By the assistant's name, now or when the call was made."
    )
    graph_id: IDFilter | None = optional("By the graph that routed the call.")
    customer_phone: PhoneFilter | None = optional("By the customer's number.")
    call_sid: StringFilter | None = optional("By SID.")
    started_at: DateTimeFilter | None = optional("By start.")
    ended_at: DateTimeFilter | None = optional("By end.")
    duration: IntFilter | None = optional("By duration in seconds.")
    total_cost: DecimalFilter | None = optional("By total cost, whatever the currency.")
    meta: JSONKeyFilter | None = optional("By one key of `meta`.")

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
