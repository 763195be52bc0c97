"""SMS conversations in the GraphQL schema."""

from datetime import datetime

from gql.domain.messages import OF_CALL, SMS_MESSAGES
from gql.domain.sms import MAX_RELATED, RELATED, SMS_CONVERSATIONS
from gql.engine.connection import Connection, connection
from gql.engine.declaration import column, entity, union
from gql.schema.calls import CallRecord
from gql.schema.inputs.messages import MessageFilter, MessageOrder
from gql.schema.messages import Message


@entity(SMS_CONVERSATIONS)
class SmsConversation(CallRecord):
    """A thread of text messages between a customer and an assistant; archived ones are hidden."""

    session_id: str = column("The key of its live state: `sms:<customer>:<assistant number>`.")
    last_activity: datetime = column("When the last message was written.")
    messages: Connection[Message] | None = connection(
        "The thread, oldest first; `last: 20` takes the latest twenty.",
        SMS_MESSAGES,
        link=OF_CALL,
        order=MessageOrder,
        usual=50,
        filter=MessageFilter,
        descending=False,
    )

    related: list[CallRecord] = union(
        "Calls and SMS conversations of the same customer and assistant, this one included,"
        f" newest first; at most {MAX_RELATED}.",
        RELATED,
    )
