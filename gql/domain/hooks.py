"""Webhook endpoints and the inbox of their deliveries, as readers see them."""

from sqlalchemy import ColumnElement, FromClause, literal

from gql.identity import Permission
from gql.models.hook import HookDelivery, HookEndpoint
from gql.models.scope import table_of
from gql.query.filters import compare
from gql.query.resource import Link, Order, Resource


def _path(table: FromClause) -> ColumnElement[str]:
    return literal("/hooks/") + table.c.source + literal("/") + table.c.public_id


def _has_secret(table: FromClause) -> ColumnElement[bool]:
    return table.c.secret.is_not(None)


HOOK_ENDPOINTS = Resource(
    "hook_endpoint",
    table_of(HookEndpoint),
    computed={"path": _path, "has_secret": _has_secret},
    filters={"source": compare("source")},
    orders={"id": Order("id", "integer")},
    permission=Permission.ADMIN,
)

HOOK_DELIVERIES = Resource(
    "hook_delivery",
    table_of(HookDelivery),
    filters={
        "endpoint_id": compare("endpoint_id"),
        "state": compare("state"),
        "event_kind": compare("event_kind"),
        "subject": compare("subject"),
        "received_at": compare("received_at"),
    },
    orders={"id": Order("id", "integer")},
    permission=Permission.ADMIN,
    usual=100_000,
)

DELIVERIES_OF_ENDPOINT = Link.by("endpoint_id")
