"""Mutations of webhook endpoints and of the inbox."""

import strawberry

from gql.domain.hooks import HOOK_DELIVERIES, HOOK_ENDPOINTS
from gql.engine.declaration import one
from gql.identity import Permission
from gql.ingest import hook_writes
from gql.ingest.phone_numbers import REGION
from gql.query.context import Context
from gql.schema.enums import DeliveryState, HookRole
from gql.schema.hooks import HookEndpoint
from gql.schema.mutations.payloads import (
    ChangeInput,
    Payload,
    change_input,
    optional,
    payload,
    required,
    shown_once,
)
from gql.schema.mutations.run import default, key_of, mutation

_SHOWN = (
    "The secret, where the gateway made it, to be entered at the platform. Only this once: nobody"
    " can read it again, and with an idempotency key that came before it is null."
)
_OWN = "What the platform signs with, where it makes that itself."


@payload
class HookSecretPayload(Payload):
    """The base of the payloads that show a secret."""

    hook_endpoint: HookEndpoint | None = one(
        "The endpoint; null when nothing was done.", HOOK_ENDPOINTS, "object_id"
    )
    secret: str | None = shown_once(_SHOWN)


@change_input
class CreateHookEndpointInput(ChangeInput):
    """A webhook endpoint to make."""

    source: str = required(
        "The platform: burki, vapi, retell, elevenlabs, twilio, telnyx, generic."
    )
    name: str | None = optional("What it is for; the platform's name, without.")
    secret: str | None = optional(_OWN)
    role: HookRole | None = optional(
        "What its deliveries may do; Twilio and Telnyx are carriers unless you say otherwise."
    )
    wait_hours: int = strawberry.field(
        default=24, description="How long a carrier's deliveries wait for their call: 1 to 720."
    )
    drop_unlinked: bool = strawberry.field(
        default=False, description="Then they are dead; else they become calls of their own."
    )
    region: str | None = optional(REGION)


@payload
class CreateHookEndpointPayload(HookSecretPayload):
    """A webhook endpoint that was made."""


@mutation("Make an address for a platform's webhooks.", permission=Permission.ADMIN)
async def create_hook_endpoint(
    context: Context, input: CreateHookEndpointInput
) -> CreateHookEndpointPayload:
    endpoint, secret = await hook_writes.add_hook_endpoint(
        context,
        source=input.source,
        name=default(input.name, None),
        secret=default(input.secret, None),
        role=default(input.role, None),
        wait_hours=input.wait_hours,
        unlinked="dead" if input.drop_unlinked else "call",
        region=default(input.region, None),
    )
    return CreateHookEndpointPayload(object_id=endpoint.id, secret=secret)


@change_input
class RotateHookSecretInput(ChangeInput):
    """A webhook endpoint that gets another secret."""

    id: strawberry.ID = required("The global id, or the integer.")
    secret: str | None = optional(_OWN)
    end_previous: bool = strawberry.field(
        default=False,
        description="The secret so far counts no longer; else it does until the next rotation.",
    )


@payload
class RotateHookSecretPayload(HookSecretPayload):
    """A webhook endpoint with another secret."""


@mutation("Give a webhook endpoint another secret.", permission=Permission.ADMIN)
async def rotate_hook_secret(
    context: Context, input: RotateHookSecretInput
) -> RotateHookSecretPayload:
    endpoint, secret = await hook_writes.replace_hook_secret(
        context,
        key_of(input.id, HOOK_ENDPOINTS),
        default(input.secret, None),
        end_previous=input.end_previous,
    )
    return RotateHookSecretPayload(object_id=endpoint.id, secret=secret)


@change_input
class DeleteHookEndpointInput(ChangeInput):
    """A webhook endpoint to delete."""

    id: strawberry.ID = required("The global id, or the integer.")


@payload
class DeleteHookEndpointPayload(Payload):
    """A webhook endpoint that is gone, with the deliveries that it kept."""

    name: str | None = strawberry.field(
        default=None, description="What it was called; null when nothing was deleted."
    )


@mutation(
    "Delete a webhook endpoint with its deliveries; the calls that they made stay.",
    permission=Permission.ADMIN,
)
async def delete_hook_endpoint(
    context: Context, input: DeleteHookEndpointInput
) -> DeleteHookEndpointPayload:
    endpoint = await hook_writes.remove_hook_endpoint(context, key_of(input.id, HOOK_ENDPOINTS))
    return DeleteHookEndpointPayload(name=endpoint.name)


@change_input
class ReplayHookDeliveriesInput(ChangeInput):
    """Deliveries to apply once more: one, those of an endpoint, or those in some states."""

    id: strawberry.ID | None = optional("One delivery alone.")
    endpoint_id: strawberry.ID | None = optional("Those of this endpoint.")
    states: list[DeliveryState] | None = optional("Those in one of these states.")


@payload
class ReplayHookDeliveriesPayload(Payload):
    """Deliveries that will be applied once more."""

    replayed_count: int | None = strawberry.field(
        default=None, description="How many; null when nothing is done."
    )


@mutation(
    "Have deliveries applied once more, as after a change of the gateway; nothing counts twice.",
    permission=Permission.ADMIN,
)
async def replay_hook_deliveries(
    context: Context, input: ReplayHookDeliveriesInput
) -> ReplayHookDeliveriesPayload:
    delivery, endpoint = default(input.id, None), default(input.endpoint_id, None)
    number = await hook_writes.replay_deliveries(
        context,
        delivery_id=None if delivery is None else key_of(delivery, HOOK_DELIVERIES),
        endpoint_id=None if endpoint is None else key_of(endpoint, HOOK_ENDPOINTS),
        states=default(input.states, None),
    )
    return ReplayHookDeliveriesPayload(replayed_count=number)


MUTATIONS = (
    create_hook_endpoint,
    rotate_hook_secret,
    delete_hook_endpoint,
    replay_hook_deliveries,
)
