"""The state of a mirror between two runs: how far each list was read, and the objects of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from gql.domain.writes.transaction import WriteContext
from gql.models.mirror import MirrorCursor, MirrorObject
from gql.models.scope import owned, parameters, table_of
from gql.query.context import Context
from gql.sql.keys import is_among
from gql.sql.writes import upsert

_CURSORS = table_of(MirrorCursor)
_OBJECTS = table_of(MirrorObject)


@dataclass(frozen=True)
class ReadPosition:
    """How far a list was read: see `MirrorCursor`."""

    cursor: Mapping[str, Any] = field(default_factory=dict)
    high_water: datetime | None = None
    snapshot_at: datetime | None = None


@dataclass(frozen=True)
class MirroredObject:
    """A row of `MirrorObject`."""

    external_id: str
    object_id: int | None = None
    digest: str | None = None
    absent_since: datetime | None = None


async def load_position(context: Context, source: str, collection: str) -> ReadPosition:
    """How far a list was read; the beginning when it never was."""
    table = _CURSORS
    statement = select(table.c.cursor, table.c.high_water, table.c.snapshot_at).where(
        owned(table), table.c.source == source, table.c.collection == collection
    )
    rows = await context.snapshot.rows(statement, parameters(context.organization_id))
    return ReadPosition(*rows[0]) if rows else ReadPosition()


async def latest_snapshot(context: Context, source: str) -> datetime | None:
    """The latest instant at which anything of the source was read."""
    table = _CURSORS
    statement = select(func.max(table.c.snapshot_at)).where(owned(table), table.c.source == source)
    rows = await context.snapshot.rows(statement, parameters(context.organization_id))
    latest: datetime | None = rows[0][0]
    return latest


async def save_position(
    write: WriteContext, source: str, collection: str, position: ReadPosition
) -> None:
    """Store how far a list was read, in the transaction that writes what was read."""
    key = {
        "organization_id": write.organization_id,
        "source": source,
        "collection": collection,
    }
    values = {
        "cursor": dict(position.cursor),
        "high_water": position.high_water,
        "snapshot_at": position.snapshot_at,
    }
    await write.run(upsert(write.connection.dialect, _CURSORS, key, values))


async def load_objects(
    context: Context, source: str, collection: str, keys: Sequence[str] | None = None
) -> dict[str, MirroredObject]:
    """The stored objects of a collection, by the source's key; all of them without `keys`."""
    table = _OBJECTS
    conditions = [owned(table), table.c.source == source, table.c.collection == collection]
    if keys is not None:
        conditions.append(is_among(table.c.external_id, sorted(keys)))
    columns = (table.c.external_id, table.c.object_id, table.c.digest, table.c.absent_since)
    statement = select(*columns).where(*conditions)
    rows = await context.snapshot.rows(statement, parameters(context.organization_id))
    return {row[0]: MirroredObject(*row) for row in rows}


async def save_object(
    write: WriteContext, source: str, collection: str, mirrored: MirroredObject
) -> None:
    """Store the state of an object, in the transaction that writes its row."""
    key = {
        "organization_id": write.organization_id,
        "source": source,
        "collection": collection,
        "external_id": mirrored.external_id,
    }
    values = {
        "object_id": mirrored.object_id,
        "digest": mirrored.digest,
        "absent_since": mirrored.absent_since,
    }
    await write.run(upsert(write.connection.dialect, _OBJECTS, key, values))
