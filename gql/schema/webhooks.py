"""Webhook subscriptions and their deliveries in the GraphQL schema."""

from datetime import datetime

from strawberry.scalars import JSON

from gql.domain.webhooks import WEBHOOK_DELIVERIES, WEBHOOK_SUBSCRIPTIONS
from gql.engine.connection import connection
from gql.engine.declaration import column, entity, one
from gql.schema.enums import WebhookDeliveryState
from gql.schema.inputs.webhooks import (
    WebhookDeliveryFilter,
    WebhookDeliveryOrder,
    WebhookSubscriptionFilter,
    WebhookSubscriptionOrder,
)
from gql.schema.node import NumberedNode


@entity(WEBHOOK_SUBSCRIPTIONS)
class WebhookSubscription(NumberedNode):
    """An address that is told of events, without its secret."""

    name: str = column("What it is for.")
    url: str = column("Where deliveries are posted to.")
    kinds: JSON | None = column("The kinds of events that it is told of; null for all.")
    object_ids: JSON | None = column(
        "Global ids: only of these objects, and of what belongs to them; null for all."
    )
    document: str | None = column(
        "The GraphQL subscription that is answered for each event; null for the usual one."
    )
    is_active: bool = column("Whether deliveries are made.")
    pause_reason: str | None = column("Why the gateway paused it; null where a person did.")
    event_id: str = column("The last event that became a delivery or was passed over.")
    failures: int = column("How many attempts have failed since the last that did not.")
    failing_since: datetime | None = column("When the first of these was made.")
    succeeded_at: datetime | None = column("When an attempt succeeded last.")
    created_at: datetime = column("When it was made.")
    updated_at: datetime = column("When it was changed last.")


@entity(WEBHOOK_DELIVERIES)
class WebhookDelivery(NumberedNode):
    """An event that a webhook subscription is told of."""

    subscription: WebhookSubscription = one(
        "Who is told.", WEBHOOK_SUBSCRIPTIONS, "subscription_id"
    )
    event_id: str = column("The event: the header `webhook-id`.")
    kind: str = column("What happened, as in `type` of the body: `call_updated`.")
    subject: str = column("The global id of what was written; of one, deliveries are in order.")
    happened_at: datetime = column("When it happened.")
    state: WebhookDeliveryState = column("What became of it.")
    attempts: int = column("How often it was tried.")
    next_attempt_at: datetime = column("When it is tried next, if it is pending.")
    finished_at: datetime | None = column("When it was delivered, or given up.")
    status: int | None = column("The HTTP status of the last answer.")
    error: str | None = column("Why the last attempt failed; or what events are missing.")


webhook_subscriptions = connection(
    "Who is told of events by webhooks, oldest first. Needs the ADMIN permission.",
    WEBHOOK_SUBSCRIPTIONS,
    order=WebhookSubscriptionOrder,
    filter=WebhookSubscriptionFilter,
    descending=False,
)
webhook_deliveries = connection(
    "What they are told, the latest first. Needs the ADMIN permission.",
    WEBHOOK_DELIVERIES,
    order=WebhookDeliveryOrder,
    filter=WebhookDeliveryFilter,
)
"""The root fields."""
