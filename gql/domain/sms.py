"""SMS conversations, as readers see them, and what is related to one."""

from dataclasses import replace

from sqlalchemy import ColumnElement, FromClause, String, case, cast, literal, not_

from gql.domain.assistants import CURRENT_NAME, current_name
from gql.domain.calls import CALLS, FILTERS, NEWEST, ROLLUP, SMS, TABLE
from gql.domain.changes import ChangedSince
from gql.models.enums import CallStatus, Channel, EventKind
from gql.models.scope import owned
from gql.query.filters import compare
from gql.query.resource import Kinds, LeadingColumn, Link, Order, Resource, UnionList


def _thread_key(row: FromClause) -> ColumnElement[str]:
    """`sms:<customer>:<assistant number>`, the name of the live state of this thread."""
    return (
        literal("sms:", String)
        + cast(row.c.customer_phone_number, String)
        + literal(":", String)
        + row.c.to_phone_number
    )


SMS_CONVERSATIONS = Resource(
    "sms_conversation",
    TABLE,
    visible=lambda row: (row.c.channel == SMS, not_(row.c.is_archived)),
    computed={"assistant_name": current_name, "session_id": _thread_key},
    joined={"assistant_name": CURRENT_NAME},
    filters={
        **FILTERS,
        "last_activity": compare("last_activity"),
        "changed_since": ChangedSince(
            TABLE,
            (EventKind.SMS_CONVERSATION_CREATED, EventKind.SMS_CONVERSATION_UPDATED),
            parts=(EventKind.SMS_MESSAGE_CREATED, EventKind.SMS_MESSAGE_UPDATED),
        ),
    },
    orders={
        "last_activity": Order("last_activity", "instant"),
        "started_at": NEWEST,
    },
    rollup=ROLLUP,
    usual=25_000,
)

_CHANNEL = LeadingColumn("channel", tuple(Channel), "always")

CALL_RECORDS = Resource(
    "call_record",
    TABLE,
    visible=lambda row: (not_(row.c.is_archived),),
    computed=SMS_CONVERSATIONS.computed,
    joined=SMS_CONVERSATIONS.joined,
    filters={
        **FILTERS,
        "channel": compare("channel"),
        "direction": compare("direction"),
        "call_sid": compare("call_sid"),
    },
    orders={"started_at": replace(NEWEST, leading=(_CHANNEL, *NEWEST.leading))},
    rollup=replace(ROLLUP, columns=(*ROLLUP.columns, "channel")),
    kinds=Kinds("channel", {Channel.SMS: SMS_CONVERSATIONS, Channel.VOICE: CALLS}),
    usual=25_000,
)
"""Voice calls and SMS conversations together."""


def _status_of_call(row: FromClause) -> ColumnElement[str]:
    """The status in the words of voice calls: a conversation that is active is ongoing."""
    active = row.c.status == CallStatus.ACTIVE
    return case((active, literal(CallStatus.ONGOING.value, String)), else_=row.c.status)


RECORDS_AS_CALLS = replace(
    CALL_RECORDS, computed={**CALL_RECORDS.computed, "status": _status_of_call}
)
"""The same, each as if it were a voice call."""


def _same_customer(row: FromClause) -> tuple[FromClause, ColumnElement[int]]:
    """A record is listed under every SMS conversation of its customer and assistant."""
    conversation = TABLE.alias()
    return (
        row.join(
            conversation,
            # However the number is written; and nobody is the same as somebody without one.
            (conversation.c.customer_phone_digits == row.c.customer_phone_digits)
            & (conversation.c.customer_phone_digits != "")
            & (conversation.c.assistant_id == row.c.assistant_id)
            & owned(conversation),
        ),
        conversation.c.id,
    )


MAX_RELATED = 50
"""Most related records of one conversation."""

RELATED = UnionList(
    CALL_RECORDS,
    Link("customer", _same_customer),
    order="started_at",
    limit=MAX_RELATED,
)
"""Calls and conversations of the same customer and assistant as an SMS conversation, itself too."""
