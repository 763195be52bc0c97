"""How lists of SMS conversations, alone and with voice calls, are filtered and sorted."""

from gql.domain.assistants import ASSISTANTS
from gql.domain.graphs import GRAPHS
from gql.domain.sms import CALL_RECORDS, SMS_CONVERSATIONS
from gql.schema.inputs.calls import BY_SPOKEN_WORDS, USE_CUSTOMER_PHONE_NUMBER
from gql.schema.inputs.comparators import (
    CallStatusFilter,
    ChannelFilter,
    DateTimeFilter,
    DirectionFilter,
    IDFilter,
    JSONKeyFilter,
    PhoneFilter,
    SaidFilter,
    StringFilter,
    WordFilter,
)
from gql.schema.inputs.filtering import CHANGED_SINCE, FilterInput, criterion, filter_of
from gql.schema.inputs.ordering import order_of

CallRecordOrder = order_of("CallRecord", CALL_RECORDS, started_at="By start.")

SmsConversationOrder = order_of(
    "SmsConversation",
    SMS_CONVERSATIONS,
    last_activity="By the last message: an inbox.",
    started_at="By start.",
)


@filter_of(SMS_CONVERSATIONS)
class SmsConversationFilter(FilterInput):
    """Which SMS conversations a list has."""

    status: CallStatusFilter | None = criterion("By status: ACTIVE or COMPLETED.")
    assistant_id: IDFilter | None = criterion(
        "By assistant, deleted ones included.", ids_of=ASSISTANTS
    )
    assistant_name: StringFilter | None = criterion(
        "By the assistant's name, now or when the conversation began."
    )
    customer_phone_number: PhoneFilter | None = criterion("By the customer's number.")
    customer_phone: PhoneFilter | None = criterion(
        "By the customer's number.", deprecated=USE_CUSTOMER_PHONE_NUMBER
    )
    started_at: DateTimeFilter | None = criterion("By start.")
    last_activity: DateTimeFilter | None = criterion("By the last message.")
    source: WordFilter | None = criterion("By the system that they are known from.")
    external_id: WordFilter | None = criterion("By what that system calls them.")
    changed_since: str | None = criterion(CHANGED_SINCE)
    meta: JSONKeyFilter | None = criterion("By one key of `meta`.")
    said: SaidFilter | None = criterion(BY_SPOKEN_WORDS)


@filter_of(CALL_RECORDS)
class CallRecordFilter(FilterInput):
    """Which voice calls and SMS conversations a list has."""

    customer_phone_number: PhoneFilter | None = criterion("By the customer's number.")
    channel: ChannelFilter | None = criterion("By how customer and assistant talk.")
    direction: DirectionFilter | None = criterion("By who started it.")
    status: CallStatusFilter | None = criterion("By status.")
    assistant_id: IDFilter | None = criterion(
        "By assistant, deleted ones included.", ids_of=ASSISTANTS
    )
    assistant_name: StringFilter | None = criterion(
        "By the assistant's name, now or when the conversation began."
    )
    graph_id: IDFilter | None = criterion("By the graph that routed it.", ids_of=GRAPHS)
    call_sid: StringFilter | None = criterion("By SID.")
    started_at: DateTimeFilter | None = criterion("By start.")
    ended_at: DateTimeFilter | None = criterion("By end.")
    source: WordFilter | None = criterion("By the system that they are known from.")
    external_id: WordFilter | None = criterion("By what that system calls them.")
    meta: JSONKeyFilter | None = criterion("By one key of `meta`.")
    said: SaidFilter | None = criterion(BY_SPOKEN_WORDS)
