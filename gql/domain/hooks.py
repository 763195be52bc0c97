"""Webhook endpoints and the inbox of their deliveries, as readers see them."""

from functools import reduce

from sqlalchemy import ColumnElement, FromClause, Text, null

from gql.identity import Permission
from gql.models.hook import HookDelivery, HookEndpoint
from gql.models.scope import table_of
from gql.query.filters import compare
from gql.query.resource import Order, Resource
from gql.sql.json_sql import literal_text


def _path(table: FromClause) -> ColumnElement[str]:
    parts = (literal_text("/hooks/"), table.c.source, literal_text("/"), table.c.public_id)
    return reduce(lambda one, other: one.op("||", return_type=Text())(other), parts)


def _has_secret(table: FromClause) -> ColumnElement[bool]:
    return table.c.secret.is_not(None)


HOOK_ENDPOINTS = Resource(
    "hook_endpoint",
    table_of(HookEndpoint),
    # The secrets, though they are sealed, are nobody's to read.
    computed={
        "path": _path,
        "has_secret": _has_secret,
        "secret": lambda _table: null(),
        "secret_previous": lambda _table: null(),
    },
    filters={"source": compare("source")},
    orders={"id": Order("id", "integer")},
    permission=Permission.ADMIN,
)

HOOK_DELIVERIES = Resource(
    "hook_delivery",
    table_of(HookDelivery),
    # A page of bodies would be gigabytes; `jackfield hooks show` reads one by itself.
    computed={"body": lambda _table: null()},
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
