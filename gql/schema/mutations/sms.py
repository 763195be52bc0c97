"""Mutations of SMS conversations."""

import strawberry
from strawberry.types import Info

from gql.context import Context
from gql.domain.changes.sms import archive_conversation
from gql.domain.sms import SMS_CONVERSATIONS
from gql.schema.mutations.carrying_out import Outcome, carry_out, key_of
from gql.schema.mutations.payloads import ChangeInput, Payload, change_input, needed, payload


@change_input
class ArchiveSmsConversationInput(ChangeInput):
    """An SMS conversation to archive."""

    id: strawberry.ID = needed("The global id, or the documented integer.")


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

    async def change(context: Context) -> Outcome:
        conversation_id = key_of(input.id, SMS_CONVERSATIONS.name)
        await archive_conversation(context, conversation_id, context.sms_sessions)
        return {"archived_id": f"{SMS_CONVERSATIONS.name}_{conversation_id}"}

    done = await carry_out(info, input, change)
    return ArchiveSmsConversationPayload(**done.common, **done.outcome)
