"""The one way in: items become rows, whatever their order and however often they come.

A batch takes a bounded number of statements, whatever its size: each table is read once and written
at most once for new rows, once for changed and once for removed ones. The merge between reading
and writing is that of `gql/ingest/merge.py`. Calls are locked in the order of their keys.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple, TypeGuard

from gql.domain.writes.transaction import WriteContext, retry_collisions, transaction
from gql.errors import BadInput
from gql.identity import Permission
from gql.ingest.call_batch import CallBatch, ItemRefused, call_key
from gql.ingest.carrier_links import link_carriers
from gql.ingest.items import FARTHEST_AHEAD, AnyItem, SessionItem, SmsItem, TransitionItem
from gql.ingest.merge import Stamp, item_stamp
from gql.ingest.merged_call import CallKey, MergedCall, register_name
from gql.ingest.merged_session import MergedSession
from gql.ingest.merged_sms import SmsKey, sms_key
from gql.ingest.new_call import NewCall, new_call_columns
from gql.ingest.session_batch import SessionBatch
from gql.ingest.sms_batch import UNNUMBERED, SmsBatch, SmsOutcome
from gql.ingest.sms_settling import settle_conversations
from gql.models.types import now
from gql.query.context import Context
from gql.steps import in_steps, pause_if_long

MOST_ITEMS = 1_000
"""Most items of one batch, which is one transaction."""


class ItemStatus(StrEnum):
    """What became of an item."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    WAITING = "waiting"


class ItemOutcome(NamedTuple):
    """What became of an item.

    Attributes:
        status: `unchanged` for one that has come before, or that newer ones have overtaken.
        kind: Of the item.
        key: The source's id of what the item is about.
        id: Of the call or the session that it belongs to.
        error: What is wrong, or for what it waits, or why it changes nothing.
    """

    status: ItemStatus
    kind: str
    key: str
    id: int | None = None
    error: str | None = None


class PreparedItem(NamedTuple):
    """An item, and what follows from it alone: nobody need hold a transaction to work that out.

    Attributes:
        item: The item.
        stamp: Its stamp.
        call: The key of the call that it is about; None of an SMS.
        columns: Of that call, if it is new and no other item tells of it; None where that takes a
            merge.
    """

    item: AnyItem
    stamp: Stamp
    call: CallKey | None
    columns: Mapping[str, Any] | None


def prepare_item(item: AnyItem) -> PreparedItem:
    """An item, ready to be applied."""
    stamp = item_stamp(item.occurred_at, item.rank, item)
    columns = new_call_columns(item, stamp) if item.kind == "call" else None
    return PreparedItem(item, stamp, call_key(item), columns)


async def apply_items(context: Context, items: Sequence[AnyItem]) -> list[ItemOutcome]:
    """Take items, in one transaction; what became of each, in their order: see `apply_prepared`."""
    return await apply_prepared(context, await in_steps(_prepare_all, items))


async def apply_prepared(context: Context, items: Sequence[PreparedItem]) -> list[ItemOutcome]:
    """Take items, in one transaction; what became of each, in their order.

    An item that is refused does not stop the others. Inside a transaction that is open this is a
    part of it; else a collision with another writer is tried again.

    Args:
        context: Of the caller, who needs the permission to bring data in.
        items: At most `MOST_ITEMS`.

    Raises:
        Forbidden: when the caller lacks the permission.
        BadInput: when there are too many items.
        WriteCollision: when others stood in the way again and again.
    """
    if len(items) > MOST_ITEMS:
        raise BadInput(f"There are {len(items):,} items, but at most {MOST_ITEMS:,} at a time.")

    async def write() -> list[ItemOutcome]:
        async with transaction(context, Permission.INGEST) as write:
            return await _apply(write, items)

    return await (write() if isinstance(context, WriteContext) else retry_collisions(write))


def _prepare_all(items: Sequence[AnyItem]) -> list[PreparedItem]:
    prepared_items = []
    for item in items:
        pause_if_long()
        prepared_items.append(prepare_item(item))
    return prepared_items


