"""Mutations of webhook subscriptions and their deliveries."""

import strawberry

from gql.domain.webhooks import WEBHOOK_DELIVERIES, WEBHOOK_SUBSCRIPTIONS
from gql.engine.declaration import one
from gql.identity import Permission
from gql.query.context import Context
from gql.schema.enums import EventKind, WebhookDeliveryState
from gql.schema.mutations.payloads import (
    ChangeInput,
    Payload,
    change_input,
    optional,
    payload,
    required,
    shown_once,
)
from gql.schema.mutations.run import changes_of, default, key_of, mutation, values_of
from gql.schema.webhooks import WebhookSubscription
from gql.webhooks import writes

_ID = "The global id, or the integer."
_URL = "Where deliveries are posted to: `https`, at a public address."
_KINDS = "The kinds of events that it is told of; all, when absent or null."
_OBJECT_IDS = (
    "Global ids: only of these objects and of what belongs to them, as the sessions of a graph and"
    " the messages of a conversation; of all, when absent or null."
)
_DOCUMENT = (
    "A GraphQL subscription of one field without `after` and without variables. It is answered for"
    " each event with the permission to read; what its arguments leave out is not told."
)
_SHOWN = (
    "What deliveries are signed with. Only this once: nobody can read it again, and with an"
    " idempotency key that came before it is null."
)


@payload
class WebhookSubscriptionPayload(Payload):
    """The base of the payloads that show a webhook subscription."""

    webhook_subscription: WebhookSubscription | None = one(
        "The subscription; null when nothing was done.", WEBHOOK_SUBSCRIPTIONS, "object_id"
    )


@change_input
class CreateWebhookSubscriptionInput(ChangeInput):
    """A webhook subscription to make."""

    url: str = required(_URL)
    name: str | None = optional("What it is for; the URL, without.")
    kinds: list[EventKind] | None = optional(_KINDS)
    object_ids: list[strawberry.ID] | None = optional(_OBJECT_IDS)
    document: str | None = optional(_DOCUMENT)
    after: str | None = optional(
        "The `eventId` after which to begin; without it, what comes from now on."
    )


@payload
class CreateWebhookSubscriptionPayload(WebhookSubscriptionPayload):
    """A webhook subscription that was made."""

    secret: str | None = shown_once(_SHOWN)


@mutation("Have an address told of events by webhooks.", permission=Permission.ADMIN)
async def create_webhook_subscription(
    context: Context, input: CreateWebhookSubscriptionInput
) -> CreateWebhookSubscriptionPayload:
    subscription_id, secret = await writes.create_subscription(context, **values_of(input))
    return CreateWebhookSubscriptionPayload(object_id=subscription_id, secret=secret)


@change_input
class UpdateWebhookSubscriptionInput(ChangeInput):
    """Changes of a webhook subscription; what is absent stays."""

    id: strawberry.ID = required(_ID)
    url: str | None = optional(_URL)
    name: str | None = optional("What it is for.")
    kinds: list[EventKind] | None = optional(_KINDS)
    object_ids: list[strawberry.ID] | None = optional(_OBJECT_IDS)
    document: str | None = optional(_DOCUMENT)
    is_active: bool | None = optional(
        "False pauses it. True has it go on behind the last event that it was told of."
    )


@payload
class UpdateWebhookSubscriptionPayload(WebhookSubscriptionPayload):
    """A webhook subscription that was changed."""


@mutation("Change, pause or resume a webhook subscription.", permission=Permission.ADMIN)
async def update_webhook_subscription(
    context: Context, input: UpdateWebhookSubscriptionInput
) -> UpdateWebhookSubscriptionPayload:
    subscription_id = key_of(input.id, WEBHOOK_SUBSCRIPTIONS)
    changes = {
        name: value
        for name, value in changes_of(input, "id").items()
        if value is not None or name in writes.NULLABLE
    }
    await writes.update_subscription(context, subscription_id, changes)
    return UpdateWebhookSubscriptionPayload(object_id=subscription_id)


@change_input
class RotateWebhookSubscriptionSecretInput(ChangeInput):
    """A webhook subscription that gets another secret."""

    id: strawberry.ID = required(_ID)
    end_previous: bool = strawberry.field(
        default=False,
        description="Sign no longer with the secret so far; else it signs too until the next"
        " rotation.",
    )


@payload
class RotateWebhookSubscriptionSecretPayload(WebhookSubscriptionPayload):
    """A webhook subscription with another secret."""

    secret: str | None = shown_once(_SHOWN)


@mutation("Give a webhook subscription another secret.", permission=Permission.ADMIN)
async def rotate_webhook_subscription_secret(
    context: Context, input: RotateWebhookSubscriptionSecretInput
) -> RotateWebhookSubscriptionSecretPayload:
    subscription_id = key_of(input.id, WEBHOOK_SUBSCRIPTIONS)
    secret = await writes.rotate_subscription_secret(
        context, subscription_id, end_previous=input.end_previous
    )
    return RotateWebhookSubscriptionSecretPayload(object_id=subscription_id, secret=secret)


@change_input
class DeleteWebhookSubscriptionInput(ChangeInput):
    """A webhook subscription to delete."""

    id: strawberry.ID = required(_ID)


@payload
class DeleteWebhookSubscriptionPayload(Payload):
    """A webhook subscription that is gone, with its deliveries."""

    name: str | None = strawberry.field(
        default=None, description="What it was called; null when nothing was deleted."
    )


@mutation("Delete a webhook subscription with its deliveries.", permission=Permission.ADMIN)
async def delete_webhook_subscription(
    context: Context, input: DeleteWebhookSubscriptionInput
) -> DeleteWebhookSubscriptionPayload:
    name = await writes.delete_subscription(context, key_of(input.id, WEBHOOK_SUBSCRIPTIONS))
    return DeleteWebhookSubscriptionPayload(name=name)


@change_input
class ReplayWebhookDeliveriesInput(ChangeInput):
    """Deliveries to make once more: one, or those of a subscription."""

    id: strawberry.ID | None = optional("One delivery alone.")
    subscription_id: strawberry.ID | None = optional("Those to this subscription.")
    after: str | None = optional("Of them, those of events after the one with this `eventId`.")
    until: str | None = optional("Of them, those of events up to the one with this `eventId`.")
    states: list[WebhookDeliveryState] | None = optional("Of them, those in one of these states.")


@payload
class ReplayWebhookDeliveriesPayload(Payload):
    """Deliveries that will be made once more."""

    replayed_count: int | None = strawberry.field(
        default=None, description="How many; null when nothing is done."
    )


@mutation(
    "Make deliveries once more that are kept, each with the `webhook-id` that it had.",
    permission=Permission.ADMIN,
)
async def replay_webhook_deliveries(
    context: Context, input: ReplayWebhookDeliveriesInput
) -> ReplayWebhookDeliveriesPayload:
    delivery, subscription = default(input.id, None), default(input.subscription_id, None)
    number = await writes.repeat_deliveries(
        context,
        delivery_id=None if delivery is None else key_of(delivery, WEBHOOK_DELIVERIES),
        subscription_id=None
        if subscription is None
        else key_of(subscription, WEBHOOK_SUBSCRIPTIONS, "subscription_id"),
        after=default(input.after, None),
        until=default(input.until, None),
        states=default(input.states, None),
    )
    return ReplayWebhookDeliveriesPayload(replayed_count=number)


MUTATIONS = (
    create_webhook_subscription,
    update_webhook_subscription,
    rotate_webhook_subscription_secret,
    delete_webhook_subscription,
    replay_webhook_deliveries,
)
