"""Moves what belongs to one call to another, as if its items had named that one from the first."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from gql.domain.writes.transaction import WriteContext
from gql.ingest.batch_writes import delete_ids, update_rows
from gql.ingest.call_batch import CALL_COLUMNS, CALLS, CallBatch, set_name
from gql.ingest.elements import COSTS, TABLES, ElementTable
from gql.ingest.merge import StampedSet
from gql.ingest.merged_call import CallKey, MergedCall
from gql.models.scope import owned
from gql.sql.keys import is_among


async def read_calls(write: WriteContext, *ids: int) -> list[MergedCall]:
    """Calls with these ids, in the order of the ids."""
    statement = (
        select(*CALL_COLUMNS)
        .where(owned(CALLS, write.organization_id), is_among(CALLS.c.id, list(ids)))
        .order_by(CALLS.c.id)
    )
    rows = {row["id"]: dict(row) for row in (await write.run(statement)).mappings()}
    return [MergedCall.stored(rows[each]) for each in ids]


async def move_to_owner(
    write: WriteContext, call: MergedCall, owner: MergedCall, received_at: datetime
) -> None:
    """Make what belongs to a call part of its owner, and delete the rest of it.

    Args:
        write: The transaction.
        call: The call, as it is stored.
        owner: The other one, as it is stored.
        received_at: When the batch came that has this done.
    """
    for table in TABLES:
        await _move_elements(write, table, call, owner)
    for name, moved in call.sets.items():
        own = owner.sets.setdefault(_own_name(name, call.key, owner.key), StampedSet())
        own.snapshot = max(own.snapshot, moved.snapshot)
    for name, total in call.bill.totals.items():
        owner.bill.totals[name] = max(total, owner.bill.totals.get(name, total))
    await delete_ids(write, CALLS, [call.row["id"]])
    batch = CallBatch(write, received_at, {owner.key: owner})
    await batch.read(COSTS, [owner.row["id"]], [owner.row["id"]], [])
    batch.load_bills([owner])
    owner.is_changed = True
    await batch.save()


def _own_name(name: str, call: CallKey, owner: CallKey) -> str:
    """What a set of a call is called as one of its owner: see `set_name`."""
    source, _, plain = name.rpartition(":")
    source = source or call[0]
    return plain if source == owner[0] else f"{source}:{plain}"


async def _move_elements(
    write: WriteContext, table: ElementTable, call: MergedCall, owner: MergedCall
) -> None:
    """Move the elements of one table, as if their items had named the owner from the first.

    Of an element that both have, the newer one stays; and none that a newer snapshot of the other
    does not contain.
    """
    columns = [table.table.c[name] for name in ("id", "call_id", "source", "external_id", "stamp")]
    columns += [table.table.c.producer] if table is COSTS else []
    ids = sorted([call.row["id"], owner.row["id"]])
    statement = select(*columns).where(
        owned(table.table, write.organization_id), is_among(table.table.c.call_id, ids)
    )
    own: dict[tuple[str, str], Any] = {}
    moved: dict[tuple[str, str], Any] = {}
    for row in await write.run(statement):
        name = set_name(table, row.source or "", getattr(row, "producer", None), owner.key)
        key = (name, row.external_id) if row.external_id is not None else ("", str(row.id))
        (own if row.call_id == owner.row["id"] else moved)[key] = row
    moving = {key: row for key, row in moved.items() if _stays(key, row, own, owner.sets)}
    sets_of_call = {_own_name(name, call.key, owner.key): each for name, each in call.sets.items()}
    dropped = [row.id for key, row in moved.items() if key not in moving]
    dropped += [
        row.id
        for key, row in own.items()
        if key in moving or (key not in moved and not _stays(key, row, moved, sets_of_call))
    ]
    await delete_ids(write, table.table, dropped)
    rows = [{"id": row.id, "call_id": owner.row["id"]} for row in moving.values()]
    await update_rows(write, table.table, rows)


def _stays(
    key: tuple[str, str],
    row: Any,
    others: Mapping[tuple[str, str], Any],
    sets: Mapping[str, StampedSet],
) -> bool:
    """Whether an element counts beside the other call's elements and snapshots."""
    stamp = row.stamp or ""
    if key in others:
        return stamp > (others[key].stamp or "")
    return key[0] not in sets or stamp > sets[key[0]].snapshot
