"""SMS conversations, as readers see them, and what is related to one."""

from sqlalchemy import ColumnElement, FromClause, String, cast, literal, not_

from gql.domain.assistants import CURRENT_NAME, current_name
from gql.domain.calls import CALLS, FILTERS, ROLLUP, TABLE
from gql.loaders.record_loaders import page
from gql.models.enums import Channel
from gql.models.scope import owned, same_owner
from gql.query.context import Context
from gql.query.filters import compare
from gql.query.paging import Paging
from gql.query.resource import Link, Order, Record, Resource


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
    visible=lambda row: (row.c.channel == Channel.SMS, not_(row.c.is_archived)),
    computed={"assistant_name": current_name, "session_id": _thread_key},
    joined={"assistant_name": CURRENT_NAME},
    filters={**FILTERS, "last_activity": compare("last_activity")},
    orders={
        "last_activity": Order("last_activity", "instant"),
        "started_at": Order("started_at", "instant"),
    },
    rollup=ROLLUP,
)

CALL_RECORDS = Resource(
    "call_record",
    TABLE,
    visible=lambda row: (not_(row.c.is_archived),),
    computed=SMS_CONVERSATIONS.computed,
    joined=SMS_CONVERSATIONS.joined,
    orders={"started_at": Order("started_at", "instant")},
)
"""Voice calls and SMS conversations together."""


def _same_customer(row: FromClause) -> tuple[FromClause, ColumnElement[int]]:
    """A record is listed under every SMS conversation of its customer and assistant."""
    conversation = TABLE.alias()
    return (
        row.join(
            conversation,
            same_owner(conversation, row)
            & (conversation.c.customer_phone_number == row.c.customer_phone_number)
            & (conversation.c.assistant_id == row.c.assistant_id)
            & owned(conversation),
        ),
        conversation.c.id,
    )


RELATED = Link("customer", _same_customer)
"""From an SMS conversation to the records of the same customer and assistant."""

MAX_RELATED = 50
"""Most related records of one conversation."""


async def list_related(context: Context, conversation_id: int) -> list[Record]:
    """Records of the same customer and assistant as a conversation, newest first, itself included.

    Each is a record of `CALLS` or of `SMS_CONVERSATIONS`.
    """
    newest = Paging(limit=MAX_RELATED, order="started_at", descending=True)
    found = await page(context, CALL_RECORDS, newest, link=RELATED, key=conversation_id)
    return [_typed(record) for record in found.records]


def _typed(record: Record) -> Record:
    resource = SMS_CONVERSATIONS if record.channel == Channel.SMS else CALLS
    return resource.record(*(getattr(record, label) for label in resource.labels))
