"""Comparing what a server has with what is stored: counts, sums and digests by day.

What differs is looked at once more on both sides, since either may have changed meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from gql.mirror.call_copy import CALLS
from gql.mirror.call_reader import CALLS_PATH, CallReader
from gql.mirror.call_shapes import CallParts, call_items
from gql.mirror.lists import CHUNK, PageSizes, Row, UnreadCalls, read_calls_page
from gql.mirror.positions import load_position
from gql.mirror.records import (
    PARTS,
    Record,
    call_record,
    parts_of_items,
    second,
    stored_call_record,
)
from gql.mirror.statement import MirrorStatement
from gql.mirror.stored_calls import StoredCall, StoredCalls
from gql.mirror.target import MirrorTarget
from gql.models.enums import Channel

Records = dict[tuple[str, str], Record]
"""What there is of one call, by collection and key within the call."""


@dataclass
class CallComparison:
    """Compares calls with all that belongs to them.

    Attributes:
        statement: Takes what was compared.
        since: What began before is left out.
    """

    reader: CallReader
    sizes: PageSizes
    target: MirrorTarget
    statement: MirrorStatement
    since: datetime | None = None
    _high_water: datetime | None = field(default=None, init=False)

    async def run(self) -> None:
        """Compare all calls.

        Raises:
            FamilyAbsent: when the server has no calls.
            SourceFailure: when it does not answer.
        """
        self._stored = StoredCalls(self.target)
        async with self.target.context() as context:
            self._high_water = (await load_position(context, self.target.source, CALLS)).high_water
        seen: set[str] = set()
        rest: UnreadCalls | None = UnreadCalls(self.since)
        done = 0
        while rest is not None:
            page = await read_calls_page(self.reader.client, self.sizes, CALLS_PATH, rest)
            fresh = [row for row in page.rows if str(row["call_sid"]) not in seen]
            for at in range(0, len(fresh), CHUNK):
                await self._compare(fresh[at : at + CHUNK], page.read_at)
                self.target.progress(CALLS, done + at, done + (page.total or len(page.rows)))
            done += len(page.rows)
            keys = {str(row["call_sid"]) for row in page.rows}
            if page.covers is not None:
                await self._find_extra(keys | seen, *page.covers)
            seen, rest = keys, page.rest
        for family in sorted(self.reader.absent):
            self.statement.notes.append(f"The server has no {family} of calls.")

    async def _compare(self, rows: Sequence[Row], read_at: datetime) -> None:
        whole = await self.reader.whole(rows, read_at)
        stored = await self._stored.by_key([parts.key for parts in whole])
        for parts in whole:
            await self._compare_one(parts, stored.get(parts.key))

    async def _compare_one(self, parts: CallParts, stored: StoredCall | None) -> None:
        there, here = self._both(parts, stored)
        if there != here:
            # Once more: the call may have changed, or been written, since the page was read.
            answer = await self.reader.by_sid(parts.key)
            again = (
                [] if answer is None else await self.reader.whole([answer.value], answer.read_at)
            )
            if not again:
                return
            parts = again[0]
            stored = (await self._stored.by_key([parts.key])).get(parts.key)
            there, here = self._both(parts, stored)
        why = self._why_missing(there[CALLS, ""]) if stored is None else None
        self._add(parts.key, there, here, why)

    def _add(self, key: str, there: Records, here: Records, why: str | None) -> None:
        """Add a call; where one side has none of it, what belongs to it is not named one by one."""
        day = _day((there or here)[CALLS, ""])
        for address in sorted(there.keys() | here.keys()):
            collection, part_key = address
            self.statement.compare(
                collection,
                day,
                f"{key} {part_key}".strip(),
                there.get(address),
                here.get(address),
                why=why,
                is_named=collection == CALLS or bool(there and here),
            )

    def _both(self, parts: CallParts, stored: StoredCall | None) -> tuple[Records, Records]:
        """What the server has of a call, and what is stored of it."""
        there: Records = {(CALLS, ""): call_record(parts.row, self.target.region)}
        of_parts = parts_of_items(call_items(self.target.source, parts))
        for part in self._compared():
            there.update({(part, key): record for key, record in of_parts[part].items()})
        return there, {} if stored is None else self._stored_records(stored)

    def _stored_records(self, stored: StoredCall) -> Records:
        records: Records = {(CALLS, ""): stored_call_record(stored.row)}
        for part in self._compared():
            records.update({(part, key): record for key, record in stored.parts[part].items()})
        return records

    def _compared(self) -> list[str]:
        """What belongs to calls and the server has; costs are known from the calls themselves."""
        return [part for part in PARTS if part not in self.reader.absent or part == "costs"]

    async def _find_extra(
        self, keys: set[str], after: datetime | None, until: datetime | None
    ) -> None:
        """Find what is stored of some instants, and was not on the page that covers them."""
        stored = await self._stored.keys_between(Channel.VOICE, after, until)
        extra = sorted(stored.keys() - keys)
        noticed = await self._stored.noticed(CALLS, extra)
        for key in extra:
            if key in noticed:
                self.statement.notes.append(
                    f"Call {key} was deleted at the source, which the mirror has noticed."
                )
                continue
            answer = await self.reader.by_sid(key)
            if answer is not None:
                await self._compare([answer.value], answer.read_at)
                continue
            call = (await self._stored.by_key([key])).get(key)
            if call is not None:
                records = self._stored_records(call)
                day = _day(records[CALLS, ""])
                why = f"is no longer at the source: jackfield mirror --since {day} notices that"
                self._add(key, {}, records, why)

    def _why_missing(self, record: Record) -> str:
        started_at = record["started_at"]
        if self._high_water is None:
            return "is not here: nothing was mirrored yet"
        if started_at is not None and started_at > str(second(self._high_water)):
            return "is not here: it began after the last run of the mirror"
        day = _day(record)
        return f"is not here: jackfield mirror --since {day} reads it again, or says what is wrong"


def _day(record: Record) -> str:
    return str(record["started_at"] or "without a beginning")[:10]
