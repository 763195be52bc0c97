"""Lists read whole, although rows arrive, change and vanish between two of their pages.

`skip` counts from a beginning that moves. A row that arrives there shifts a page by one, which only
shows a row twice. A row that is deleted, or moves to the beginning since it changed, shifts another
one past the reader: it would be missing without a trace.
"""

import hashlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from gql.ingest.sources.source import aware_instant
from gql.mirror.client import ParametersRefused, SourceAnswer, SourceClient, SourceFailure

Row = Mapping[str, Any]
"""A JSON object that a server answered."""

PAGE_SIZES = (1000, 500, 100, 50)
"""The sizes of pages to ask for; each one where the server refuses those before it."""

CHUNK = 50
"""How many objects of a list are read whole, then written in one transaction."""

_MICROSECOND = timedelta(microseconds=1)


class FamilyAbsent(Exception):  # noqa: N818 -- a fact about a server
    """The server has no such list."""


@dataclass
class PageSizes:
    """The page size that a server takes, by path."""

    sizes: dict[str, int] = field(default_factory=dict)

    async def get(
        self, client: SourceClient, path: str, **parameters: Any
    ) -> tuple[SourceAnswer, int]:
        """A page, and how many rows were asked for.

        Raises:
            FamilyAbsent: when the server has no such list.
            SourceFailure: when it does not answer, or refuses every size.
        """
        for size in PAGE_SIZES:
            if size > self.sizes.get(path, PAGE_SIZES[0]):
                continue
            try:
                answer = await client.get(path, limit=size, **parameters)
            except ParametersRefused:
                if size == PAGE_SIZES[-1]:
                    raise
                continue
            self.sizes[path] = size
            if answer is None:
                raise FamilyAbsent(path)
            return answer, size
        raise AssertionError("the last size is tried or refused")


def rows_of(value: Any) -> list[Row]:
    """The rows of a page: a bare array, or the `items` of an object.

    Raises:
        SourceFailure: when it is neither.
    """
    rows = value.get("items") if isinstance(value, dict) else value
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise SourceFailure(
            "The server answers something else than a list of objects.",
            "Is the address that of the API, without a path?",
        )
    return rows


def digest(value: Any) -> str:
    """A short digest of a JSON value, whatever the order of its keys."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


async def read_list(
    client: SourceClient, sizes: PageSizes, path: str, **parameters: Any
) -> AsyncIterator[tuple[list[Row], datetime]]:
    """Each row of a list at least once, in pages, with the instant of each page.

    Pages overlap by one row. Where a page does not begin with a row that follows those before it,
    rows before it are gone, and the reader steps back until it finds one. At the end it reads from
    the beginning again, as far as it finds there what has moved or changed since, until that is
    nothing.

    Raises:
        FamilyAbsent: when the server has no such list.
        SourceFailure: when it does not answer.
    """
    seen: dict[str, str] = {}
    is_first_pass, is_settled = True, False
    while not is_settled:
        linked: set[str] = set()  # what is above these was seen, or has moved to the beginning
        skip, step = 0, 1
        while True:
            answer, _ = await sizes.get(client, path, skip=skip, **parameters)
            page = {str(row["id"]): row for row in rows_of(answer.value)}
            fresh = {key: row for key, row in page.items() if seen.get(key) != digest(row)}
            seen.update({key: digest(row) for key, row in fresh.items()})
            if fresh:
                yield list(fresh.values()), answer.read_at
            if skip > 0 and next(iter(page), None) not in linked:
                skip, step = max(0, skip - step), step * 2
                continue
            linked.update(page)
            if len(page) <= 1 or not (fresh or is_first_pass):
                is_settled = skip == 0 and not fresh
                break
            skip, step = skip + len(page) - 1, 1
        is_first_pass = False


@dataclass(frozen=True)
class UnreadCalls:
    """The calls that are still to be read, newest first.

    Attributes:
        low: Those that started before are left out; None for all.
        high: Those that started later have been read; None at the beginning.
        skip: How many of those that started at `high` or before have been read.
    """

    low: datetime | None = None
    high: datetime | None = None
    skip: int = 0


@dataclass(frozen=True)
class CallsPage:
    """One page of calls.

    Attributes:
        rows: Newest first.
        read_at: The instant of the page.
        rest: What is to be read after it; None when it was the last one.
        covers: Calls of these instants, after the first and up to the second, are all on the page;
            None where the page does not tell. No second instant: however late.
        total: How many calls there were from here on, where the server says so.
    """

    rows: Sequence[Row]
    read_at: datetime
    rest: UnreadCalls | None
    covers: tuple[datetime | None, datetime | None] | None
    total: int | None = None


async def read_calls_page(
    client: SourceClient, sizes: PageSizes, path: str, unread: UnreadCalls
) -> CallsPage:
    """The next page of a list that is filtered by `date_from` and `date_to`, newest first.

    The following page is the one of the calls that started when the last of this one did, or
    before: what arrives shifts nothing. That instant may have lost its fraction of a second when it
    was printed, so its whole second is read again.

    Raises:
        FamilyAbsent: when the server has no such list.
        SourceFailure: when it does not answer.
    """
    answer, _ = await sizes.get(
        client,
        path,
        skip=unread.skip,
        date_from=_written(unread.low),
        date_to=_written(unread.high),
    )
    rows = rows_of(answer.value)
    named = answer.value.get("total") if isinstance(answer.value, dict) else None
    total = None if named is None else int(named) - unread.skip
    starts = [start for row in rows if (start := server_instant(row.get("started_at"))) is not None]
    end = end_of_second(min(starts)) if starts else None
    if not rows or (total is not None and len(rows) >= total):
        rest, after = None, _before(unread.low)
    elif end is not None and (unread.high is None or end < unread.high):
        rest, after = UnreadCalls(unread.low, end), end
    else:
        further = unread.skip + max(1, len(rows) - 1)
        return CallsPage(rows, answer.read_at, replace(unread, skip=further), None, total)
    covers = None if unread.skip else (after, unread.high)
    return CallsPage(rows, answer.read_at, rest, covers, total)


def server_instant(written: Any) -> datetime | None:
    """An instant in UTC, as a server wrote it; None for anything else."""
    instant = aware_instant(written)
    return None if instant is None else instant.astimezone(UTC)


def end_of_second(at: datetime) -> datetime:
    """The last instant of the second, where a server may have printed whole seconds alone."""
    return at.replace(microsecond=999_999)


def _before(at: datetime | None) -> datetime | None:
    return None if at is None else at - _MICROSECOND


def _written(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat().replace("+00:00", "Z")
