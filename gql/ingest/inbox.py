"""The inbox: webhook deliveries as they came, stored before they are applied."""

import hashlib
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gql.accounts.hook_endpoints import StoredEndpoint
from gql.database import DatabaseAccess, Snapshot
from gql.domain.hooks import HOOK_DELIVERIES
from gql.errors import NotFound
from gql.models.enums import DeliveryState
from gql.models.hook import PENDING
from gql.models.scope import owned, parameters
from gql.models.types import now
from gql.sql import advisory_locks
from gql.sql.keys import is_among

AT_ONCE = 100
"""Most deliveries that are applied in one transaction."""

DELETED_AT_ONCE = 1_000

STORED_HEADERS = frozenset(
    {
        *("content-type", "content-length", "content-encoding", "user-agent", "date"),
        *("webhook-id", "webhook-timestamp", "i-twilio-idempotency-token", "x-request-id"),
    }
)
"""Headers that are stored with their values; all others by name alone, as they may be secrets."""

LONGEST_PATH = 2_000

PULLED = "PULL"
"""Stands for the HTTP method of a delivery that was read from a platform's list."""

INBOX = HOOK_DELIVERIES.table
_INSERT = insert(INBOX).returning(INBOX.c.id)


@dataclass(frozen=True)
class Received:
    """A delivery that passed its checks."""

    endpoint: StoredEndpoint
    method: str
    path_query: str
    headers: Mapping[str, str]
    body: bytes


async def store(database: DatabaseAccess, received: Received) -> int:
    """The id of a delivery in the inbox, once it is committed."""
    row = {
        **_new_row(received.endpoint, now(), received.body, _digest(received.body)),
        "method": received.method,
        "path_query": received.path_query[:LONGEST_PATH],
        "headers": {
            name: value if name in STORED_HEADERS else None
            for name, value in received.headers.items()
        },
        "content_type": received.headers.get("content-type"),
        "event_id": received.headers.get("webhook-id")
        or received.headers.get("i-twilio-idempotency-token"),
    }
    async with database.transaction() as connection:
        return int((await connection.execute(_INSERT, row)).scalar_one())


async def store_pulled(
    database: DatabaseAccess, endpoint: StoredEndpoint, bodies: Sequence[bytes]
) -> int:
    """Store those bodies from a platform's list that the inbox does not have yet; how many."""
    owner, instant = endpoint.organization_id, now()
    by_hash = {_digest(body): body for body in bodies}
    async with database.transaction() as connection:
        receipts = await first_receipts(connection, owner, list(by_hash))
        rows = [
            {
                **_new_row(endpoint, instant, body, digest),
                "method": PULLED,
                "path_query": "",
                "headers": {},
                "content_type": "application/json",
            }
            for digest, body in by_hash.items()
            if (endpoint.id, digest) not in receipts
        ]
        if rows:
            await connection.execute(insert(INBOX), rows)
    return len(rows)


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _new_row(
    endpoint: StoredEndpoint, instant: datetime, body: bytes, digest: str
) -> dict[str, Any]:
    """The columns of every new delivery."""
    return {
        "organization_id": endpoint.organization_id,
        "endpoint_id": endpoint.id,
        "received_at": instant,
        "body": zlib.compress(body),
        "size": len(body),
        "body_sha256": digest,
        "state": DeliveryState.NEW,
        "attempts": 0,
        "next_attempt_at": instant,
    }


def body_of(row: Any) -> bytes:
    """The body of a row of the inbox, as it came."""
    return zlib.decompress(row.body)


_DUE = (
    select(INBOX)
    .where(
        owned(INBOX),
        INBOX.c.state.in_(PENDING),
        INBOX.c.next_attempt_at <= bindparam("instant", type_=INBOX.c.next_attempt_at.type),
    )
    .order_by(INBOX.c.id)
    .limit(AT_ONCE)
    .with_for_update(skip_locked=True)
)


async def lock_inbox(connection: AsyncConnection, organization_id: int) -> bool:
    """Whether this transaction alone may apply deliveries of the organization, until it ends.

    The lock is what keeps the deliveries of one subject in the order in which they came.
    """
    if connection.dialect.name == "sqlite":
        return True  # a transaction that writes is the only one
    lock = advisory_locks.try_lock(advisory_locks.INBOX, organization_id)
    return bool(await connection.scalar(lock))


async def due_deliveries(
    connection: AsyncConnection,
    organization_id: int,
    instant: datetime,
    delivery_id: int | None = None,
) -> list[Any]:
    """The oldest deliveries of an organization that are to be tried, or one of them alone."""
    values = {**parameters(organization_id), "instant": instant}
    statement = _DUE if delivery_id is None else _DUE.where(INBOX.c.id == delivery_id)
    return list(await connection.execute(statement, values))


_WITH_WORK = (
    select(INBOX.c.organization_id)
    .distinct()
    .where(
        INBOX.c.state.in_(PENDING),
        INBOX.c.next_attempt_at <= bindparam("instant", type_=INBOX.c.next_attempt_at.type),
    )
)


async def organizations_with_work(snapshot: Snapshot, instant: datetime) -> list[int]:
    """The organizations that have deliveries to be tried."""
    rows = await snapshot.rows(_WITH_WORK, {"instant": instant})
    return sorted(row[0] for row in rows)


class FirstReceipt(NamedTuple):
    """When a body came first, and the subject that its delivery was linked to."""

    received_at: datetime
    subject: str | None


