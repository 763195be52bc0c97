"""Mutations of calls."""

import strawberry
from strawberry.scalars import JSON
from strawberry.types import Info

from gql.context import Context
from gql.domain.calls import CALLS
from gql.domain.changes.calls import merge_call_meta
from gql.plan.declaration import one
from gql.schema.calls import Call
from gql.schema.mutations.carrying_out import Outcome, carry_out, key_of
from gql.schema.mutations.payloads import ChangeInput, Payload, change_input, needed, payload


@change_input
class UpdateCallMetaInput(ChangeInput):
    """What to change of a call's free-form data."""

    id: strawberry.ID = needed("The global id of a voice call, or the documented integer.")
    meta: JSON = needed(
        "A JSON object: its keys are set, those with null are removed, all others stay."
    )


@payload
class UpdateCallMetaPayload(Payload):
    """A call that was changed."""

    call: Call | None = one("The call; null when it was not changed.", CALLS, "object_id")


async def update_call_meta(info: Info, input: UpdateCallMetaInput) -> UpdateCallMetaPayload:
    """See `Mutation.updateCallMeta`."""

    async def change(context: Context) -> Outcome:
        call_id = key_of(input.id, CALLS.name)
        await merge_call_meta(context, call_id, input.meta)  # type: ignore[arg-type]
        return {"id": call_id}

    done = await carry_out(info, input, change)
    return UpdateCallMetaPayload(**done.common, object_id=done.outcome.get("id"))
