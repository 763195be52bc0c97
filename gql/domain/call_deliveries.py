"""The webhook deliveries about one call, for whoever may read the call."""

import zlib
from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    func,
    literal,
    null,
    or_,
    select,
    union,
)

from gql.identity import Permission
from gql.models.enums import HookRole
from gql.models.hook import HookDelivery, HookEndpoint
from gql.models.scope import owned, parameters, table_of
from gql.query.context import Context
from gql.query.resource import Record
from gql.sql.keys import is_among

MOST_DELIVERIES = 500
"""Of a call with more, the newest are listed."""

LONGEST_PAYLOAD = 10_240
"""Bytes of a body that are shown."""

_READ_BYTES = LONGEST_PAYLOAD + 64
"""Of a compressed body: zlib makes what cannot be compressed longer by a few bytes."""

ANY_PROGRAM = "generic"
"""The source whose deliveries name the sources of their items themselves."""

_DELIVERY = table_of(HookDelivery)
_ENDPOINT = table_of(HookEndpoint)
_COLUMNS = (
    *(_DELIVERY.c[name] for name in ("id", "received_at", "method", "event_kind")),
    *(_DELIVERY.c[name] for name in ("event_id", "occurred_at", "state", "attempts", "error")),
    *(_DELIVERY.c[name] for name in ("applied_at", "next_attempt_at", "size")),
    *(_ENDPOINT.c[name] for name in ("source", "role")),
)


async def list_deliveries(
    context: Context, call: Record, event_kind: str | None = None
) -> Sequence[Any]:
    """What came about a call, by the time at which it came.

    That are the deliveries of the call's source under its key, and those of the carrier below under
    the carrier's key. Bodies and addresses are read for those alone who may manage webhooks: what
    a platform sends may hold more than the call does, and who knows the address of a platform that
    signs nothing can send there.

    Args:
        context: Of the reader.
        call: The call.
        event_kind: The platform's word of what happened, or None for all.

    Returns:
        Rows with the columns of a delivery, and `source` and `role` of its endpoint. `public_id`
        of the endpoint and `body`, the start of the compressed body, are None for most readers.
    """
    values = {
        **parameters(context.organization_id),
        "source": call.source,
        "key": call.external_id,
        "carrier_keys": [call.carrier_call_id] if call.carrier_call_id is not None else [],
        "keys": [key for key in (call.external_id, call.carrier_call_id) if key is not None],
    }
    statement = _statement(shows_all=context.identity.may(Permission.ADMIN))
    if event_kind is not None:
        statement = statement.where(_DELIVERY.c.event_kind == bindparam("event_kind"))
        values["event_kind"] = event_kind
    newest: Sequence[Any] = await context.snapshot.rows(statement, values)
    return newest[::-1]


def shown_payload(row: Any) -> Any:
    """The body of a delivery: JSON, or the start of its text where it is long or no JSON."""
    if row.body is None:
        return None
    # Of a long body only the start was read, which inflates to about as many bytes or more.
    body = zlib.decompressobj().decompress(row.body, LONGEST_PAYLOAD)
    if row.size <= LONGEST_PAYLOAD:
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError:
            pass
    return body.decode(errors="replace")


def _statement(*, shows_all: bool) -> Select[Any]:
    body: ColumnElement[Any] = func.substr(
        _DELIVERY.c.body, 1, _READ_BYTES, type_=_DELIVERY.c.body.type
    )
    confidential = (body, _ENDPOINT.c.public_id) if shows_all else (null(), null())
    names = ("body", "public_id")
    labels = [each.label(name) for each, name in zip(confidential, names, strict=True)]
    return (
        select(*_COLUMNS, *labels)
        .join_from(_DELIVERY, _ENDPOINT, _DELIVERY.c.endpoint_id == _ENDPOINT.c.id)
        .where(owned(_DELIVERY), owned(_ENDPOINT), _DELIVERY.c.id.in_(_ids()), _is_about_call())
        .order_by(_DELIVERY.c.received_at.desc(), _DELIVERY.c.id.desc())
        .limit(MOST_DELIVERIES)
    )


def _ids() -> Any:
    """The ids of deliveries with a key of the call: two look-ups in two indexes.

    An OR of both conditions is not always two look-ups: SQLite may walk all deliveries in their
    order instead.
    """
    named = (
        is_among(_DELIVERY.c.subject, "keys"),
        is_among(_DELIVERY.c.carrier_call_id, "carrier_keys"),
    )
    return union(*(select(_DELIVERY.c.id).where(owned(_DELIVERY), each) for each in named))


def _is_about_call() -> ColumnElement[bool]:
    """A key is the source's own: the same text of another source names another call.

    Deliveries to a generic endpoint name their sources in their bodies, which no index knows: such
    keys count for every source.
    """
    is_of_source = or_(
        _ENDPOINT.c.source == bindparam("source"), _ENDPOINT.c.source == literal(ANY_PROGRAM)
    )
    return or_(
        and_(_DELIVERY.c.subject == bindparam("key"), is_of_source),
        _ENDPOINT.c.role == literal(HookRole.CARRIER.value),
    )
