"""SMS conversations: archived, which forgets what was written."""

import logging
from typing import Any

from sqlalchemy import Row

from gql.domain.sms import SMS_CONVERSATIONS
from gql.domain.writes.audit import audit
from gql.domain.writes.rows import delete_rows, lock, update_row
from gql.domain.writes.transaction import WriteContext, transaction
from gql.models.message import ChatMessage
from gql.models.scope import table_of
from gql.models.sms_log import SmsAuditLog, SmsMessageLog
from gql.query.context import Context
from gql.stores import SmsSessionStore

_log = logging.getLogger(__name__)

_MESSAGES = table_of(ChatMessage)
_EVENTS = table_of(SmsAuditLog)
_DELIVERIES = table_of(SmsMessageLog)


async def archive_conversation(
    context: Context, conversation_id: int, sms_sessions: SmsSessionStore | None
) -> None:
    """Delete the messages and logs of an SMS conversation, and hide what is left of it.

    Args:
        context: Of the caller.
        conversation_id: Which; its row stays for the records of calls.
        sms_sessions: Where its live state is kept; None when there is no such place.

    Raises:
        NotFound: when the organization has no such conversation that is not archived.
    """
    async with transaction(context) as write:
        conversation = await lock(write, SMS_CONVERSATIONS, conversation_id)
        # `last_activity` goes with the messages; this tells what comes late from what is new.
        instants = (conversation.occurred_at, conversation.last_activity)
        values = {
            "call_meta": {**(conversation.call_meta or {}), "sms_deleted": True},
            "occurred_at": max(each for each in instants if each is not None),
        }
        await update_row(write, SMS_CONVERSATIONS, conversation_id, values)
        before = {
            "messages": await delete_rows(write, _MESSAGES.c.call_id, conversation_id),
            "audit_logs": await delete_rows(write, _EVENTS.c.call_id, conversation_id),
            "message_logs": await delete_rows(write, _DELIVERIES.c.call_id, conversation_id),
        }
        after = {"sms_deleted": True}
        action = "sms_conversation.archive"
        await audit(write, action, conversation_id, before=before, after=after)
        if sms_sessions is not None and conversation.assistant_id is not None:
            await _end_sms_session(write, conversation, sms_sessions)


async def _end_sms_session(
    write: WriteContext, conversation: Row[Any], sms_sessions: SmsSessionStore
) -> None:
    """End the live state: with the transaction where the store joins it, else after the commit."""
    organization_id = write.organization_id
    pair = (conversation.customer_phone_number, conversation.assistant_id)
    if sms_sessions.joins_transactions:
        await sms_sessions.within(write.database, write.snapshot).end(organization_id, *pair)
        return

    async def end() -> None:
        # This looks like a hole: the conversation is archived, and if the store cannot be reached
        # its live state stays. But such a store has no part in our transaction, so one of the two
        # must be done first. Ending the state first and then failing to commit would take the
        # memory from a conversation that goes on: it answers the next message as if it were the
        # first, and nobody sees why. In this order the worst is a state without a conversation.
        # Nothing of it is shown to anyone, a new conversation is opened for the next message all
        # the same, since the row says that this one is archived, and the state runs out by itself
        # within its time to live. That is worth less than a refusal to forget messages that
        # somebody asked to have forgotten.
        try:
            await sms_sessions.end(organization_id, *pair)
        except Exception:  # noqa: BLE001 -- whatever a store may raise
            _log.warning(
                "SMS conversation %s is archived, but its live state could not be ended;"
                " it runs out by itself",
                conversation.id,
                exc_info=True,
            )

    write.on_commit(end)
