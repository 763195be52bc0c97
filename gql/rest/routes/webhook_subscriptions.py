"""Webhook subscriptions: who is told of events, and the deliveries to them."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field
from starlette.responses import Response

from gql.domain.webhooks import WEBHOOK_DELIVERIES, WEBHOOK_SUBSCRIPTIONS
from gql.engine.rest_query import RestArguments
from gql.identity import Permission
from gql.kinds import CLOSED
from gql.models.enums import EventKind
from gql.query.context import Context
from gql.query.paging import Paging
from gql.rest.filters import FilterBy, Filters
from gql.rest.json_body import sent_values
from gql.rest.parameters import MOST_SMALL_INTEGER, Integer, Paged, id_of
from gql.rest.reads import list_of, lookup
from gql.rest.responses import json_response
from gql.rest.route import Answer, route
from gql.rest.routes.graphs import Deleted
from gql.webhooks import writes

TAG = "Webhook subscriptions"

State = Literal["pending", "delivered", "failed"]


class WebhookSubscription(BaseModel):
    """An address that is told of events."""

    id: int
    name: str
    url: str
    kinds: list[str] | None
    object_ids: list[str] | None
    document: str | None
    is_active: bool
    pause_reason: str | None
    event_id: str
    failures: int
    failing_since: datetime | None
    succeeded_at: datetime | None
    created_at: datetime
    updated_at: datetime


class WebhookSubscriptionIn(BaseModel):
    """A webhook subscription to make."""

    url: str = Field(description="Where deliveries are posted to: `https`, at a public address.")
    name: str | None = Field(None, description="What it is for; the URL, without.")
    kinds: list[EventKind] | None = Field(None, description="The kinds of events; null for all.")
    object_ids: list[str] | None = Field(
        None,
        description="Global ids such as `graph_5`: only of these objects and what belongs to them;"
        " null for all.",
    )
    document: str | None = Field(
        None, description="A GraphQL subscription that is answered for each event."
    )
    after: str | None = Field(
        None, description="The event id after which to begin; without it, what comes from now on."
    )


class WebhookSubscriptionChanges(BaseModel):
    """What to change; what is left out stays."""

    url: str | None = None
    name: str | None = None
    kinds: list[EventKind] | None = None
    object_ids: list[str] | None = None
    document: str | None = None
    is_active: bool | None = Field(
        None, description="False pauses it; true has it go on where it stopped."
    )


class Rotation(BaseModel):
    """How a secret is replaced."""

    end_previous: bool = Field(
        False, description="Sign no longer with the secret so far; else it signs too."
    )


class NewSecret(BaseModel):
    """A secret that was just made."""

    id: int
    secret: str = Field(description="What deliveries are signed with: shown this once.")


class WebhookSubscriptionPath(BaseModel):
    """Which subscription."""

    subscription_id: Annotated[int, id_of("webhook_subscription")]


class WebhookDelivery(BaseModel):
    """An event that a subscription is told of."""

    id: int
    subscription_id: int
    event_id: str
    kind: str
    subject: str
    happened_at: datetime
    state: State
    attempts: int
    next_attempt_at: datetime
    finished_at: datetime | None
    status: int | None
    error: str | None


class WebhookDeliveriesQuery(Filters, Paged):
    """Which deliveries."""

    resource = WEBHOOK_DELIVERIES

    subscription_id: Annotated[Integer | None, FilterBy("subscription_id")] = None
    state: Annotated[State | None, FilterBy("state")] = None
    subject: Annotated[str | None, FilterBy("subject")] = None


class Replay(BaseModel):
    """Which deliveries to make once more: one by its id, or those of a subscription."""

    id: int | None = None
    subscription_id: int | None = None
    after: str | None = Field(None, description="Those of events after the one with this id.")
    until: str | None = Field(None, description="Those of events up to the one with this id.")
    states: list[State] | None = None


class Replayed(BaseModel):
    """What is made once more."""

    count: int


_SUBSCRIPTION: dict[str, Any] = {
    "id": 7,
    "name": "Our billing",
    "url": "https://billing.example.com/jackfield",
    "kinds": ["call_created", "call_updated"],
    "object_ids": None,
    "document": None,
    "is_active": True,
    "pause_reason": None,
    "event_id": "1204-774201922",
    "failures": 0,
    "failing_since": None,
    "succeeded_at": "2025-01-19T10:00:00Z",
    "created_at": "2025-01-19T09:00:00Z",
    "updated_at": "2025-01-19T09:00:00Z",
}
_DELIVERY: dict[str, Any] = {
    "id": 12,
    "subscription_id": 7,
    "event_id": "1204-774201922",
    "kind": "call_updated",
    "subject": "call_101",
    "happened_at": "2025-01-19T10:00:00Z",
    "state": "delivered",
    "attempts": 1,
    "next_attempt_at": "2025-01-19T10:00:00Z",
    "finished_at": "2025-01-19T10:00:01Z",
    "status": 204,
    "error": None,
}
_SECRET = {"id": 7, "secret": "whsec_...(44 characters)"}
_DELETED = {"success": True, "message": "Webhook subscription 'Our billing' deleted successfully"}
_SUBSCRIPTION_READ = lookup(WEBHOOK_SUBSCRIPTIONS, WebhookSubscription, noun="webhook_subscription")


@route(
    "GET",
    "/api/v1/webhook-subscriptions",
    tag=TAG,
    kinds=CLOSED,
    permission=Permission.ADMIN,
    summary="List webhook subscriptions",
    graphql="{ webhookSubscriptions { nodes { id name url isActive pauseReason } } }",
    answers={200: Answer("By id.", list[WebhookSubscription], [_SUBSCRIPTION])},
    reads=list_of(WEBHOOK_SUBSCRIPTIONS, WebhookSubscription),
)
def list_webhook_subscriptions(query: Paged) -> RestArguments:
    """Who is told of events by webhooks. This needs the admin permission."""
    by_id = Paging(query.limit, "id", descending=False, offset=min(query.skip, MOST_SMALL_INTEGER))
    return RestArguments(paging=by_id)


@route(
    "POST",
    "/api/v1/webhook-subscriptions",
    tag=TAG,
    kinds=CLOSED,
    permission=Permission.ADMIN,
    summary="Create a webhook subscription",
    graphql=(
        'mutation { createWebhookSubscription(input: {url: "https://example.com/hooks"}) { secret '
        "webhookSubscription { id } userErrors { message path } } }"
    ),
    answers={201: Answer("Its id, and the secret, this once.", NewSecret, _SECRET)},
    errors=(400, 503),
    secret=True,
    example={"url": "https://billing.example.com/jackfield", "kinds": ["call_updated"]},
)
async def create_webhook_subscription(context: Context, body: WebhookSubscriptionIn) -> Response:
    """Have an address told of events. This needs the admin permission."""
    values = body.model_dump(exclude_none=True)
    subscription_id, secret = await writes.create_subscription(context, **values)
    return _secret(subscription_id, secret, 201)


@route(
    "GET",
    "/api/v1/webhook-subscriptions/{subscription_id}",
    tag=TAG,
    kinds=CLOSED,
    permission=Permission.ADMIN,
    summary="Get a webhook subscription",
    graphql="{ webhookSubscriptions(first: 1) { nodes { name url eventId failures } } }",
    answers={200: Answer("The subscription.", WebhookSubscription, _SUBSCRIPTION)},
    errors=(404,),
    reads=_SUBSCRIPTION_READ,
)
def get_webhook_subscription(path: WebhookSubscriptionPath) -> RestArguments:
    """One of them, without its secret. This needs the admin permission."""
    return RestArguments(path.subscription_id)


@route(
    "PATCH",
    "/api/v1/webhook-subscriptions/{subscription_id}",
    tag=TAG,
    kinds=CLOSED,
    permission=Permission.ADMIN,
    summary="Change, pause or resume a webhook subscription",
    graphql=(
        "mutation { updateWebhookSubscription(input: {id: 1, isActive: true}) { "
        "webhookSubscription { isActive } userErrors { message path } } }"
    ),
    answers={200: Answer("The subscription as it is now.", WebhookSubscription, _SUBSCRIPTION)},
    errors=(400, 404),
    reads=_SUBSCRIPTION_READ,
    example={"is_active": False},
)
async def update_webhook_subscription(
    context: Context, path: WebhookSubscriptionPath, body: WebhookSubscriptionChanges
) -> RestArguments:
    """Set what is given. This needs the admin permission."""
    changes = sent_values(body, WebhookSubscription)
    await writes.update_subscription(context, path.subscription_id, changes)
    return RestArguments(path.subscription_id)


@route(
    "DELETE",
    "/api/v1/webhook-subscriptions/{subscription_id}",
    tag=TAG,
    kinds=CLOSED,
    permission=Permission.ADMIN,
    summary="Delete a webhook subscription",
    graphql=(
        "mutation { deleteWebhookSubscription(input: {id: 1}) { name userErrors { message "
        "path } } }"
    ),
    answers={200: Answer("It is gone.", Deleted, _DELETED)},
    errors=(404,),
)
async def delete_webhook_subscription(
    context: Context, path: WebhookSubscriptionPath
) -> dict[str, Any]:
    """Delete it with its deliveries. This needs the admin permission."""
    name = await writes.delete_subscription(context, path.subscription_id)
    return {"success": True, "message": f"Webhook subscription '{name}' deleted successfully"}


@route(
    "POST",
    "/api/v1/webhook-subscriptions/{subscription_id}/secret",
    tag=TAG,
    kinds=CLOSED,
    permission=Permission.ADMIN,
    summary="Give a webhook subscription another secret",
    graphql=(
        "mutation { rotateWebhookSubscriptionSecret(input: {id: 1}) { secret userErrors { message "
        "path } } }"
    ),
    answers={201: Answer("The secret, this once.", NewSecret, _SECRET)},
    errors=(404, 503),
    secret=True,
    example={"end_previous": False},
)
async def rotate_webhook_subscription_secret(
    context: Context, path: WebhookSubscriptionPath, body: Rotation | None
) -> Response:
    """Sign with a new secret, and with the one before until the next. Needs admin permission."""
    end_previous = body is not None and body.end_previous
    secret = await writes.rotate_subscription_secret(
        context, path.subscription_id, end_previous=end_previous
    )
    return _secret(path.subscription_id, secret, 201)


@route(
    "GET",
    "/api/v1/webhook-deliveries",
    tag=TAG,
    kinds=CLOSED,
    permission=Permission.ADMIN,
    summary="List deliveries to webhook subscriptions",
    graphql=(
        "{ webhookDeliveries(first: 100, filter: {state: {eq: FAILED}}) { nodes { id eventId "
        "kind subject status error } } }"
    ),
    answers={200: Answer("The newest first.", list[WebhookDelivery], [_DELIVERY])},
    reads=list_of(WEBHOOK_DELIVERIES, WebhookDelivery),
)
def list_webhook_deliveries(query: WebhookDeliveriesQuery) -> RestArguments:
    """What subscriptions are told. This needs the admin permission."""
    newest = Paging(query.limit, "id", descending=True, offset=min(query.skip, MOST_SMALL_INTEGER))
    return RestArguments(paging=newest, filter=query.filter())


@route(
    "POST",
    "/api/v1/webhook-deliveries/replay",
    tag=TAG,
    kinds=CLOSED,
    permission=Permission.ADMIN,
    summary="Make deliveries to webhook subscriptions once more",
    graphql=(
        "mutation { replayWebhookDeliveries(input: {subscriptionId: 1, states: [FAILED]}) { "
        "replayedCount userErrors { message path } } }"
    ),
    answers={200: Answer("How many.", Replayed, {"count": 3})},
    errors=(400, 404),
    example={"subscription_id": 7, "states": ["failed"]},
)
async def replay_webhook_deliveries(context: Context, body: Replay) -> dict[str, Any]:
    """One delivery, or those of a subscription. This needs the admin permission."""
    number = await writes.repeat_deliveries(
        context,
        delivery_id=body.id,
        subscription_id=body.subscription_id,
        after=body.after,
        until=body.until,
        states=body.states,
    )
    return {"count": number}


def _secret(subscription_id: int, secret: str, status: int) -> Response:
    value = {"id": subscription_id, "secret": secret}
    return json_response(value, status, headers={"Cache-Control": "no-store"})
