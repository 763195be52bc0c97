"""Webhook subscriptions and their deliveries, as readers see them."""

from sqlalchemy import ColumnElement, FromClause, Text, cast, null

from gql.identity import Permission
from gql.models.scope import table_of
from gql.models.webhook import WebhookDelivery, WebhookSubscription
from gql.query.filters import compare
from gql.query.resource import Order, Resource
from gql.sql.json_sql import literal_text


def _event_id(table: FromClause) -> ColumnElement[str]:
    """See `EventCursor`."""
    seq, tag = cast(table.c.seq, Text()), cast(table.c.tag, Text())
    joined = seq.op("||", return_type=Text())(literal_text("-"))
    return joined.op("||", return_type=Text())(tag)


WEBHOOK_SUBSCRIPTIONS = Resource(
    "webhook_subscription",
    table_of(WebhookSubscription),
    # The secrets, though they are sealed, are nobody's to read.
    computed={
        "secret": lambda _table: null(),
        "secret_previous": lambda _table: null(),
        "event_id": _event_id,
    },
    filters={"is_active": compare("is_active")},
    orders={"id": Order("id", "integer")},
    permission=Permission.ADMIN,
)

WEBHOOK_DELIVERIES = Resource(
    "webhook_delivery",
    table_of(WebhookDelivery),
    computed={"event_id": _event_id},
    filters={
        "subscription_id": compare("subscription_id"),
        "state": compare("state"),
        "subject": compare("subject"),
    },
    orders={"id": Order("id", "integer")},
    permission=Permission.ADMIN,
    usual=100_000,
)
