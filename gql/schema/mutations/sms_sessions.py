"""Mutations of live SMS sessions."""

import strawberry
from strawberry.types import Info

from gql.domain.assistants import ASSISTANTS
from gql.domain.writes import sms_sessions as changes
from gql.errors import Invalid, NotFound, Problem
from gql.query.context import Context
from gql.schema.mutations.payloads import ChangeInput, Payload, change_input, payload, required
from gql.schema.mutations.run import Result, key_of, run_mutation


@change_input
class ClearSmsSessionsInput(ChangeInput):
    """Nothing but what every input has."""


@payload
class ClearSmsSessionsPayload(Payload):
    """Live SMS sessions that are gone."""

    cleared_count: int | None = strawberry.field(
        default=None, description="How many there were; null when nothing was cleared."
    )


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


async def clear_sms_sessions(info: Info, input: ClearSmsSessionsInput) -> ClearSmsSessionsPayload:
    """See `Mutation.clearSmsSessions`."""

    async def change(context: Context) -> Result:
        return {"cleared_count": await changes.clear_sms_sessions(context)}

    done = await run_mutation(info, input, change)
    return ClearSmsSessionsPayload(**done.common, **done.outcome)


async def clean_up_sms_sessions(
    info: Info, input: CleanUpSmsSessionsInput
) -> CleanUpSmsSessionsPayload:
    """See `Mutation.cleanUpSmsSessions`."""

    async def change(context: Context) -> Result:
        return {"cleaned_count": await changes.clean_up_sms_sessions(context)}

    done = await run_mutation(info, input, change)
    return CleanUpSmsSessionsPayload(**done.common, **done.outcome)


async def end_sms_session(info: Info, input: EndSmsSessionInput) -> EndSmsSessionPayload:
    """See `Mutation.endSmsSession`."""

    async def change(context: Context) -> Result:
        assistant_id = key_of(input.assistant_id, ASSISTANTS.name, "assistant_id")
        try:
            await changes.end_sms_session(context, input.customer_phone_number, assistant_id)
        except NotFound as error:
            problem = Problem(("customer_phone_number",), error.message, error.code)
            raise Invalid((problem,)) from None
        return {"ended": True}

    done = await run_mutation(info, input, change)
    return EndSmsSessionPayload(**done.common, **done.outcome)
