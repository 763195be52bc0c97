"""How lists of SMS conversations are filtered and sorted."""

from gql.domain.assistants import ASSISTANTS
from gql.domain.sms import SMS_CONVERSATIONS
from gql.schema.inputs.comparators import (
    CallStatusFilter,
    DateTimeFilter,
    IDFilter,
    JSONKeyFilter,
    PhoneFilter,
    StringFilter,
)
from gql.schema.inputs.filtering import FilterInput, criterion, filter_of
from gql.schema.inputs.ordering import order_of

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
    customer_phone: PhoneFilter | None = criterion("By the customer's number.")
    started_at: DateTimeFilter | None = criterion("By start.")
    last_activity: DateTimeFilter | None = criterion("By the last message.")
    meta: JSONKeyFilter | None = criterion("By one key of `meta`.")
