"""The deliveries that are due: taken by one process at a time, in the order of each object.

A subscription has a cursor over the events of its organization. What is behind it becomes a
delivery or is passed over, and the cursor moves on in the same transaction: so nothing is skipped,
whatever ends meanwhile. One process at a time makes the deliveries of a subscription, as long as
its lease lasts; where it ends without giving that back, another one goes on after it, and what had
been sent without a note of it is sent again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Row,
    and_,
    bindparam,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from gql.database import OpenTransaction, Snapshot
from gql.errors import ResyncRequired
from gql.events.reading import (
    EventCursor,
    StoredEvent,
    check_cursor,
    read_events,
    restart_cursor,
)
from gql.models.enums import EventKind, WebhookDeliveryState
from gql.models.event import EventHead
from gql.models.scope import owned, parameters, same_owner, table_of
from gql.models.types import now
from gql.models.webhook import WebhookDelivery, WebhookSubscription

AT_ONCE = 8
"""Most deliveries of a subscription that are under way, each of another object; of one that fails
it is one, so that it takes no turn of others."""

MOST_PENDING = 1_000
"""Of a subscription with so many, no further events become deliveries; they wait as events."""

RESYNC = "resync_required"
"""The kind of a delivery that says that events are gone: see `ResyncRequired`."""

SUBSCRIPTIONS = table_of(WebhookSubscription)
DELIVERIES = table_of(WebhookDelivery)
_HEADS = table_of(EventHead)

PENDING = WebhookDeliveryState.PENDING
_INSTANT = bindparam("instant", type_=SUBSCRIPTIONS.c.created_at.type)


class SubscriptionKey(NamedTuple):
    """Names a subscription of any organization."""

    organization_id: int
    id: int


_EARLIER = DELIVERIES.alias()


def _is_due(own_earlier: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a delivery may be made now: none of the same object is before it.

    Args:
        own_earlier: That those before it are of the same organization.
    """
    is_blocked = exists().where(
        own_earlier,
        _EARLIER.c.subscription_id == DELIVERIES.c.subscription_id,
        _EARLIER.c.subject == DELIVERIES.c.subject,
        _EARLIER.c.state == PENDING,
        _EARLIER.c.id < DELIVERIES.c.id,
    )
    is_ready = DELIVERIES.c.next_attempt_at <= _INSTANT
    return and_(DELIVERIES.c.state == PENDING, is_ready, ~is_blocked)


def _is_free(instant: Any, *, lease: str | None = None) -> ColumnElement[bool]:
    """Whether deliveries of a subscription may be made now, by the holder of a lease."""
    table = SUBSCRIPTIONS.c
    is_free = or_(table.leased_until.is_(None), table.leased_until <= instant)
    if lease is not None:
        is_free = or_(is_free, table.lease == lease)
    may_retry = or_(table.retry_at.is_(None), table.retry_at <= instant)
    return and_(table.is_active, may_retry, is_free)


_WITH_WORK = select(SUBSCRIPTIONS.c.organization_id, SUBSCRIPTIONS.c.id).where(
    _is_free(_INSTANT),
    or_(
        exists().where(same_owner(_HEADS, SUBSCRIPTIONS), _HEADS.c.last != SUBSCRIPTIONS.c.seq),
        exists().where(
            same_owner(DELIVERIES, SUBSCRIPTIONS),
            DELIVERIES.c.subscription_id == SUBSCRIPTIONS.c.id,
            _is_due(same_owner(_EARLIER, DELIVERIES)),
        ),
    ),
)


async def subscriptions_with_work(snapshot: Snapshot, instant: datetime) -> list[SubscriptionKey]:
    """The subscriptions of all organizations for which there may be something to do."""
    rows = await snapshot.rows(_WITH_WORK, {"instant": instant})
    return [SubscriptionKey(row.organization_id, row.id) for row in rows]


async def lease_subscription(
    connection: AsyncConnection, key: SubscriptionKey, lease: str, seconds: float
) -> Row[Any] | None:
    """The subscription, of which nobody else makes deliveries for so many seconds.

    None when another process does, or when nothing is to be done now.
    """
    instant = now()
    own = owned(SUBSCRIPTIONS, key.organization_id), SUBSCRIPTIONS.c.id == key.id
    statement = (
        update(SUBSCRIPTIONS)
        .where(*own, _is_free(instant, lease=lease))
        .values(lease=lease, leased_until=instant + timedelta(seconds=seconds))
        .returning(*SUBSCRIPTIONS.c)
    )
    return (await connection.execute(statement)).one_or_none()


async def end_lease(connection: AsyncConnection, key: SubscriptionKey, lease: str) -> None:
    """End a lease, unless another process has got it meanwhile."""
    own = owned(SUBSCRIPTIONS, key.organization_id), SUBSCRIPTIONS.c.id == key.id
    ended = update(SUBSCRIPTIONS).where(*own, SUBSCRIPTIONS.c.lease == lease)
    await connection.execute(ended.values(lease=None, leased_until=None))


