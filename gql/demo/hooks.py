"""A webhook endpoint of each organization, with deliveries in the states in which they rest.

It has no secret, so everything that is sent to it is refused.
"""

import hashlib
import json
import zlib
from collections.abc import Iterator
from datetime import timedelta

from gql.demo.tenant import NOW, Item, Tenant
from gql.models.enums import DeliveryState
from gql.models.hook import HookDelivery, HookEndpoint

_SOURCE = "generic"
_DELIVERIES = (
    ("call", "call-1", DeliveryState.DONE, None),
    ("messages", "call-1", DeliveryState.DONE, None),
    ("call.rated", None, DeliveryState.UNKNOWN, None),
    ("sms", "message-1", DeliveryState.DONE, None),
    ("sms", "message-2", DeliveryState.DEAD, "sms message-2: from is missing"),
)


def hooks(tenant: Tenant) -> Iterator[Item]:
    """The endpoint and its deliveries of the last hours."""
    owner = tenant.organization_id
    yield (
        HookEndpoint,
        {
            "id": owner,
            "organization_id": owner,
            "public_id": f"demo{owner}",
            "source": _SOURCE,
            "name": "Our telephone exchange",
            "settings": {"wait_hours": 24, "unlinked": "call"},
            "created_at": NOW - timedelta(days=90),
            "updated_at": NOW - timedelta(days=90),
        },
    )
    for number, (kind, subject, state, error) in enumerate(_DELIVERIES):
        body = json.dumps({"type": kind, "id": f"event-{number}"}).encode()
        received_at = NOW - timedelta(hours=len(_DELIVERIES) - number)
        is_done = state is DeliveryState.DONE
        yield (
            HookDelivery,
            {
                "id": tenant.ids.next(HookDelivery),
                "organization_id": owner,
                "endpoint_id": owner,
                "received_at": received_at,
                "method": "POST",
                "path_query": f"/hooks/{_SOURCE}/demo{owner}",
                "headers": {"content-type": "application/json", "webhook-signature": None},
                "body": zlib.compress(body),
                "size": len(body),
                "content_type": "application/json",
                "body_sha256": hashlib.sha256(body).hexdigest(),
                "event_kind": kind,
                "event_id": f"event-{number}",
                "subject": subject,
                "state": state.value,
                "attempts": 1 if state is DeliveryState.DEAD else 0,
                "next_attempt_at": received_at,
                "error": error,
                "applied_at": received_at + timedelta(seconds=1) if is_done else None,
            },
        )
