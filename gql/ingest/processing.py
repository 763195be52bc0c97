"""Applies the deliveries of the inbox in the order in which they came, and stores their new state.

A delivery that fails is tried again, later each time, and is dead in the end; others do not wait
for it, as items may come in any order. A carrier's delivery waits for the call that it belongs to,
and so does a report without the key of its call.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from gql.accounts.hook_endpoints import StoredEndpoint, list_endpoints
from gql.domain.writes.transaction import WriteContext, transaction
from gql.errors import DatabaseUnavailable, DeadlineExceeded
from gql.identity import Permission
from gql.ingest import inbox
from gql.ingest.apply import MOST_ITEMS, ItemOutcome, ItemStatus, apply_items
from gql.ingest.batch_writes import update_rows
from gql.ingest.deliveries import Reading
from gql.ingest.items import CallItem, OfCall
from gql.ingest.sources.source import UnnamedCall
from gql.models.call import Call, phone_digits
from gql.models.enums import DeliveryState
from gql.models.scope import owned, table_of
from gql.models.types import now
from gql.query.context import Context
from gql.sql.keys import is_among

MOST_ATTEMPTS = 8
"""How often a delivery is tried before it is dead."""

FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=1)

REPORT_DELAY = timedelta(minutes=5)
"""Longest time from a call's end to its report, and from its report to its stored beginning."""

LONGEST_CALL = timedelta(hours=4)
"""Longest duration of a call whose report has none."""

_CALLS = table_of(Call)
_log = logging.getLogger(__name__)


async def process_due(context: Context, instant: datetime | None = None) -> int:
    """Apply deliveries of an organization that are due.

    Args:
        context: Of the organization, with the permission to bring data in.
        instant: When they are due at the latest; now, without.

    Returns:
        How many there were; fewer than `inbox.AT_ONCE` when there are no more.

    Raises:
        DatabaseUnavailable: when the database cannot be reached; then nothing has happened.
    """
    instant = instant or now()
    try:
        return await _process(context, instant)
    except (DatabaseUnavailable, DeadlineExceeded):
        raise
    except Exception:  # noqa: BLE001
        # One of them is at fault, and must not stop the others.
        _log.exception("deliveries failed together, and are tried one by one")
        return await _process_one_by_one(context, instant)


async def _process_one_by_one(context: Context, instant: datetime) -> int:
    async with transaction(context, Permission.INGEST) as write:
        rows = await inbox.due_deliveries(write.connection, write.organization_id, instant)
    for row in rows:
        try:
            await _process(context, instant, row.id)
        except (DatabaseUnavailable, DeadlineExceeded):
            raise
        except Exception as error:  # noqa: BLE001
            _log.exception("delivery %d failed", row.id)
            async with transaction(context, Permission.INGEST) as write:
                fault = f"{type(error).__name__}: {error}"[:1_000]
                await update_rows(write, inbox.INBOX, [_failed_columns(row, fault)])
    return len(rows)


async def _process(context: Context, instant: datetime, delivery_id: int | None = None) -> int:
    async with transaction(context, Permission.INGEST) as write:
        connection, owner = write.connection, write.organization_id
        if not await inbox.lock_inbox(connection, owner):
            return 0
        rows = await inbox.due_deliveries(connection, owner, instant, delivery_id)
        if not rows:
            return 0
        endpoints = {each.id: each for each in await list_endpoints(write.snapshot, owner)}
        readings = await _read(write, rows, endpoints)
        unlinked = [
            each for each in readings if each.is_of_carrier or each.unnamed_call is not None
        ]
        await _apply(write, [each for each in readings if each not in unlinked], instant)
        # Only now are the calls there that these may belong to.
        await _find_calls(write, unlinked, instant)
        ready = [each for each in unlinked if each.state is not DeliveryState.WAITING]
        await _apply(write, ready, instant)
        await update_rows(write, inbox.INBOX, [_processed_columns(reading) for reading in readings])
        return len(rows)


async def _read(
    write: WriteContext, rows: Sequence[Any], endpoints: dict[int, StoredEndpoint]
) -> list[Reading]:
    hashes = [row.body_sha256 for row in rows]
    receipts = await inbox.first_receipts(write.connection, write.organization_id, hashes)
    readings = []
    for row in rows:
        first = receipts[row.endpoint_id, row.body_sha256]
        reading = Reading(row, endpoints[row.endpoint_id], first.received_at)
        readings.append(reading)
        try:
            reading.read()
            if reading.unnamed_call is not None and first.subject is not None:
                reading.assign_call(first.subject)
        except Exception as error:  # noqa: BLE001
            _log.exception("the adapter of %s failed at delivery %d", reading.source.name, row.id)
            reading.state = DeliveryState.NEW
            reading.error = f"The adapter failed: {type(error).__name__}: {error}"[:1_000]
    return readings


# -- which call it is about ------------------------------------------------------------------------


async def _find_calls(write: WriteContext, readings: Sequence[Reading], instant: datetime) -> None:
    """Link reports without a call, and carriers' deliveries, to the calls that they belong to."""
    for reading in readings:
        if reading.state is DeliveryState.UNKNOWN and reading.unnamed_call is not None:
            await _find_unnamed(write, reading, reading.unnamed_call, instant)
    carried = [each for each in readings if each.is_of_carrier]
    ids = {name for reading in carried for name in _carrier_ids(reading)}
    if not ids:
        return
    statement = select(_CALLS.c.source, _CALLS.c.external_id, _CALLS.c.carrier_call_id).where(
        owned(_CALLS, write.organization_id), is_among(_CALLS.c.carrier_call_id, sorted(ids))
    )
    calls = (await write.run(statement)).all()
    for reading in carried:
        names = _carrier_ids(reading)
        owners = {
            (call.source, call.external_id)
            for call in calls
            if call.carrier_call_id in names and call.source != reading.source.name
        }
        _link_to_owner(reading, sorted(owners), instant)


