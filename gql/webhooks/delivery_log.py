"""The subscriptions and their deliveries as they are listed, and how long deliveries stay."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gql.database import Snapshot
from gql.models.enums import WebhookDeliveryState
from gql.models.scope import owned
from gql.models.types import now
from gql.webhooks.queue import DELIVERIES, SUBSCRIPTIONS

DELETED_AT_ONCE = 1_000


async def delete_old_deliveries(
    connection: AsyncConnection, organization_id: int, *, days: int, most: int
) -> int:
    """Delete some deliveries that are old, or more than are kept, and not pending; how many."""
    own = owned(DELIVERIES, organization_id)
    newest = select(DELIVERIES.c.id).where(own).order_by(DELIVERIES.c.id.desc())
    beyond = newest.offset(most).limit(1).scalar_subquery()
    old = (
        select(DELIVERIES.c.id)
        .where(
            own,
            DELIVERIES.c.state != WebhookDeliveryState.PENDING,
            or_(
                DELIVERIES.c.happened_at < now() - timedelta(days=days),
                DELIVERIES.c.id <= beyond,
            ),
        )
        .order_by(DELIVERIES.c.id)
        .limit(DELETED_AT_ONCE)
    )
    statement = delete(DELIVERIES).where(own, DELIVERIES.c.id.in_(old))
    return int((await connection.execute(statement)).rowcount)


async def all_subscriptions(snapshot: Snapshot) -> Sequence[Row[Any]]:
    """Those of all organizations: whose, and what an operator has to know of them."""
    table = SUBSCRIPTIONS.c
    columns = table.organization_id, table.id, table.secret, table.pause_reason
    return await snapshot.rows(select(*columns).order_by(table.organization_id, table.id))


async def subscriptions_of(snapshot: Snapshot, organization_id: int) -> Sequence[Row[Any]]:
    """An organization's subscriptions, by id."""
    statement = select(SUBSCRIPTIONS).where(owned(SUBSCRIPTIONS, organization_id))
    return await snapshot.rows(statement.order_by(SUBSCRIPTIONS.c.id))


async def delivery_counts(snapshot: Snapshot, organization_id: int) -> dict[tuple[int, str], int]:
    """How many deliveries are kept, by the id of the subscription and their state."""
    columns = DELIVERIES.c.subscription_id, DELIVERIES.c.state
    statement = (
        select(*columns, func.count().label("number"))
        .where(owned(DELIVERIES, organization_id))
        .group_by(*columns)
    )
    rows = await snapshot.rows(statement)
    return {(row.subscription_id, row.state): row.number for row in rows}


async def latest_deliveries(
    snapshot: Snapshot,
    organization_id: int,
    *,
    subscription_id: int | None = None,
    states: Sequence[str] | None = None,
    limit: int,
) -> Sequence[Row[Any]]:
    """Deliveries, the newest first."""
    statement = select(DELIVERIES).where(owned(DELIVERIES, organization_id))
    if subscription_id is not None:
        statement = statement.where(DELIVERIES.c.subscription_id == subscription_id)
    if states:
        statement = statement.where(DELIVERIES.c.state.in_(states))
    return await snapshot.rows(statement.order_by(DELIVERIES.c.id.desc()).limit(limit))