async def first_receipts(
    connection: AsyncConnection, organization_id: int, hashes: Sequence[str]
) -> dict[tuple[int, str], FirstReceipt]:
    """The first receipt of each body, by endpoint and hash.

    A body that comes again is the same event again. An event without a time of its own has that
    of the first receipt.
    """
    statement = (
        select(
            INBOX.c.endpoint_id,
            INBOX.c.body_sha256,
            func.min(INBOX.c.received_at),
            func.min(INBOX.c.subject),
        )
        .where(owned(INBOX, organization_id), is_among(INBOX.c.body_sha256, sorted(set(hashes))))
        .group_by(INBOX.c.endpoint_id, INBOX.c.body_sha256)
    )
    rows = await connection.execute(statement)
    return {(row[0], row[1]): FirstReceipt(row[2], row[3]) for row in rows.all()}


async def retry_waiting(
    connection: AsyncConnection, organization_id: int, names: Sequence[str]
) -> None:
    """Make a carrier's waiting deliveries due now that are on calls with these ids."""
    those = sorted(set(names))
    statement = (
        update(INBOX)
        .where(
            owned(INBOX, organization_id),
            or_(is_among(INBOX.c.subject, those), is_among(INBOX.c.carrier_call_id, those)),
            INBOX.c.state == DeliveryState.WAITING,
        )
        .values(next_attempt_at=now())
    )
    await connection.execute(statement)


async def subjects_of(
    connection: AsyncConnection, organization_id: int, names: Sequence[str]
) -> dict[str, set[str]]:
    """By subject of kept deliveries: by which of these names platforms call it."""
    statement = (
        select(INBOX.c.subject, INBOX.c.carrier_call_id)
        .distinct()
        .where(
            owned(INBOX, organization_id),
            is_among(INBOX.c.carrier_call_id, sorted(set(names))),
            INBOX.c.subject.is_not(None),
        )
    )
    subjects: dict[str, set[str]] = {}
    for subject, name in await connection.execute(statement):
        subjects.setdefault(subject, set()).add(name)
    return subjects


async def replay(
    connection: AsyncConnection,
    organization_id: int,
    *,
    delivery_id: int | None = None,
    endpoint_id: int | None = None,
    states: Sequence[DeliveryState] | None = None,
    since: datetime | None = None,
) -> int:
    """Have deliveries applied once more, as after a change of their adapter; how many.

    Raises:
        NotFound: when the organization has no delivery of this id.
    """
    conditions = [owned(INBOX, organization_id)]
    if delivery_id is not None:
        conditions.append(INBOX.c.id == delivery_id)
    if endpoint_id is not None:
        conditions.append(INBOX.c.endpoint_id == endpoint_id)
    if states:
        conditions.append(INBOX.c.state.in_(states))
    if since is not None:
        conditions.append(INBOX.c.received_at >= since)
    statement = (
        update(INBOX)
        .where(*conditions)
        .values(state=DeliveryState.NEW, attempts=0, next_attempt_at=now(), error=None)
    )
    changed = int((await connection.execute(statement)).rowcount)
    if delivery_id is not None and not changed:
        raise NotFound("hook_delivery", delivery_id)
    return changed


async def delete_old(connection: AsyncConnection, organization_id: int, days: int) -> int:
    """Delete some deliveries that are so many days old and not pending; how many."""
    old = (
        select(INBOX.c.id)
        .where(
            owned(INBOX, organization_id),
            INBOX.c.received_at < now() - timedelta(days=days),
            INBOX.c.state.not_in(PENDING),
        )
        .order_by(INBOX.c.received_at)
        .limit(DELETED_AT_ONCE)
    )
    statement = delete(INBOX).where(owned(INBOX, organization_id), INBOX.c.id.in_(old))
    return int((await connection.execute(statement)).rowcount)


async def read_delivery(snapshot: Snapshot, organization_id: int, delivery_id: int) -> Any:
    """A row of the inbox.

    Raises:
        NotFound: when the organization has none with this id.
    """
    statement = select(INBOX).where(owned(INBOX, organization_id), INBOX.c.id == delivery_id)
    rows = await snapshot.rows(statement)
    if not rows:
        raise NotFound("hook_delivery", delivery_id)
    return rows[0]


async def newest_deliveries(
    snapshot: Snapshot,
    organization_id: int,
    *,
    states: Sequence[DeliveryState] | None = None,
    endpoint_id: int | None = None,
    limit: int,
) -> list[Any]:
    """Rows of the inbox, the newest first."""
    statement = select(INBOX).where(owned(INBOX, organization_id))
    if states:
        statement = statement.where(INBOX.c.state.in_(states))
    if endpoint_id is not None:
        statement = statement.where(INBOX.c.endpoint_id == endpoint_id)
    return list(await snapshot.rows(statement.order_by(INBOX.c.id.desc()).limit(limit)))


async def counts_by_state(snapshot: Snapshot, organization_id: int) -> dict[int, dict[str, int]]:
    """How many deliveries each endpoint has, by its id and their state."""
    statement = (
        select(INBOX.c.endpoint_id, INBOX.c.state, func.count().label("number"))
        .where(owned(INBOX, organization_id))
        .group_by(INBOX.c.endpoint_id, INBOX.c.state)
    )
    numbers: dict[int, dict[str, int]] = {}
    for row in await snapshot.rows(statement):
        numbers.setdefault(row.endpoint_id, {})[row.state] = row.number
    return numbers