def _carrier_ids(reading: Reading) -> set[str]:
    """The ids by which an assistant platform may name the carrier's call."""
    return {each for each in (reading.event.subject, *reading.event.aliases) if each is not None}


def _link_to_owner(reading: Reading, owners: list[tuple[str, str]], instant: datetime) -> None:
    """Make the items of a carrier part of the one call that names the carrier's call.

    Its items on the call itself are left out: those of the assistant platform count.
    """
    if len(owners) == 1:
        source, key = owners[0]
        reading.items = [
            item.model_copy(update={"call": key, "call_source": source})
            if isinstance(item, OfCall)
            else item
            for item in reading.items
            if not isinstance(item, CallItem)
        ]
        return
    reason = "No call names it as its carrier's." if not owners else "Several calls name it."
    is_own_call = not owners and reading.endpoint.settings.get("unlinked") != "dead"
    _wait(reading, reason, instant, is_own_call=is_own_call)


async def _find_unnamed(
    write: WriteContext, reading: Reading, unnamed: UnnamedCall, instant: datetime
) -> None:
    """Link a report to the call between its two numbers, where there is exactly one."""
    length = LONGEST_CALL if unnamed.seconds is None else timedelta(seconds=unnamed.seconds)
    reported_at = reading.first_received_at
    earliest, latest = reported_at - length - REPORT_DELAY, reported_at + REPORT_DELAY
    statement = select(_CALLS.c.external_id, _CALLS.c.to_phone_number).where(
        owned(_CALLS, write.organization_id),
        _CALLS.c.customer_phone_digits == phone_digits(unnamed.customer),
        _CALLS.c.started_at.between(earliest, latest),
        _CALLS.c.source == reading.source.name,
        _CALLS.c.ended_reason.is_(None),
    )
    called = phone_digits(unnamed.called)
    calls = [
        row.external_id
        for row in (await write.run(statement)).all()
        if phone_digits(row.to_phone_number) == called
    ]
    if len(calls) == 1:
        reading.assign_call(calls[0])
    else:
        number = len(calls) or "no"
        _wait(reading, f"It does not name its call, and {number} calls can be meant.", instant)


def _wait(reading: Reading, reason: str, instant: datetime, *, is_own_call: bool = False) -> None:
    """Let a delivery wait for its call, until its deadline."""
    if instant < reading.deadline:
        reading.state, reading.error = DeliveryState.WAITING, reason
    elif not is_own_call:
        reading.state, reading.error = DeliveryState.DEAD, f"{reason} It waited long enough."
        reading.items = []


# -- what becomes of it ----------------------------------------------------------------------------


async def _apply(write: WriteContext, readings: Sequence[Reading], instant: datetime) -> None:
    pairs = [(reading, item) for reading in readings for item in reading.items]
    outcomes: list[ItemOutcome] = []
    for start in range(0, len(pairs), MOST_ITEMS):
        part = [item for _, item in pairs[start : start + MOST_ITEMS]]
        outcomes += await apply_items(write, part)
    for (reading, _), outcome in zip(pairs, outcomes, strict=True):
        if outcome.status is ItemStatus.REFUSED:
            reading.add_faults([f"{outcome.kind} {outcome.key}: {outcome.error}"])
        elif outcome.status is ItemStatus.WAITING and reading.state is DeliveryState.DONE:
            _wait(reading, outcome.error or "It waits.", instant)
        elif outcome.error is not None and reading.error is None:
            reading.error = outcome.error


def _processed_columns(reading: Reading) -> dict[str, Any]:
    """The new columns of a delivery that was processed."""
    event, row = reading.event, reading.row
    about = {
        "id": row.id,
        "event_kind": event.kind,
        "event_id": row.event_id or event.event_id,
        "subject": event.subject,
        "carrier_call_id": next(iter(event.aliases), None),
        "occurred_at": reading.items[0].occurred_at if reading.items else None,
    }
    if reading.state is DeliveryState.NEW:
        return {**_failed_columns(row, reading.error or ""), **about}
    is_waiting = reading.state is DeliveryState.WAITING
    return {
        **about,
        "state": reading.state,
        "attempts": row.attempts + 1,
        "next_attempt_at": now() + _pause(row.attempts) if is_waiting else row.next_attempt_at,
        "error": reading.error,
        "applied_at": now() if reading.items and not is_waiting else None,
    }


def _failed_columns(row: Any, error: str) -> dict[str, Any]:
    """The new columns of a delivery that could not be processed."""
    attempts = row.attempts + 1
    return {
        "id": row.id,
        "event_kind": row.event_kind,
        "event_id": row.event_id,
        "subject": row.subject,
        "carrier_call_id": row.carrier_call_id,
        "occurred_at": row.occurred_at,
        "state": DeliveryState.DEAD if attempts >= MOST_ATTEMPTS else DeliveryState.NEW,
        "attempts": attempts,
        "next_attempt_at": now() + _pause(row.attempts),
        "error": error,
        "applied_at": None,
    }


def _pause(attempts: int) -> timedelta:
    """How long to wait after so many attempts: twice as long each time."""
    return min(FIRST_WAIT * (1 << min(attempts, 20)), LONGEST_WAIT)
