"""Calls with all that belongs to them, copied page by page.

A call has no time of its last change, so those that began within the overlap are read again in each
run, and so is every call that had not ended. What is stored of a stretch of time and missing on the
page that covers it is asked for by its SID, since it may have moved; then it is absent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from gql.domain.writes.transaction import transaction
from gql.identity import Permission
from gql.mirror.call_reader import CALLS_PATH, CallReader
from gql.mirror.call_shapes import call_items
from gql.mirror.lists import (
    CHUNK,
    CallsPage,
    PageSizes,
    Row,
    UnreadCalls,
    digest,
    read_calls_page,
    read_list,
    server_instant,
)
from gql.mirror.positions import MirroredObject, ReadPosition, load_position, save_object
from gql.mirror.stored_calls import CALL, StoredCalls
from gql.mirror.target import MirrorTarget
from gql.models.enums import CallStatus, Channel

CALLS = "calls"

OVERLAP = timedelta(days=2)
"""How long before the last run calls are read again: costs, texts and metadata come late."""

MOST_UNENDED = 1_000
"""Most calls, the newest ones, that have not ended and are looked at again before the overlap."""

_NOT_FROM_ITEMS = "0"
"""The stamp of metadata that no item brought."""


@dataclass
class CallCopy:
    """Copies the calls of a source.

    Attributes:
        since: What began before is left out; None goes on from the last run, or reads all.
    """

    reader: CallReader
    sizes: PageSizes
    target: MirrorTarget
    since: datetime | None = None
    overlap: timedelta = OVERLAP

    def __post_init__(self) -> None:
        self.stored = StoredCalls(self.target)

    async def run(self) -> None:
        """Go on where the last run stopped, then read what has changed since it began.

        Raises:
            FamilyAbsent: when the server has no calls.
            SourceFailure: when it does not answer.
        """
        async with self.target.context() as context:
            position = await load_position(context, self.target.source, CALLS)
        if position.cursor:
            position = await self._read(_unread(position.cursor), position)
        low = self.since
        if low is None and position.high_water is not None:
            low = position.high_water - self.overlap
        await self._read(
            UnreadCalls(low), ReadPosition({}, position.high_water, position.snapshot_at)
        )
        if low is not None:
            await self._read_unended(low)
        for family in sorted(self.reader.absent):
            self.target.report.absent_families.append(f"{family} of calls")

    async def _read(self, unread: UnreadCalls, position: ReadPosition) -> ReadPosition:
        """Read page by page, and keep after each how far that was; the position at the end."""
        began_at = server_instant(position.cursor.get("began_at"))
        done, rest = 0, unread
        before: dict[str, str] = {}  # two pages share the calls of one second
        while True:
            page = await read_calls_page(self.reader.client, self.sizes, CALLS_PATH, rest)
            began_at = began_at or page.read_at
            of_page = {str(row["call_sid"]): row for row in page.rows}
            digests = {sid: digest(row) for sid, row in of_page.items()}
            fresh = [row for sid, row in of_page.items() if before.get(sid) != digests[sid]]
            await self._copy(fresh, page.read_at, done, page.total)
            before = digests
            await self._notice_absent(page)
            done += len(page.rows)
            if page.rest is None:
                break
            cursor = _cursor(page.rest, began_at)
            position = ReadPosition(cursor, position.high_water, page.read_at)
            await self.target.apply([], CALLS, position)
            rest = page.rest
        if unread.low is None:
            await self._read_undated()
        position = ReadPosition({}, began_at, page.read_at)
        await self.target.apply([], CALLS, position)
        return position

    async def _copy(
        self, rows: Sequence[Row], read_at: datetime, done: int = 0, total: int | None = None
    ) -> None:
        """Read calls whole and write them."""
        for at in range(0, len(rows), CHUNK):
            chunk = rows[at : at + CHUNK]
            whole = await self.reader.whole(chunk, read_at)
            absent_meta = await self._absent_meta(chunk)
            items = [
                item
                for parts in whole
                for item in call_items(self.target.source, parts, absent_meta.get(parts.key, ()))
            ]
            await self.target.apply(items, CALLS)
            self.target.report.objects[CALLS] += len(whole)
            reached = done + at + len(chunk)
            self.target.progress(CALLS, reached, max(reached, done + (total or len(rows))))

    async def _absent_meta(self, rows: Sequence[Row]) -> dict[str, list[str]]:
        """By SID: the keys of the metadata that items brought, and that the source has no more."""
        metas = {str(row["call_sid"]): row.get("call_meta") or {} for row in rows}
        return {
            sid: sorted(
                key for key in meta if key not in metas[sid] and key in _from_items(state or {})
            )
            for sid, meta, state in await self.stored.metadata(sorted(metas))
        }

    async def _notice_absent(self, page: CallsPage) -> None:
        """Ask for what is stored of the page's instants, and is not on it."""
        if page.covers is None:
            return
        stored = await self.stored.keys_between(Channel.VOICE, *page.covers)
        missing = sorted(stored.keys() - {str(row["call_sid"]) for row in page.rows})
        noticed = await self.stored.noticed(CALLS, missing)
        for sid in missing:
            if sid not in noticed:
                await self._look_again(sid, stored[sid])

    async def _read_unended(self, low: datetime) -> None:
        """Look at the calls again that began earlier and have not ended."""
        stored = await self.stored.keys(
            CALL.c.channel == Channel.VOICE,
            CALL.c.status == CallStatus.ONGOING,
            CALL.c.started_at < low,
            most=MOST_UNENDED,
        )
        noticed = await self.stored.noticed(CALLS, sorted(stored))
        for sid, call_id in stored.items():
            if sid not in noticed:
                await self._look_again(sid, call_id)

    async def _look_again(self, sid: str, call_id: int) -> None:
        """Copy a call by its SID, or keep that it is absent."""
        answer = await self.reader.by_sid(sid)
        if answer is not None:
            await self._copy([answer.value], answer.read_at)
            return
        absent = MirroredObject(sid, call_id, absent_since=self.reader.client.now())
        async with (
            self.target.context() as context,
            transaction(context, Permission.INGEST) as write,
        ):
            await save_object(write, self.target.source, CALLS, absent)
        self.target.report.find(f"call {sid} is no longer at the source; it stays here.")

    async def _read_undated(self) -> None:
        """Read the calls without a beginning: no filter by time finds them, so they come last."""
        answer = await self.reader.client.get(CALLS_PATH, limit=1)
        total = int(answer.value.get("total") or 0) if answer is not None else 0
        last = await self.reader.client.get(CALLS_PATH, limit=1, skip=max(0, total - 1))
        items = last.value.get("items") if last is not None else None
        if not items or items[0].get("started_at") is not None:
            return
        async for rows, read_at in read_list(self.reader.client, self.sizes, CALLS_PATH):
            undated = [row for row in rows if row.get("started_at") is None]
            await self._copy(undated, read_at)


def _from_items(state: Mapping[str, Any]) -> set[str]:
    """The keys of the metadata that items brought, by what is kept for merging."""
    return {
        name.removeprefix("meta.")
        for stamp, names in state.get("stamps", {}).items()
        for name in names
        if stamp != _NOT_FROM_ITEMS and name.startswith("meta.")
    }


def _cursor(rest: UnreadCalls, began_at: datetime) -> dict[str, Any]:
    return {
        "low": None if rest.low is None else rest.low.isoformat(),
        "high": None if rest.high is None else rest.high.isoformat(),
        "skip": rest.skip,
        "began_at": began_at.isoformat(),
    }


def _unread(cursor: Mapping[str, Any]) -> UnreadCalls:
    return UnreadCalls(
        server_instant(cursor["low"]), server_instant(cursor["high"]), cursor["skip"]
    )
