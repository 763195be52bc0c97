"""Records SMS messages as a provider's webhook would, which no door of the gateway does yet."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select

from gql.domain.assistants import ASSISTANTS
from gql.domain.sms import SMS_CONVERSATIONS
from gql.domain.writes.rows import insert_row, lock, update_row
from gql.domain.writes.transaction import WriteContext, transaction
from gql.errors import Invalid, Problem
from gql.models.call import phone_digits
from gql.models.enums import CallStatus, Channel, Direction, Role
from gql.models.message import ChatMessage
from gql.models.scope import owned, table_of
from gql.models.types import now
from gql.query.context import Context

_CALLS = SMS_CONVERSATIONS.table
_MESSAGES = table_of(ChatMessage)


async def record_message(
    context: Context, assistant_id: int, phone_number: str, *, role: Role, content: str
) -> int:
    """Add a message to the conversation of a pair, or to a new one when none is open.

    A conversation is open while it is active and not archived.

    Args:
        context: Who asks.
        assistant_id: One side.
        phone_number: The other, a customer.
        role: Who wrote.
        content: What.

    Returns:
        The conversation's id.

    Raises:
        Invalid: when the number has no digits.
        NotFound: when the organization has no such assistant.
    """
    if not phone_digits(phone_number):
        problem = f"phone_number is {phone_number[:60]!r}, which has no digits"
        raise Invalid((Problem(("phone_number",), problem),))
    async with transaction(context) as write:
        # Two first messages at once would open two conversations: the second waits here.
        assistant = await lock(write, ASSISTANTS, assistant_id)
        instant = now()
        conversation_id = await _open_one(write, assistant_id, phone_number)
        if conversation_id is None:
            conversation_id = await _new_one(write, assistant, phone_number, role, instant)
        await _append(write, conversation_id, instant, {"role": str(role), "content": content})
        return conversation_id


async def _open_one(write: WriteContext, assistant_id: int, phone_number: str) -> int | None:
    """The pair's open conversation, locked."""
    statement = (
        select(_CALLS.c.id)
        .where(
            owned(_CALLS, write.organization_id),
            *SMS_CONVERSATIONS.visible(_CALLS),
            _CALLS.c.customer_phone_digits == phone_digits(phone_number),
            _CALLS.c.assistant_id == assistant_id,
            _CALLS.c.status == CallStatus.ACTIVE,
        )
        .order_by(_CALLS.c.started_at.desc(), _CALLS.c.id.desc())
        .limit(1)
        .with_for_update()
    )
    conversation_id: int | None = (await write.run(statement)).scalar_one_or_none()
    return conversation_id


async def _new_one(
    write: WriteContext, assistant: Any, phone_number: str, role: Role, instant: datetime
) -> int:
    row = {
        "channel": Channel.SMS,
        "call_sid": f"sms_{uuid.uuid4().hex}",
        "assistant_id": assistant.id,
        "assistant_name": assistant.name,
        "direction": Direction.INBOUND if role == Role.USER else Direction.OUTBOUND,
        "to_phone_number": assistant.phone_number or "",
        "customer_phone_number": phone_number,
        "status": CallStatus.ACTIVE,
        "started_at": instant,
        "call_meta": {},
    }
    conversation_id = await insert_row(write, SMS_CONVERSATIONS, row)
    await update_row(
        write, SMS_CONVERSATIONS, conversation_id, {"call_sid": f"sms_{conversation_id}"}
    )
    return conversation_id


async def _append(
    write: WriteContext, conversation_id: int, instant: datetime, message: dict[str, str]
) -> None:
    last = select(func.max(_MESSAGES.c.message_index)).where(
        owned(_MESSAGES, write.organization_id), _MESSAGES.c.call_id == conversation_id
    )
    index = (await write.run(last)).scalar_one()
    row = {
        "organization_id": write.organization_id,
        "call_id": conversation_id,
        "message_index": 1 if index is None else index + 1,
        "timestamp": instant,
    }
    await write.run(insert(_MESSAGES).values(row | message))
