"""Webhooks in the GraphQL schema: endpoints, and the inbox of their deliveries."""

from datetime import datetime

from strawberry.scalars import JSON

from gql.domain.hooks import HOOK_DELIVERIES, HOOK_ENDPOINTS
from gql.engine.connection import connection
from gql.engine.declaration import column, entity, one
from gql.schema.enums import DeliveryState, HookRole
from gql.schema.inputs.hooks import (
    HookDeliveryFilter,
    HookDeliveryOrder,
    HookEndpointFilter,
    HookEndpointOrder,
)
from gql.schema.node import NumberedNode


@entity(HOOK_ENDPOINTS)
class HookEndpoint(NumberedNode):
    """An address that a platform sends its webhooks to, without its secret."""

    source: str = column("The platform: `vapi`, `retell`, `twilio`.")
    name: str = column("What it is for.")
    role: HookRole = column("What its deliveries may do.")
    path: str = column("Where deliveries are sent to, below the address of the gateway.")
    has_secret: bool = column("Whether signatures can be checked; else all is refused.")
    settings: JSON = column(
        "How long deliveries wait for their call, what becomes of them, and the country of numbers."
    )
    is_active: bool = column("Whether it takes deliveries.")
    created_at: datetime = column("When it was made.")


@entity(HOOK_DELIVERIES)
class HookDelivery(NumberedNode):
    """A webhook as it came, and what became of it."""

    endpoint: HookEndpoint = one("Where it came.", HOOK_ENDPOINTS, "endpoint_id")
    received_at: datetime = column("When it came.")
    headers: JSON = column("Its headers by name; null for values that may be secrets.")
    size: int = column("Bytes of its body.")
    content_type: str | None = column("The media type of its body.")
    event_kind: str | None = column("What happened, in the platform's word.")
    event_id: str | None = column("The platform's id of it; null where it has none.")
    subject: str | None = column("The call or message that it is about, by the platform's id.")
    occurred_at: datetime | None = column("When it happened; null until it is known.")
    state: DeliveryState = column("What became of it.")
    attempts: int = column("How often it was tried.")
    next_attempt_at: datetime = column("When it is tried next, if it is new or waits.")
    error: str | None = column("Why it is where it is; null when all is well.")
    applied_at: datetime | None = column("When it was applied.")


hook_endpoints = connection(
    "Where platforms send webhooks to, oldest first. Needs the ADMIN permission.",
    HOOK_ENDPOINTS,
    order=HookEndpointOrder,
    filter=HookEndpointFilter,
    descending=False,
)
inbox = connection(
    "The webhooks that came, the latest first. Needs the ADMIN permission.",
    HOOK_DELIVERIES,
    order=HookDeliveryOrder,
    filter=HookDeliveryFilter,
)
"""The root fields."""
