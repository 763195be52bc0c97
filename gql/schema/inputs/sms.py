"""How lists of SMS conversations are filtered and sorted."""

import strawberry

from gql.domain.sms import SMS_CONVERSATIONS
from gql.query.filters import Filter
from gql.schema.inputs.comparators import (
    CallStatusFilter,
    DateTimeFilter,
    IDFilter,
    JSONKeyFilter,
    PhoneFilter,
    StringFilter,
    compared,
    ids,
    key_equal,
    optional,
)
from gql.schema.inputs.ordering import order_of

SmsConversationOrder = order_of(
    "SmsConversation",
    SMS_CONVERSATIONS,
    last_activity="By the last message: an inbox.",
    started_at="By start.",
)


@strawberry.input(description="Which SMS conversations a list has.")
class SmsConversationFilter:
    """All conditions hold together."""

    status: CallStatusFilter | None = optional("By status: ACTIVE or COMPLETED.")
    assistant_id: IDFilter | None = optional("By assistant, deleted ones included.")
    assistant_name: StringFilter | None = optional(
        "By the assistant's name, now or when the conversation began."
    )
    customer_phone: PhoneFilter | None = optional("By the customer's number.")
    started_at: DateTimeFilter | None = optional("By start.")
    last_activity: DateTimeFilter | None = optional("By the last message.")
    meta: JSONKeyFilter | None = optional("By one key of `meta`.")

    def conditions(self) -> Filter:
        """What was given, as data."""
        return (
            *compared("status", self.status),
            *compared("assistant_id", self.assistant_id, ids("assistant")),
            *compared("assistant_name", self.assistant_name),
            *compared("customer_phone", self.customer_phone),
            *compared("started_at", self.started_at),
            *compared("last_activity", self.last_activity),
            *key_equal("meta", self.meta),
        )
