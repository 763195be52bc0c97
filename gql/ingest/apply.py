"""The one way in: items become rows, whatever their order and however often they come.

A batch takes a bounded number of statements, whatever its size: each table is read once and written
at most once for new rows, once for changed and once for removed ones. The merge between reading
and writing is that of `gql/ingest/merge.py`. Calls are locked in the order of their keys.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, TypeGuard

from gql.domain.writes.transaction import WriteContext, retry_collisions, transaction
from gql.errors import BadInput
from gql.identity import Permission
from gql.ingest.call_batch import CallBatch, ItemRefused, call_key
from gql.ingest.carrier_links import link_carriers
from gql.ingest.items import FARTHEST_AHEAD, AnyItem, SessionItem, SmsItem, TransitionItem
from gql.ingest.merge import Stamp, item_stamp
from gql.ingest.merged_call import MergedCall, register_name
from gql.ingest.merged_session import MergedSession
from gql.ingest.session_batch import SessionBatch
from gql.ingest.sms_batch import UNNUMBERED, SmsBatch, SmsOutcome
from gql.ingest.sms_joining import join_conversations
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


@dataclass(frozen=True)
class ItemOutcome:
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


async def apply_items(context: Context, items: Sequence[AnyItem]) -> list[ItemOutcome]:
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


async def _apply(write: WriteContext, items: Sequence[AnyItem]) -> list[ItemOutcome]:
    received_at = now()
    results: list[_Result | None] = [_refusal(item, received_at) for item in items]
    accepted = [item for item, result in zip(items, results, strict=True) if result is None]
    keys = {key for item in accepted if (key := call_key(item)) is not None}
    sids = {
        item.call_sid: (item.source, item.external_id)
        for item in accepted
        if item.kind == "call" and item.call_sid
    }
    batch = CallBatch(write, received_at)
    sessions = SessionBatch(batch)
    await batch.lock(keys, sids)
    await batch.read_elements(accepted)
    await sessions.read([each for each in accepted if _is_of_session(each)])
    sms_batch = SmsBatch(batch)
    await sms_batch.read([each for each in accepted if each.kind == "sms"])
    await in_steps(_take_all, items, results, batch, sessions, sms_batch)
    await batch.save()
    await sessions.save()
    await sms_batch.save()
    await join_conversations(batch, accepted, received_at)
    names = [each.carrier_call_id for each in accepted if each.kind == "call"]
    await link_carriers(write, [each for each in names if each is not None], received_at)
    return [
        _outcome(item, result)
        for item, result in zip(items, results, strict=True)
        if result is not None
    ]


class _Result(NamedTuple):
    """What became of an item, while its call or session may have no id yet."""

    status: ItemStatus
    error: str | None = None
    subject: MergedCall | MergedSession | None = None


def _take_all(
    items: Sequence[AnyItem],
    results: list[_Result | None],
    batch: CallBatch,
    sessions: SessionBatch,
    sms_batch: SmsBatch,
) -> None:
    """Take the items that have no result yet, and fill in theirs."""
    stamped_sms: dict[int, tuple[SmsItem, Stamp]] = {}
    for index, item in enumerate(items):
        pause_if_long()
        if results[index] is not None:
            continue
        stamp = item_stamp(item.occurred_at, item.rank, item)
        if item.kind == "sms":
            stamped_sms[index] = item, stamp
        else:
            results[index] = _take(batch, sessions, item, stamp)
    for index, sms in zip(stamped_sms, sms_batch.take(list(stamped_sms.values())), strict=True):
        results[index] = _Result(_status(sms), sms.note, sms.conversation)


def _take(batch: CallBatch, sessions: SessionBatch, item: AnyItem, stamp: Stamp) -> _Result:
    subject: MergedCall | MergedSession
    try:
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


def _refusal(item: AnyItem, received_at: datetime) -> _Result | None:
    """What is wrong with an item by itself."""
    if item.occurred_at > received_at + FARTHEST_AHEAD:
        minutes = int(FARTHEST_AHEAD.total_seconds() // 60)
        fault = f"occurredAt is more than {minutes} minutes ahead of {received_at:%Y-%m-%dT%H:%M}Z."
        return _Result(ItemStatus.REFUSED, fault)
    if item.kind == "call" and item.withdrawn:
        unknown = [name for name in item.withdrawn if register_name(name) is None]
        if unknown:
            fault = f"withdrawn names {unknown[0]!r}, which is no field."
            return _Result(ItemStatus.REFUSED, fault)
    return None


def _outcome(item: AnyItem, result: _Result) -> ItemOutcome:
    row_id = None if result.subject is None else result.subject.row["id"]
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