@dataclass(frozen=True)
class Due:
    """What a subscription has to be told now.

    Attributes:
        deliveries: Rows of `webhook_delivery`, each of another object.
        has_moved: Whether events became deliveries or were passed over.
    """

    deliveries: Sequence[Row[Any]]
    has_moved: bool


async def next_deliveries(
    connection: AsyncConnection, subscription: Row[Any], passes: Callable[[StoredEvent], bool]
) -> Due:
    """Make deliveries of some events behind the cursor, and say which deliveries are due.

    Args:
        connection: In a transaction.
        subscription: Whose.
        passes: Which events it is told of.
    """
    key = SubscriptionKey(subscription.organization_id, subscription.id)
    before = await _lock_cursor(connection, key)
    if before is None:
        return Due((), has_moved=False)
    cursor = before
    if await _count_pending(connection, key) < MOST_PENDING:
        cursor, rows = await _read_on(connection, key, before, passes)
        if rows:
            await connection.execute(insert(DELIVERIES), rows)
        if cursor != before:
            own = owned(SUBSCRIPTIONS, key.organization_id), SUBSCRIPTIONS.c.id == key.id
            moved = update(SUBSCRIPTIONS).where(*own).values(seq=cursor.seq, tag=cursor.tag)
            await connection.execute(moved)
    statement = (
        select(DELIVERIES)
        .where(
            owned(DELIVERIES),
            DELIVERIES.c.subscription_id == key.id,
            _is_due(owned(_EARLIER)),
        )
        .order_by(DELIVERIES.c.id)
        .limit(1 if subscription.failures else AT_ONCE)
    )
    values = {**parameters(key.organization_id), "instant": now()}
    deliveries = (await connection.execute(statement, values)).all()
    return Due(deliveries, has_moved=cursor != before)


async def _lock_cursor(connection: AsyncConnection, key: SubscriptionKey) -> EventCursor | None:
    """The cursor, which nobody else moves until the transaction ends; None when it is deleted."""
    statement = (
        select(SUBSCRIPTIONS.c.seq, SUBSCRIPTIONS.c.tag)
        .where(owned(SUBSCRIPTIONS, key.organization_id), SUBSCRIPTIONS.c.id == key.id)
        .with_for_update()
    )
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else EventCursor(row.seq, row.tag)


async def _count_pending(connection: AsyncConnection, key: SubscriptionKey) -> int:
    pending = owned(DELIVERIES, key.organization_id), DELIVERIES.c.state == PENDING
    statement = select(func.count()).where(*pending, DELIVERIES.c.subscription_id == key.id)
    return int((await connection.execute(statement)).scalar_one())


async def _read_on(
    connection: AsyncConnection,
    key: SubscriptionKey,
    cursor: EventCursor,
    passes: Callable[[StoredEvent], bool],
) -> tuple[EventCursor, list[dict[str, Any]]]:
    """Where the cursor stands after some events, and the deliveries that they become."""
    database = OpenTransaction(connection)
    try:
        await check_cursor(database, key.organization_id, cursor)
    except ResyncRequired as error:
        cursor = await restart_cursor(database, key.organization_id, cursor)
        return cursor, [_resync(key, cursor, error)]
    rows: list[dict[str, Any]] = []
    for event in await read_events(database, key.organization_id, cursor.seq):
        if event.seq != cursor.seq + 1:
            break  # deleted after the check; the next one finds it out
        cursor = event.cursor
        if passes(event):
            rows.append(_delivery(key, event))
    return cursor, rows


def _delivery(key: SubscriptionKey, event: StoredEvent) -> dict[str, Any]:
    return {
        **_new_row(key, event.cursor),
        "kind": event.kind.value,
        "object_id": event.object_id,
        "parent_id": event.parent_id,
        "subject": event.subject,
        "happened_at": event.at,
        "error": None,
    }


def _resync(key: SubscriptionKey, cursor: EventCursor, error: ResyncRequired) -> dict[str, Any]:
    return {
        **_new_row(key, cursor),
        "kind": RESYNC,
        "object_id": key.id,
        "parent_id": None,
        "subject": f"webhook_subscription_{key.id}",
        "happened_at": now(),
        "error": error.message,
    }


def _new_row(key: SubscriptionKey, cursor: EventCursor) -> dict[str, Any]:
    return {
        "organization_id": key.organization_id,
        "subscription_id": key.id,
        "seq": cursor.seq,
        "tag": cursor.tag,
        "state": PENDING,
        "attempts": 0,
        "next_attempt_at": now(),
    }


def event_of(delivery: Row[Any]) -> StoredEvent:
    """The event that a delivery tells of."""
    return StoredEvent(
        delivery.seq,
        delivery.tag,
        EventKind(delivery.kind),
        delivery.object_id,
        delivery.parent_id,
        delivery.happened_at,
    )
