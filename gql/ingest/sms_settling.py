"""SMS move to the conversation that they belong to, where a later item makes that another one.

That is so when an item names a conversation, ends or begins it at another time, or changes its
numbers; and when one tells that an SMS was written earlier, or between other numbers. Their
messages and costs move with them, as if everything had come in another order. A conversation that
SMS have opened, and that all have left, is deleted.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, select

from gql.domain.writes.transaction import WriteContext
from gql.ingest.batch_writes import delete_ids, update_rows
from gql.ingest.call_batch import CALLS, CallBatch, call_key, set_name
from gql.ingest.call_move import read_calls
from gql.ingest.elements import COSTS, MESSAGES
from gql.ingest.items import AnyItem, CallItem
from gql.ingest.merge import StampedSet
from gql.ingest.merged_call import MergedCall
from gql.ingest.merged_sms import MergedSms, SmsKey
from gql.ingest.sms_activity import refresh_sms_sessions
from gql.ingest.sms_batch import (
    SMS_BILL,
    SmsBatch,
    has_merge_state,
    is_archived,
    is_of_other_source,
)
from gql.ingest.sms_placing import Pair, is_active, pair, placing
from gql.models.scope import owned, table_of
from gql.models.sms_log import SmsMessageLog
from gql.sql.keys import is_among

_LOG = table_of(SmsMessageLog)


async def settle_conversations(
    sms_batch: SmsBatch, items: Iterable[AnyItem], received_at: datetime
) -> dict[SmsKey, int]:
    """Move SMS that belong elsewhere now; by key, the ids of the conversations where they are.

    Args:
        sms_batch: With its calls, all written.
        items: Of the batch, without those that were refused.
        received_at: When it came.
    """
    calls = sms_batch.calls.calls
    keys = {call_key(item) for item in items if isinstance(item, CallItem)} & calls.keys()
    changed = {
        calls[key].row["id"]: pairs
        for key in keys
        if key is not None and (pairs := _changed_pairs(calls[key]))
    }
    pairs = sms_batch.unsettled.union(*changed.values())
    if not pairs:
        return {}
    write = sms_batch.calls.write
    settled = SmsBatch(CallBatch(write, received_at))
    await settled.read_conversations({address for each in pairs for address in each})
    settled.sort_conversations()
    live = [call for each in pairs for call in settled.pairs.get(each, ()) if not is_archived(call)]
    new = {call.row["id"] for call in calls.values() if "merge_state" not in call.row}
    ids = {call.row["id"] for call in live} | changed.keys()
    if len(ids) == 1 and ids <= new and all(map(is_active, live)):
        # A new conversation has no SMS that belongs elsewhere, and no other has any of its own.
        return {}
    statement = (
        select(_LOG)
        .where(owned(_LOG, write.organization_id), is_among(_LOG.c.call_id, sorted(ids)))
        .order_by(_LOG.c.id)
    )
    texts = [MergedSms.stored(dict(row)) for row in (await write.run(statement)).mappings()]
    texts.sort(key=lambda sms: sms.text)
    homes = await _homes(settled, pairs, texts)
    moves = [
        _Move(sms, sms.row["call_id"], home)
        for sms, home in zip(texts, homes, strict=True)
        if home != sms.row["call_id"]
    ]
    involved = {each for move in moves for each in (move.old, move.new)}
    involved |= {call.row["id"] for call in live if is_of_other_source(call)}
    if involved:
        held: dict[int, list[MergedSms]] = {each: [] for each in involved}
        for sms, home in zip(texts, homes, strict=True):
            if home in held:
                held[home].append(sms)
        await _move(settled, moves, held, received_at)
    return {move.sms.key: move.new for move in moves}


class _Move(NamedTuple):
    """An SMS, the id of the conversation where it is, and of the one where it belongs."""

    sms: MergedSms
    old: int
    new: int


def _changed_pairs(call: MergedCall) -> set[Pair]:
    """The pairs whose SMS may belong elsewhere since a call was changed, if it is not archived."""
    if not call.is_changed or call.row.get("is_archived"):
        return set()
    before = placing(MergedCall.stored(call.row)) if "merge_state" in call.row else None
    after = placing(call)
    return set() if before == after else {each[0] for each in (before, after) if each is not None}


async def _homes(settled: SmsBatch, pairs: set[Pair], texts: Sequence[MergedSms]) -> list[int]:
    """The ids of the conversations that SMS belong to, which are opened where there are none."""
    homes: list[MergedCall | int] = []
    for sms in texts:
        sides = sms.sides
        if sides is None or (between := pair(*sides)) not in pairs:
            homes.append(sms.row["call_id"])
            continue
        home = settled.placed(sms, between) or settled.open(sms, between)
        if not home.row:
            home.hold(sms.text, sms.newest or 0, sms.direction, sides)
        homes.append(home)
    addresses = {side for sms in texts for side in sms.sides or ()}
    await settled.calls.named.find_numbers(settled.calls.write, addresses)
    await settled.name_opened()
    await settled.calls.save()
    return [home if isinstance(home, int) else home.row["id"] for home in homes]


async def _move(
    settled: SmsBatch,
    moves: Sequence[_Move],
    held: Mapping[int, Sequence[MergedSms]],
    received_at: datetime,
) -> None:
    """Move SMS, their messages and their costs.

    Args:
        settled: With the assistants of their numbers.
        moves: What moves.
        held: By id of a conversation: the SMS that are there afterwards.
        received_at: When the batch came.
    """
    write = settled.calls.write
    await _move_costs(write, moves)
    conversations = await read_calls(write, *sorted(held))
    emptied = {
        call.row["id"]
        for call in conversations
        if call.is_opened_by_sms and not held[call.row["id"]]
    }
    remaining = {call.row["id"]: call for call in conversations if call.row["id"] not in emptied}
    for call in remaining.values():
        _hold_anew(call, held[call.row["id"]])
    calls = CallBatch(write, received_at, {call.key: call for call in remaining.values()})
    calls.named = settled.calls.named
    names = sorted({move.sms.key[1] for move in moves})
    await calls.read(MESSAGES, sorted(remaining), [], names)
    await calls.read(COSTS, sorted(remaining), sorted(remaining), [])
    calls.load_bills(remaining.values())
    sms_batch = SmsBatch(calls)
    for move in moves:
        if move.old in remaining:
            _take_out(move.sms, remaining[move.old])
        sms_batch.put(move.sms, remaining[move.new])
    messages = MESSAGES.table
    own = (owned(messages, write.organization_id), is_among(messages.c.call_id, sorted(emptied)))
    if emptied:
        await write.run(delete(messages).where(*own))
    await calls.save()
    await sms_batch.save()
    await delete_ids(write, CALLS, sorted(emptied))
    newest: dict[int, int] = {}
    for move in moves:
        if move.sms.has_content:
            newest[move.new] = max(move.sms.first or 0, newest.get(move.new, 0))
    await refresh_sms_sessions(write, newest)


async def _move_costs(write: WriteContext, moves: Sequence[_Move]) -> None:
    """Move the lines of SMS between bills; of two in one place the newer one stays."""
    table = COSTS.table
    new = {(move.old, *move.sms.key): move.new for move in moves}
    statement = select(
        table.c.id, table.c.call_id, table.c.source, table.c.external_id, table.c.stamp
    ).where(
        owned(table, write.organization_id),
        is_among(table.c.call_id, sorted({each for move in moves for each in move[1:]})),
        table.c.producer == SMS_BILL,
        is_among(table.c.external_id, sorted({move.sms.key[1] for move in moves})),
    )
    lines = {(row.call_id, row.source, row.external_id): row for row in await write.run(statement)}
    moved, dropped = [], []
    for key, row in lines.items():
        if key not in new:
            continue
        other = lines.get((new[key], *key[1:]))
        if other is not None and (other.stamp or "") > (row.stamp or ""):
            dropped.append(row.id)
            continue
        dropped += [] if other is None else [other.id]
        moved.append({"id": row.id, "call_id": new[key]})
    await delete_ids(write, table, dropped)
    await update_rows(write, table, moved)


def _hold_anew(call: MergedCall, texts: Sequence[MergedSms]) -> None:
    """Have a conversation follow from these SMS, in the order in which they were written."""
    if call.row["external_id"] is None:
        call.key, call.is_unnamed = (call.row["source"], f"#{call.row['id']}"), True
    if not has_merge_state(call):
        return
    call.first_text = call.texted = None
    for sms in texts:
        call.hold(sms.text, sms.newest or 0, sms.direction, sms.sides or ("", ""))
    if is_of_other_source(call) and call.first_text is not None:
        call.key = (call.first_text.source, call.key[1])
    call.is_changed = True


def _take_out(sms: MergedSms, call: MergedCall) -> None:
    """Take the message that an SMS is out of a conversation; what items say of it there stays."""
    elements = call.sets.get(set_name(MESSAGES, sms.key[0], None, call.key), StampedSet())
    key = sms.key[1]
    stamp = elements.stamps.get(key)
    if stamp is None:
        return
    if stamp > sms.stamp:
        elements.changed[key] = dict.fromkeys(sms.delivery())
    else:
        del elements.stamps[key]
        elements.removed.add(key)
