"""SMS conversations in the GraphQL schema."""

from datetime import datetime
from typing import Any

import strawberry
from strawberry.types import Info

from gql.domain.calls import CALLS
from gql.domain.messages import OF_CALL, SMS_MESSAGES
from gql.domain.sms import (
    CALL_RECORDS,
    MAX_RELATED,
    RELATED,
    SMS_CONVERSATIONS,
    list_related,
)
from gql.engine.connection import Connection, connection
from gql.engine.declaration import SOURCE, column, entity
from gql.engine.fields import UnionSource
from gql.models.enums import Channel
from gql.query.resource import Record
from gql.schema.calls import CallRecord
from gql.schema.inputs.messages import MessageFilter, MessageOrder
from gql.schema.messages import Message


async def _related(root: strawberry.Parent[Record], info: Info) -> Any:
    return await list_related(info.context, root.id)


_RELATED = UnionSource(
    CALL_RECORDS,
    RELATED,
    order="started_at",
    limit=MAX_RELATED,
    label="channel",
    choices={Channel.SMS: SMS_CONVERSATIONS, Channel.VOICE: CALLS},
)
"""What `list_related` reads, for a compiled plan."""


@entity(SMS_CONVERSATIONS)
class SmsConversation(CallRecord):
    """A thread of text messages between a customer and an assistant; archived ones are hidden."""

    session_id: str = column("The key of its live state: `sms:<customer>:<assistant number>`.")
    assistant_phone_number: str = column("The organization's number.", "to_phone_number")
    last_activity: datetime = column("When the last message was written.")
    messages: Connection[Message] = connection(
        "The thread, oldest first; `last: 20` takes the latest twenty.",
        SMS_MESSAGES,
        link=OF_CALL,
        order=MessageOrder,
        filter=MessageFilter,
        descending=False,
    )

    related: list[CallRecord] = strawberry.field(
        resolver=_related,
        description="Calls and SMS conversations of the same customer and assistant, this one"
        f" included, newest first; at most {MAX_RELATED}.",
        metadata={SOURCE: _RELATED},
    )
