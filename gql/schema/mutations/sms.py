"""Mutations of SMS conversations."""

import strawberry
from strawberry.types import Info

from gql.domain.sms import SMS_CONVERSATIONS
from gql.domain.writes.sms import archive_conversation
from gql.query.context import Context
from gql.schema.mutations.payloads import ChangeInput, Payload, change_input, payload, required
from gql.schema.mutations.run import Result, key_of, run_mutation


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


async def archive_sms_conversation(
    info: Info, input: ArchiveSmsConversationInput
) -> ArchiveSmsConversationPayload:
    """See `Mutation.archiveSmsConversation`."""

    async def change(context: Context) -> Result:
        conversation_id = key_of(input.id, SMS_CONVERSATIONS.name)
        await archive_conversation(context, conversation_id, context.sms_sessions)
        return {"archived_id": f"{SMS_CONVERSATIONS.name}_{conversation_id}"}

    done = await run_mutation(info, input, change)
    return ArchiveSmsConversationPayload(**done.common, **done.outcome)