async def _apply(write: WriteContext, items: Sequence[PreparedItem]) -> list[ItemOutcome]:
    received_at = now()
    latest = received_at + FARTHEST_AHEAD
    results: list[_Result | None] = [_refusal(each.item, received_at, latest) for each in items]
    accepted = [each for each, result in zip(items, results, strict=True) if result is None]
    accepted_items = [each.item for each in accepted]
    of_sms = [item for item in accepted_items if item.kind == "sms"]
    batch = CallBatch(write, received_at)
    sessions = SessionBatch(batch)
    await batch.lock(Counter(each.call for each in accepted if each.call), _sids(accepted_items))
    await batch.read_elements(accepted_items)
    await sessions.read([item for item in accepted_items if _is_of_session(item)])
    sms_batch = SmsBatch(batch)
    await sms_batch.read(of_sms)
    if of_sms:
        # An SMS may be of any conversation.
        batch.alone.clear()
    await in_steps(_take_all, items, results, batch, sessions, sms_batch)
    await sms_batch.name_opened()
    await batch.save()
    await sessions.save()
    await sms_batch.save()
    moved = await settle_conversations(sms_batch, accepted_items, received_at)
    names = [
        item.carrier_call_id
        for item in accepted_items
        if item.kind == "call" and item.carrier_call_id
    ]
    await link_carriers(write, names, received_at)
    return [
        _outcome(each.item, result, moved)
        for each, result in zip(items, results, strict=True)
        if result is not None
    ]


def _sids(items: Sequence[AnyItem]) -> dict[str, CallKey]:
    """By `callSid`: the call that an item names so."""
    return {
        item.call_sid: (item.source, item.external_id)
        for item in items
        if item.kind == "call" and item.call_sid
    }


class _Result(NamedTuple):
    """What became of an item, while its call or session may have no id yet."""

    status: ItemStatus
    error: str | None = None
    subject: NewCall | MergedCall | MergedSession | None = None


def _take_all(
    items: Sequence[PreparedItem],
    results: list[_Result | None],
    batch: CallBatch,
    sessions: SessionBatch,
    sms_batch: SmsBatch,
) -> None:
    """Take the items that have no result yet, and fill in theirs."""
    stamped_sms: dict[int, tuple[SmsItem, Stamp]] = {}
    for index, each in enumerate(items):
        pause_if_long()
        if results[index] is not None:
            continue
        if each.item.kind == "sms":
            stamped_sms[index] = each.item, each.stamp
        else:
            results[index] = _take(batch, sessions, each)
    for index, sms in zip(stamped_sms, sms_batch.take(list(stamped_sms.values())), strict=True):
        results[index] = _Result(_status(sms), sms.note, sms.conversation)


def _take(batch: CallBatch, sessions: SessionBatch, prepared: PreparedItem) -> _Result:
    item, stamp = prepared.item, prepared.stamp
    subject: NewCall | MergedCall | MergedSession
    try:
        if prepared.columns is not None and prepared.call in batch.alone:
            new_call = batch.take_new(prepared.call, prepared.columns)
            return _Result(ItemStatus.CREATED, None, new_call)
        if _is_of_session(item):
            subject, is_new, is_changed = sessions.take(item, stamp)
        else:
            subject, is_new, is_changed = batch.take(item, stamp)
    except ItemRefused as refusal:
        return _Result(ItemStatus.REFUSED, str(refusal))
    status = ItemStatus.UPDATED if is_changed else ItemStatus.UNCHANGED
    return _Result(ItemStatus.CREATED if is_new else status, None, subject)


def _is_of_session(item: AnyItem) -> TypeGuard[SessionItem | TransitionItem]:
    return item.kind in {"session", "transition"}


def _status(sms_outcome: SmsOutcome) -> ItemStatus:
    if sms_outcome.is_refused:
        return ItemStatus.REFUSED
    if sms_outcome.note == UNNUMBERED:
        return ItemStatus.WAITING
    if sms_outcome.is_new:
        return ItemStatus.CREATED
    return ItemStatus.UPDATED if sms_outcome.is_changed else ItemStatus.UNCHANGED


def _refusal(item: AnyItem, received_at: datetime, latest: datetime) -> _Result | None:
    """What is wrong with an item by itself."""
    if item.occurred_at > latest:
        minutes = int(FARTHEST_AHEAD.total_seconds() // 60)
        fault = f"occurredAt is more than {minutes} minutes ahead of {received_at:%Y-%m-%dT%H:%M}Z."
        return _Result(ItemStatus.REFUSED, fault)
    if item.kind == "call" and item.withdrawn:
        unknown = [name for name in item.withdrawn if register_name(name) is None]
        if unknown:
            fault = f"withdrawn names {unknown[0]!r}, which is no field."
            return _Result(ItemStatus.REFUSED, fault)
    return None


def _outcome(item: AnyItem, result: _Result, moved: Mapping[SmsKey, int]) -> ItemOutcome:
    row_id = None if result.subject is None else result.subject.row["id"]
    if item.kind == "sms":
        row_id = moved.get(sms_key(item), row_id)
    return ItemOutcome(result.status, item.kind, item_key(item), row_id, result.error)


def item_key(item: AnyItem) -> str:
    """The source's id of what an item is about."""
    if item.kind == "sms":
        return item.message_id
    if item.kind == "session":
        return item.external_id
    if item.kind == "call":
        return item.external_id
    key = getattr(item, "key", None)
    return item.call if key is None else f"{item.call}/{key}"
