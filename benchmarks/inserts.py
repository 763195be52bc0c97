"""How fast calls are inserted beside half a million others, with everything that triggers do.

On PostgreSQL by one and by eight writers, into one organization and into a hundred, row by row, a
thousand in one INSERT and a thousand by COPY; on SQLite row by row and a thousand per transaction.
A sampler counts how often writers wait, and for what. All of it happens in copies of the
benchmark's databases.

Eight writers of batches on two cores wait for `extend`: whoever splits a page of an index adds a
page to its file, and holds the lock on that and on the page while other processes have its core.
The columns of new pages and of two writers tell that from a lock of our own: see
docs/large-tables.md.
"""

import asyncio
import itertools
import os
import shutil
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg

from benchmarks.postgres import Postgres
from benchmarks.tables import table
from benchmarks.target import Say, Target
from benchmarks.weights import thread_seconds

SECONDS = 9.0
"""Of each kind of insert: 20 of them take more than three minutes."""

BATCH = 1_000
WRITERS = (1, 2, 8)
ORGANIZATIONS = (1, 100)

COPY = "bench_inserts"
_FIRST_OF_MANY = 1_000_001
"""The id of the first organization that has no calls yet."""

_SAMPLE_SECONDS = 0.02
_BEGAN = datetime(2026, 6, 1, tzinfo=UTC)
_COLUMNS = (
    *("organization_id", "channel", "call_sid", "assistant_id", "direction", "to_phone_number"),
    *("customer_phone_number", "customer_phone_digits", "status", "duration", "started_at"),
    *("ended_at", "last_activity", "total_cost", "llm_cost", "cost_currency", "call_meta"),
)
_WAITS = """
    SELECT coalesce(wait_event_type || ': ' || wait_event, 'none') FROM pg_stat_activity
    WHERE pid = ANY ($1::int[]) AND state = 'active' AND wait_event_type IS DISTINCT FROM 'Client'
"""

_PAGES = "SELECT pg_total_relation_size('call') / current_setting('block_size')::int"

Row = tuple[Any, ...]
Insert = Callable[[Any, Sequence[Row]], Awaitable[Any]]


@dataclass
class Inserted:
    """What some writers inserted in some seconds.

    Attributes:
        title: The database, and how rows were inserted.
        writers: How many there were.
        organizations: Among how many the rows were spread.
        rows: How many were inserted.
        seconds: From the first to the last one.
        cpu: Seconds of the writers' sessions; of SQLite, of the writer.
        longest: Seconds of the longest statement.
        pages: How many were added to the files of `call` and its indexes, on PostgreSQL.
        waits: How often samples of working sessions saw them wait, and for what.
        load: The machine's load average before.
    """

    title: str
    writers: int
    organizations: int
    rows: int = 0
    seconds: float = 0.0
    cpu: float = 0.0
    longest: float = 0.0
    pages: int = 0
    waits: Counter[str] = field(default_factory=Counter)
    load: float = field(default_factory=lambda: os.getloadavg()[0])


def rows_of(organization_id: int, numbers: Iterator[int], count: int) -> list[Row]:
    """So many new calls of an organization, as a pipeline writes them when they have ended."""
    return [_row(organization_id, next(numbers)) for _ in range(count)]


def _row(organization_id: int, number: int) -> Row:
    began = _BEGAN + timedelta(seconds=number)
    seconds, digits = number % 900, f"1555{number % 10**7:07}"
    return (
        *(organization_id, "voice", f"insert_{number}", None, "inbound", "+15550100001"),
        *(f"+{digits}", digits, "completed", seconds, began),
        *(began + timedelta(seconds=seconds), began, 60 * seconds, 40 * seconds, "USD", "{}"),
    )


async def inserted_postgresql(
    server: Postgres, database: str, *, seconds: float = SECONDS, say: Say
) -> list[Inserted]:
    """Insert into a copy of a database, which is dropped afterwards."""
    server.sql(f"DROP DATABASE IF EXISTS {COPY};")
    server.sql(f"CREATE DATABASE {COPY} TEMPLATE {database} STRATEGY file_copy;")
    numbers = itertools.count(1)
    measured = []
    try:
        await _add_organizations(server.url(COPY))
        for (name, size, insert), organizations, writers in itertools.product(
            _KINDS, ORGANIZATIONS, WRITERS
        ):
            each = Inserted(f"PostgreSQL, {name}", writers, organizations)
            say(f"{each.title}: {writers} writers, {organizations} organizations")
            await _insert(server.url(COPY), each, insert, size, numbers, seconds)
            measured.append(each)
    finally:
        server.sql(f"DROP DATABASE {COPY};")
    return measured


