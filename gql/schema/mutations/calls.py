"""Mutations of calls."""

import strawberry
from strawberry.scalars import JSON

from gql.domain.calls import CALLS
from gql.domain.writes.calls import merge_call_meta
from gql.engine.declaration import one
from gql.query.context import Context
from gql.schema.calls import Call
from gql.schema.mutations.payloads import ChangeInput, Payload, change_input, payload, required
from gql.schema.mutations.run import key_of, mutation


@change_input
class UpdateCallMetaInput(ChangeInput):
    """What to change of a call's free-form data."""

    id: strawberry.ID = required("The global id of a voice call, or the documented integer.")
    meta: JSON = required(
        "A JSON object: its keys are set, those with null are removed, all others stay."
    )


@payload
class UpdateCallMetaPayload(Payload):
    """A call that was changed."""

    call: Call | None = one("The call; null when it was not changed.", CALLS, "object_id")


@mutation("Set or remove keys of the free-form data of a call.")
async def update_call_meta(context: Context, input: UpdateCallMetaInput) -> UpdateCallMetaPayload:
    call_id = key_of(input.id, CALLS)
    await merge_call_meta(context, call_id, input.meta)  # type: ignore[arg-type]
    return UpdateCallMetaPayload(object_id=call_id)


MUTATIONS = (update_call_meta,)
