"""A webhook subscription of each organization, paused and without a secret, with deliveries."""

from collections.abc import Iterator
from datetime import timedelta

from gql.demo.tenant import NOW, Item, Tenant
from gql.models.enums import WebhookDeliveryState
from gql.models.webhook import WebhookDelivery, WebhookSubscription

_DELIVERIES = (
    ("call_created", "call", WebhookDeliveryState.DELIVERED, 204, None),
    ("call_updated", "call", WebhookDeliveryState.DELIVERED, 204, None),
    ("graph_updated", "graph", WebhookDeliveryState.FAILED, 422, "answered 422: no such graph"),
)


def webhooks(tenant: Tenant) -> Iterator[Item]:
    """The subscription and its deliveries of the last hours."""
    owner = tenant.organization_id
    yield (
        WebhookSubscription,
        {
            "id": owner,
            "organization_id": owner,
            "name": "Our billing",
            "url": "https://billing.example.com/jackfield",
            "kinds": ["call_created", "call_updated", "graph_updated"],
            "is_active": False,
            "seq": 0,
            "tag": 0,
            "created_at": NOW - timedelta(days=30),
            "updated_at": NOW - timedelta(days=30),
        },
    )
    for number, (kind, noun, state, status, error) in enumerate(_DELIVERIES, start=1):
        happened_at = NOW - timedelta(hours=number)
        yield (
            WebhookDelivery,
            {
                "id": tenant.ids.next(WebhookDelivery),
                "organization_id": owner,
                "subscription_id": owner,
                "seq": number,
                "tag": number,
                "kind": kind,
                "object_id": owner,
                "subject": f"{noun}_{owner}",
                "happened_at": happened_at,
                "state": state.value,
                "attempts": 1,
                "first_attempt_at": happened_at,
                "next_attempt_at": happened_at,
                "finished_at": happened_at + timedelta(seconds=1),
                "status": status,
                "error": error,
            },
        )
