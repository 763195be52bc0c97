"""Mutations of live SMS sessions."""

import strawberry

from gql.domain.assistants import ASSISTANTS
from gql.domain.writes import sms_sessions
from gql.errors import Invalid, NotFound, Problem
from gql.query.context import Context
from gql.schema.mutations.payloads import ChangeInput, Payload, change_input, payload, required
from gql.schema.mutations.run import key_of, mutation


@change_input
class ClearSmsSessionsInput(ChangeInput):
    """Nothing but what every input has."""


@payload
class ClearSmsSessionsPayload(Payload):
    """Live SMS sessions that are gone."""

    cleared_count: int | None = strawberry.field(
        default=None, description="How many there were; null when nothing was cleared."
    )


@mutation("Forget the live state of every SMS conversation; conversations and messages stay.")
async def clear_sms_sessions(
    context: Context, _input: ClearSmsSessionsInput
) -> ClearSmsSessionsPayload:
    return ClearSmsSessionsPayload(cleared_count=await sms_sessions.clear_sms_sessions(context))


@change_input
class CleanUpSmsSessionsInput(ChangeInput):
    """Nothing but what every input has."""


@payload
class CleanUpSmsSessionsPayload(Payload):
    """SMS sessions whose time had run out, and that are removed."""

    cleaned_count: int | None = strawberry.field(
        default=None,
        description="How many still took space: with Redis none, as it removes them by itself;"
        " null when nothing was cleaned up.",
    )


@mutation("Remove live SMS sessions whose time has run out and that nobody can see any more.")
async def clean_up_sms_sessions(
    context: Context, _input: CleanUpSmsSessionsInput
) -> CleanUpSmsSessionsPayload:
    count = await sms_sessions.clean_up_sms_sessions(context)
    return CleanUpSmsSessionsPayload(cleaned_count=count)


@change_input
class EndSmsSessionInput(ChangeInput):
    """A live SMS session to end."""

    customer_phone_number: str = required("The customer's number, by its digits.")
    assistant_id: strawberry.ID = required(
        "The global id of the assistant, or the documented integer."
    )


@payload
class EndSmsSessionPayload(Payload):
    """A live SMS session that is gone."""

    ended: bool = strawberry.field(default=False, description="Whether it was there, and is gone.")


@mutation("Forget the live state of one customer and assistant.")
async def end_sms_session(context: Context, input: EndSmsSessionInput) -> EndSmsSessionPayload:
    assistant_id = key_of(input.assistant_id, ASSISTANTS, "assistant_id")
    try:
        await sms_sessions.end_sms_session(context, input.customer_phone_number, assistant_id)
    except NotFound as error:
        problem = Problem(("customer_phone_number",), error.message, error.code)
        raise Invalid((problem,)) from None
    return EndSmsSessionPayload(ended=True)


MUTATIONS = (clear_sms_sessions, clean_up_sms_sessions, end_sms_session)
