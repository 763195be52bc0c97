"""A conversation that SMS have opened becomes part of the one that a source names.

An SMS that comes before any item on its conversation opens one of its own. When a `call` item then
names an open conversation of the same two numbers, it is the same one: its SMS and costs move
there, as if they had come after that item. So it does not count which of the two comes first.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select

from gql.domain.writes.transaction import WriteContext
from gql.ingest.batch_writes import delete_ids
from gql.ingest.call_batch import CALL_COLUMNS, CALLS, CallBatch, call_key
from gql.ingest.call_move import move_to_owner, read_calls
from gql.ingest.elements import MESSAGES
from gql.ingest.items import AnyItem, CallItem
from gql.ingest.merge import OLDEST, earlier, later
from gql.ingest.merged_call import MergedCall
from gql.ingest.merged_sms import MergedSms
from gql.ingest.phone_numbers import split_address
from gql.ingest.sms_activity import refresh_sms_sessions
from gql.ingest.sms_batch import Pair, SmsBatch, is_active, pair_of, started_at
from gql.models.call import phone_digits
from gql.models.enums import Channel
from gql.models.scope import owned, table_of
from gql.models.sms_log import SmsMessageLog
from gql.sql.keys import is_among

_LOG = table_of(SmsMessageLog)


async def join_conversations(
    batch: CallBatch, items: Iterable[AnyItem], received_at: datetime
) -> None:
    """Join what SMS have opened to the conversations that items of a batch name.

    Args:
        batch: The batch, which is written.
        items: Of the batch, without those that were refused.
        received_at: When it came.
    """
    keys = {call_key(item) for item in items if isinstance(item, CallItem)}
    named = [batch.calls[key] for key in sorted(filter(None, keys)) if key in batch.calls]
    digits = {
        phone_digits(split_address(call.value(side))[0])
        for call in named
        if call.is_changed and call.value("channel") == Channel.SMS
        for side in ("customer", "to_phone_number")
    } - {""}
    if not digits:
        return
    write = batch.write
    statement = (
        select(*CALL_COLUMNS)
        .where(
            owned(CALLS, write.organization_id),
            is_among(CALLS.c.customer_phone_digits, sorted(digits)),
            CALLS.c.channel == Channel.SMS,
            CALLS.c.is_archived.is_(False),
            CALLS.c.external_id.is_not(None),
        )
        .order_by(CALLS.c.source, CALLS.c.external_id, CALLS.c.id)
        .with_for_update()
    )
    pairs: defaultdict[Pair, list[MergedCall]] = defaultdict(list)
    for row in (await write.run(statement)).mappings():
        call = MergedCall.stored(dict(row))
        if is_active(call):
            pairs[pair_of(call)].append(call)
    by_id = {call.row["id"]: call for call in batch.calls.values() if call.row}
    for conversations in pairs.values():
        opened = [call for call in conversations if _is_opened_by_sms(call)]
        others = [call for call in conversations if not _is_opened_by_sms(call)]
        for call in opened if others else ():
            owner = max(others, key=started_at)
            await _join(write, call, owner, received_at)
            # What an item of this batch is answered with is where its SMS is now.
            if call.row["id"] in by_id:
                by_id[call.row["id"]].row = owner.row


def _is_opened_by_sms(call: MergedCall) -> bool:
    """Whether SMS alone have made a conversation: no item on the call has set a field of it."""
    is_named = any(stamp > OLDEST for stamp in call.registers.stamps.values())
    return call.opening is not None and not (is_named or call.registers.corrections)


async def _join(
    write: WriteContext, call: MergedCall, owner: MergedCall, received_at: datetime
) -> None:
    """Move one conversation into another, and put its SMS there as `SmsBatch` does."""
    statement = select(_LOG).where(
        owned(_LOG, write.organization_id), _LOG.c.call_id == call.row["id"]
    )
    logged = [MergedSms.stored(dict(row)) for row in (await write.run(statement)).mappings()]
    owner_batch = CallBatch(write, received_at, {owner.key: owner})
    sms_batch = SmsBatch(owner_batch)
    names = sorted({sms.key[1] for sms in logged})
    await owner_batch.read(MESSAGES, [owner.row["id"]], [], names)
    for sms in logged:
        sms_batch.put(sms, owner)
    await _delete_messages(write, call, logged)
    if call.first is not None and call.newest is not None:
        owner.first = earlier(owner.first, call.first)
        owner.newest = later(owner.newest, call.newest)
    owner.is_changed = True
    await owner_batch.save()
    await sms_batch.save()
    [stored] = await read_calls(write, owner.row["id"])
    await move_to_owner(write, call, stored, received_at)
    newest = max((sms.first or 0 for sms in logged if sms.has_content), default=0)
    await refresh_sms_sessions(write, {owner.row["id"]: newest} if newest else {})


async def _delete_messages(write: WriteContext, call: MergedCall, logged: list[MergedSms]) -> None:
    """Delete the messages of a conversation that its SMS are."""
    messages: Any = MESSAGES.table
    statement = select(messages.c.id, messages.c.source, messages.c.external_id).where(
        owned(messages, write.organization_id), messages.c.call_id == call.row["id"]
    )
    keys = {sms.key for sms in logged}
    ids = [row.id for row in await write.run(statement) if (row.source, row.external_id) in keys]
    await delete_ids(write, messages, ids)
