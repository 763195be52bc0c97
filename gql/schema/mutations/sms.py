"""Mutations of SMS conversations."""

import strawberry

from gql.domain.sms import SMS_CONVERSATIONS
from gql.domain.writes.sms import archive_conversation
from gql.query.context import Context
from gql.schema.mutations.payloads import ChangeInput, Payload, change_input, payload, required
from gql.schema.mutations.run import global_id_of, key_of, mutation


@change_input
class ArchiveSmsConversationInput(ChangeInput):
    """An SMS conversation to archive."""

    id: strawberry.ID = required("The global id, or the documented integer.")


@payload
class ArchiveSmsConversationPayload(Payload):
    """An SMS conversation that is hidden, without messages and logs."""

    archived_id: strawberry.ID | None = strawberry.field(
        default=None, description="Its global id; null when it was not archived."
    )


@mutation(
    "Hide an SMS conversation for good and delete its messages and logs; the next message between"
    " the two opens a new one."
)
async def archive_sms_conversation(
    context: Context, input: ArchiveSmsConversationInput
) -> ArchiveSmsConversationPayload:
    conversation_id = key_of(input.id, SMS_CONVERSATIONS)
    await archive_conversation(context, conversation_id, context.sms_sessions)
    return ArchiveSmsConversationPayload(
        archived_id=global_id_of(SMS_CONVERSATIONS, conversation_id)
    )


MUTATIONS = (archive_sms_conversation,)