async def _add_organizations(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(
        "INSERT INTO organization (id, name, created_at)"
        " SELECT id, 'Bench ' || id, now() FROM generate_series($1::int, $2::int) AS ids (id)",
        _FIRST_OF_MANY,
        _FIRST_OF_MANY + max(ORGANIZATIONS) - 1,
    )
    await connection.close()


async def _insert(
    url: str, each: Inserted, insert: Insert, size: int, numbers: Iterator[int], seconds: float
) -> None:
    async with AsyncExitStack() as stack:
        sessions = [await stack.enter_async_context(_session(url)) for _ in range(each.writers)]
        observer = await stack.enter_async_context(_session(url))
        pids = [await session.fetchval("SELECT pg_backend_pid()") for session in sessions]
        pages = await observer.fetchval(_PAGES)
        before = _cpu(pids)
        began = time.monotonic()
        sampling = asyncio.create_task(_sample(observer, pids, each.waits))
        await asyncio.gather(
            *(_write(session, each, insert, size, numbers, began + seconds) for session in sessions)
        )
        each.seconds = time.monotonic() - began
        each.cpu = _cpu(pids) - before
        sampling.cancel()
        await asyncio.gather(sampling, return_exceptions=True)
    # A session of its own: the observer may be within a statement that was given up.
    async with _session(url) as session:
        each.pages = await session.fetchval(_PAGES) - pages


@asynccontextmanager
async def _session(url: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        connection.terminate()


def _cpu(pids: Sequence[int]) -> float:
    return sum(thread_seconds(pid, "main") for pid in pids)


async def _write(
    session: Any, each: Inserted, insert: Insert, size: int, numbers: Iterator[int], end: float
) -> None:
    while True:
        number = next(numbers)
        # The organization that has half a million calls, or any of many that have few.
        owner = 1 if each.organizations == 1 else _FIRST_OF_MANY + number % each.organizations
        rows = rows_of(owner, numbers, size)
        start = time.monotonic()
        await insert(session, rows)
        now = time.monotonic()
        each.longest = max(each.longest, now - start)
        each.rows += size
        if now > end:
            return


async def _sample(observer: Any, pids: Sequence[int], waits: Counter[str]) -> None:
    while True:
        waits.update(row[0] for row in await observer.fetch(_WAITS, pids))
        await asyncio.sleep(_SAMPLE_SECONDS)


def _values(rows: int) -> str:
    width = len(_COLUMNS)
    tuples = (
        f"({', '.join(f'${width * row + column + 1}' for column in range(width))})"
        for row in range(rows)
    )
    return f"INSERT INTO call ({', '.join(_COLUMNS)}) VALUES {', '.join(tuples)}"  # noqa: S608 -- ours


_ONE, _MANY = _values(1), _values(BATCH)


async def _insert_one(session: Any, rows: Sequence[Row]) -> None:
    await session.execute(_ONE, *rows[0])


async def _insert_many(session: Any, rows: Sequence[Row]) -> None:
    await session.execute(_MANY, *itertools.chain.from_iterable(rows))


async def _copy(session: Any, rows: Sequence[Row]) -> None:
    await session.copy_records_to_table("call", records=rows, columns=_COLUMNS)


_KINDS: tuple[tuple[str, int, Insert], ...] = (
    ("single rows", 1, _insert_one),
    (f"{BATCH:,} in one INSERT", BATCH, _insert_many),
    (f"COPY of {BATCH:,}", BATCH, _copy),
)
"""What each is called, how many rows it takes, and what it does."""


def inserted_sqlite(
    target: Target, scratch: Path, *, seconds: float = SECONDS, say: Say
) -> Iterator[Inserted]:
    """Insert into a copy of a file, which is deleted afterwards."""
    file = scratch / f"{COPY}.db"
    with closing(sqlite3.connect(target.url.removeprefix("sqlite:///"))) as original:
        original.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copyfile(target.url.removeprefix("sqlite:///"), file)
    numbers = itertools.count(1)
    try:
        for name, size in (("single rows", 1), (f"{BATCH:,} in one transaction", BATCH)):
            each = Inserted(f"SQLite, {name}", 1, 1)
            say(each.title)
            _insert_into_file(file, each, size, numbers, seconds)
            yield each
    finally:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{file}{suffix}").unlink(missing_ok=True)


def _insert_into_file(
    file: Path, each: Inserted, size: int, numbers: Iterator[int], seconds: float
) -> None:
    marks = ", ".join("?" * len(_COLUMNS))
    statement = f"INSERT INTO call ({', '.join(_COLUMNS)}) VALUES ({marks})"  # noqa: S608 -- ours
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for setting in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {setting}")
        began = time.monotonic()
        while each.seconds < seconds:
            rows = [tuple(map(_as_text, row)) for row in rows_of(1, numbers, size)]
            start, cpu = time.monotonic(), time.thread_time()
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(statement, rows)
            connection.execute("COMMIT")
            now = time.monotonic()
            each.longest = max(each.longest, now - start)
            each.cpu += time.thread_time() - cpu
            each.rows += size
            each.seconds = now - began


def _as_text(value: Any) -> Any:
    """As SQLite's tables have it."""
    if not isinstance(value, datetime):
        return value
    return value.replace(tzinfo=None).isoformat(" ", "microseconds")


def inserts_table(inserts: Sequence[Inserted]) -> str:
    """The figures, as a table of Markdown."""
    head = (
        *("inserts", "writers", "organizations", "rows", "rows/s", "CPU us per row"),
        *("new pages per 1,000 rows", "longest, ms", "waiting for locks", "else waiting", "load"),
    )
    return table(head, map(_cells, inserts))


def _cells(each: Inserted) -> list[str]:
    return [
        each.title,
        f"{each.writers}",
        f"{each.organizations}",
        f"{each.rows:,}",
        f"{each.rows / each.seconds:,.0f}",
        f"{each.cpu / each.rows * 1e6:,.0f}",
        f"{each.pages / each.rows * 1e3:,.0f}",
        f"{each.longest * 1e3:,.0f}",
        _most(each.waits, lambda wait: wait.startswith(_LOCK)).replace(_LOCK, ""),
        _most(each.waits, lambda wait: not wait.startswith(_LOCK)),
        f"{each.load:.1f}",
    ]


_LOCK = "Lock: "


def _most(waits: Counter[str], is_meant: Callable[[str], bool]) -> str:
    """The two most frequent waits of a kind, each with its part of all samples."""
    samples = waits.total()
    chosen = [each for each in waits.most_common() if each[0] != "none" and is_meant(each[0])]
    return ", ".join(f"{wait} {count / samples:.0%}" for wait, count in chosen[:2])
