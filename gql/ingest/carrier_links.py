"""A carrier's part of a call finds the call, once an assistant platform's items name it.

What a carrier below an assistant platform delivers waits in the inbox until a call names it as its
`carrierCallId`: such deliveries are due at once then, whichever way the item came. Where none did
before their deadline, they have become a call of their own; when the platform's call comes late,
what belongs to that one is moved over, and it is deleted. Its bill, which is the same money, then
counts as that of a carrier below the platform.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select

from gql.accounts.hook_endpoints import list_endpoints
from gql.domain.writes.transaction import WriteContext
from gql.ingest import inbox
from gql.ingest.batch_writes import delete_ids, update_rows
from gql.ingest.call_batch import CALL_COLUMNS, CALLS, CallBatch, set_name
from gql.ingest.elements import COSTS, TABLES, ElementTable
from gql.ingest.merge import StampedSet
from gql.ingest.merged_call import MergedCall
from gql.models.enums import HookRole
from gql.models.scope import owned
from gql.sql.keys import is_among


async def link_carriers(write: WriteContext, names: Sequence[str], received_at: datetime) -> None:
    """Link what carriers told of calls that items of a batch name, which is written.

    Args:
        write: The transaction.
        names: What the items call the carriers' calls.
        received_at: When the batch came.
    """
    if not names:
        return
    endpoints = await list_endpoints(write.snapshot, write.organization_id)
    carriers = {each.source for each in endpoints if each.role == HookRole.CARRIER}
    if not carriers:
        return
    await inbox.retry_waiting(write.connection, write.organization_id, names)
    subjects = await inbox.subjects_of(write.connection, write.organization_id, names)
    # Where it makes calls by another endpoint, its calls are no left-overs.
    carriers -= {each.source for each in endpoints if each.role == HookRole.PRIMARY}
    statement = (
        select(*CALL_COLUMNS)
        .where(
            owned(CALLS, write.organization_id),
            or_(
                is_among(CALLS.c.carrier_call_id, sorted(set(names))),
                is_among(CALLS.c.source, sorted(carriers))
                & is_among(CALLS.c.external_id, sorted({*names, *subjects})),
            ),
        )
        .order_by(CALLS.c.source, CALLS.c.external_id, CALLS.c.id)
        .with_for_update()
    )
    rows = [dict(row) for row in (await write.run(statement)).mappings()]
    for call_id, owner_id in _late(rows, carriers, subjects):
        await _move(write, call_id, owner_id, received_at)


def _late(
    rows: Sequence[Mapping[str, Any]], carriers: set[str], subjects: Mapping[str, set[str]]
) -> Iterator[tuple[int, int]]:
    """The ids of carriers' own calls, each with that of the only call that names it."""
    for row in rows:
        if row["source"] not in carriers:
            continue
        ids = {row["external_id"], row["carrier_call_id"], *subjects.get(row["external_id"], ())}
        owners = [
            each
            for each in rows
            if each["source"] not in carriers
            and each["external_id"] is not None
            and each["carrier_call_id"] is not None
            and each["carrier_call_id"] in ids
        ]
        if len(owners) == 1:
            yield row["id"], owners[0]["id"]


async def _move(write: WriteContext, call_id: int, owner_id: int, received_at: datetime) -> None:
    """Make what belongs to a carrier's call part of its owner, and delete the rest of it."""
    statement = (
        select(*CALL_COLUMNS)
        .where(owned(CALLS, write.organization_id), is_among(CALLS.c.id, [call_id, owner_id]))
        .order_by(CALLS.c.id)
    )
    rows = {row["id"]: dict(row) for row in (await write.run(statement)).mappings()}
    call, owner = MergedCall.stored(rows[call_id]), MergedCall.stored(rows[owner_id])
    for table in TABLES:
        await _move_elements(write, table, call, owner)
    for name, moved in call.sets.items():
        own = owner.sets.setdefault(name if ":" in name else f"{call.key[0]}:{name}", StampedSet())
        own.snapshot = max(own.snapshot, moved.snapshot)
    for name, total in call.bill.totals.items():
        owner.bill.totals[name] = max(total, owner.bill.totals.get(name, total))
    await delete_ids(write, CALLS, [call_id])
    batch = CallBatch(write, received_at, {owner.key: owner})
    await batch.read(COSTS, [owner_id], [owner_id], [])
    batch.load_bills([owner])
    owner.is_changed = True
    await batch.save()


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
    sets_of_call = {f"{call.key[0]}:{name}": each for name, each in call.sets.items()}
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
