"""Mutations of calls."""

import strawberry
from strawberry.scalars import JSON
from strawberry.types import Info

from gql.domain.calls import CALLS
from gql.domain.writes.calls import merge_call_meta
from gql.engine.declaration import one
from gql.query.context import Context
from gql.schema.calls import Call
from gql.schema.mutations.payloads import ChangeInput, Payload, change_input, payload, required
from gql.schema.mutations.run import Result, key_of, run_mutation


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


async def update_call_meta(info: Info, input: UpdateCallMetaInput) -> UpdateCallMetaPayload:
    """See `Mutation.updateCallMeta`."""

    async def change(context: Context) -> Result:
        call_id = key_of(input.id, CALLS.name)
        await merge_call_meta(context, call_id, input.meta)  # type: ignore[arg-type]
        return {"id": call_id}

    done = await run_mutation(info, input, change)
    return UpdateCallMetaPayload(**done.common, object_id=done.outcome.get("id"))
