"""Live SMS sessions: ended, cleared and cleaned up."""

from gql.domain.sms_sessions import sms_sessions_of
from gql.domain.writes.audit import audit
from gql.domain.writes.transaction import transaction
from gql.errors import NotFound
from gql.models.call import phone_digits
from gql.models.types import MAX_ID
from gql.query.context import Context


async def clear_sms_sessions(context: Context) -> int:
    """Delete every live session of the organization; how many there were.

    Raises:
        Unavailable: when the store cannot be reached.
    """
    async with transaction(context) as write:
        cleared = await sms_sessions_of(write).clear(write.organization_id)
        await audit(write, "sms_session.clear", None, before={"sms_sessions": cleared})
    return cleared


async def clean_up_sms_sessions(context: Context) -> int:
    """Remove the organization's sessions that have expired; how many were still stored.

    Raises:
        Unavailable: when the store cannot be reached.
    """
    async with transaction(context) as write:
        cleaned = await sms_sessions_of(write).clean_up(write.organization_id)
        await audit(write, "sms_session.clean_up", None, before={"sms_sessions": cleaned})
    return cleaned


async def end_sms_session(context: Context, phone_number: str, assistant_id: int) -> None:
    """Delete the live session of one customer and assistant.

    Args:
        context: Of the caller.
        phone_number: The customer's, with or without `+`.
        assistant_id: The other side.

    Raises:
        NotFound: when the organization has no such session.
        Unavailable: when the store cannot be reached.
    """
    pair = f"{phone_number[:60]}/{assistant_id}"
    async with transaction(context) as write:
        if not phone_digits(phone_number) or not 0 < assistant_id <= MAX_ID:
            raise NotFound("sms_session", pair)
        sessions = sms_sessions_of(write)
        if not await sessions.end(write.organization_id, phone_number, assistant_id):
            raise NotFound("sms_session", pair)
        # The log names no customer: their number is what an archived conversation must not leave.
        await audit(write, "sms_session.end", None, before={"assistant_id": assistant_id})
