"""How lists of calls are filtered and sorted."""

from gql.domain.assistants import ASSISTANTS
from gql.domain.calls import CALLS
from gql.domain.graphs import GRAPHS
from gql.schema.inputs.comparators import (
    CallStatusFilter,
    DateTimeFilter,
    DecimalFilter,
    DirectionFilter,
    EndedReasonKindFilter,
    IDFilter,
    IntFilter,
    JSONKeyFilter,
    PhoneFilter,
    SaidFilter,
    StringFilter,
    WordFilter,
)
from gql.schema.inputs.filtering import CHANGED_SINCE, FilterInput, criterion, filter_of
from gql.schema.inputs.ordering import order_of

USE_CUSTOMER_PHONE_NUMBER = "Since 2026-11-28: use `customerPhoneNumber`. Goes on 2027-06-01."

BY_SPOKEN_WORDS = (
    "By what the customer or the assistant said or wrote: messages and settled transcripts."
)

CallOrder = order_of(
    "Call",
    CALLS,
    started_at="By start.",
    duration="By duration; calls without one come last.",
    total_cost="By total cost, whatever the currency; calls without one come last.",
    received_at="By when they were first heard of here; calls of no source come last.",
)


@filter_of(CALLS)
class CallFilter(FilterInput):
    """Which calls a list has."""

    status: CallStatusFilter | None = criterion("By status.")
    direction: DirectionFilter | None = criterion("By who called.")
    assistant_id: IDFilter | None = criterion(
        "By assistant, deleted ones included.", ids_of=ASSISTANTS
    )
    assistant_name: StringFilter | None = criterion(
        "By the assistant's name, now or when the call was made."
    )
    graph_id: IDFilter | None = criterion("By the graph that routed the call.", ids_of=GRAPHS)
    customer_phone_number: PhoneFilter | None = criterion("By the customer's number.")
    customer_phone: PhoneFilter | None = criterion(
        "By the customer's number.", deprecated=USE_CUSTOMER_PHONE_NUMBER
    )
    call_sid: StringFilter | None = criterion("By SID.")
    started_at: DateTimeFilter | None = criterion("By start.")
    ended_at: DateTimeFilter | None = criterion("By end.")
    duration: IntFilter | None = criterion("By duration in seconds.")
    total_cost: DecimalFilter | None = criterion("By total cost, whatever the currency.")
    currency: WordFilter | None = criterion("By the currency of the cost.")
    assistant_phone_number: WordFilter | None = criterion(
        "By the organization's number, to the letter."
    )
    source: WordFilter | None = criterion("By the system that they are known from.")
    external_id: WordFilter | None = criterion("By what that system calls them.")
    ended_reason: WordFilter | None = criterion("By why they ended, in the source's own word.")
    ended_reason_kind: EndedReasonKindFilter | None = criterion("By why they ended.")
    has_recording: bool | None = criterion("Those with a recording (true) or without (false).")
    received_at: DateTimeFilter | None = criterion("By when they were first heard of here.")
    changed_since: str | None = criterion(CHANGED_SINCE)
    meta: JSONKeyFilter | None = criterion("By one key of `meta`.")
    said: SaidFilter | None = criterion(BY_SPOKEN_WORDS)
