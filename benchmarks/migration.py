"""How long `jackfield migrate` takes over many calls, and how long anybody who writes has to wait.

The database is filled with plain SQL at an old revision. On PostgreSQL two writers go on inserting
and changing calls and messages, one after the other each, in the columns that every revision has.
SQLite has one writer at a time, which the migration is: there its ids and rows are looked at.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from sqlite3 import connect
from typing import Any

import asyncpg

from benchmarks.postgres import Postgres, without_settings
from benchmarks.tables import table
from benchmarks.target import ROOT, Say, jackfield_command

MIGRATED = (500_000,)
"""Calls of each database."""

WRITERS = 2
NOTEWORTHY_SECONDS = 0.1
FIRST = "0001_first_tables"
BEFORE_INDEXES = "0010_call_records"
"""What is measured on PostgreSQL are the revisions after it, which are made for writers at work."""

_MEBIBYTE = 2**20
_AT_REVISION = """
import asyncio, sys
from gql.database import Database
from gql.migrations.runner import migrate
from gql.settings import Settings

async def main():
    database = Database(Settings(database_url=sys.argv[1]))
    await migrate(database.engine, sys.argv[2])
    await database.close()

asyncio.run(main())
"""


@dataclass
class Migration:
    """A migration that was measured.

    Attributes:
        database: Its kind.
        calls: How many there were before it.
        revision: At which it began.
        seconds: It took.
        mebibytes: The database before and after it.
        writes: How many writes ended while it ran.
        waits: Of writes that took more than a tenth of a second: how long, what, and the moment.
        moments: When each revision was reached.
        rows: How many of calls and messages there are after it.
    """

    database: str
    calls: int
    revision: str
    seconds: float = 0.0
    mebibytes: tuple[float, float] = (0.0, 0.0)
    writes: int = 0
    waits: list[tuple[float, str, float]] = field(default_factory=list)
    moments: list[tuple[float, str]] = field(default_factory=list)
    rows: tuple[int, int] = (0, 0)


# The words of both databases for the same rows; 40 % of the calls have a message, as in the demo.
_NUMBERS = {
    "postgresql": "generate_series(1, {calls}) AS numbers (n)",
    "sqlite": (
        "(WITH RECURSIVE counted (n) AS"
        " (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < {calls})"
        " SELECT n FROM counted) AS numbers"
    ),
}
_INSTANT = {
    "postgresql": "TIMESTAMPTZ '2025-01-01 00:00:00Z' + n * INTERVAL '60 seconds'",
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f', 1735689600 + n * 60, 'unixepoch') || '000'",
}
_MESSAGE_COLUMNS = 'organization_id, call_id, role, content, message_index, "timestamp"'
_CALL_COLUMNS = (
    "organization_id, channel, call_sid, assistant_id, direction, to_phone_number,"
    " customer_phone_number, customer_phone_digits, status, duration, started_at, last_activity,"
    " message_count, call_meta, is_archived, total_cost, llm_cost, cost_currency"
)
_CALL_VALUES = (
    "1 + n % 2, CASE WHEN n % 25 = 0 THEN 'sms' ELSE 'voice' END, 'call_' || n, 1 + n % 100,"
    " 'inbound', '+15550100001', '+1555' || (1000000 + n % 9000000),"
    " '1555' || (1000000 + n % 9000000), 'completed', n % 900, {instant}, {instant},"
    " 0, '{{}}', {no}, n % 5000, n % 3000, 'USD'"
)


def _filling(kind: str, calls: int) -> list[str]:
    no = "false" if kind == "postgresql" else "0"
    instant, numbers = _INSTANT[kind], _NUMBERS[kind].format(calls=calls)
    values = _CALL_VALUES.format(instant=instant, no=no)
    message = f"1 + n % 2, n, 'user', 'What does this cost, number ' || n || '?', 0, {instant}"
    messages = f"SELECT {message} FROM {numbers} WHERE n % 5 < 2"  # noqa: S608
    moment = "'2025-01-01 00:00:00.000000'"
    return [
        *(
            f"INSERT INTO organization (id, name, created_at) VALUES ({n}, 'Bench {n}', {moment})"  # noqa: S608 -- ours, and so below
            for n in (1, 2)
        ),
        f"INSERT INTO call ({_CALL_COLUMNS}) SELECT {values} FROM {numbers}",  # noqa: S608
        f"INSERT INTO chat_message ({_MESSAGE_COLUMNS}) {messages}",
        # The highest ids are gone: a later row must not have them.
        f"DELETE FROM chat_message WHERE call_id = {calls}",  # noqa: S608
        f"DELETE FROM call WHERE id = {calls}",  # noqa: S608
    ]


async def migrated_postgresql(server: Postgres, calls: int, *, say: Say) -> Migration:
    """Migrate a PostgreSQL with writers at work."""
    server.sql("DROP DATABASE IF EXISTS bench_migration;")
    server.sql("CREATE DATABASE bench_migration;")
    url = server.url("bench_migration")
    say(f"Filling PostgreSQL with {calls:,} calls")
    _bring_to(url, BEFORE_INDEXES)
    connection = await asyncpg.connect(url)
    try:
        for statement in _filling("postgresql", calls):
            await connection.execute(statement)
        await connection.execute("VACUUM ANALYZE")
        size = "SELECT pg_database_size(current_database())"
        migration = Migration("PostgreSQL", calls, BEFORE_INDEXES)
        before = await connection.fetchval(size)
        say("Migrating PostgreSQL, with writers at work")
        await _migrate_with_writers(url, migration)
        migration.mebibytes = (before / _MEBIBYTE, await connection.fetchval(size) / _MEBIBYTE)
        migration.rows = (
            await connection.fetchval("SELECT count(*) FROM call"),
            await connection.fetchval("SELECT count(*) FROM chat_message"),
        )
    finally:
        await connection.close()
    return migration


async def _migrate_with_writers(url: str, migration: Migration) -> None:
    done = asyncio.Event()
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gql", "migrate", "--database", url),
        cwd=ROOT,
        env=without_settings(),
    )
    writers = [
        asyncio.create_task(_write(url, number, began, done, migration))
        for number in range(WRITERS)
    ]
    watch = asyncio.create_task(_watch(url, began, done, migration))
    status = await process.wait()
    migration.seconds = time.monotonic() - began
    done.set()
    await asyncio.gather(watch, *writers)
    if status:
        raise RuntimeError(f"the migration ended with {status}")


async def _watch(url: str, began: float, done: asyncio.Event, migration: Migration) -> None:
    """Note when each revision is there."""
    connection = await asyncpg.connect(url)
    try:
        while not done.is_set():
            revision = await connection.fetchval("SELECT version_num FROM alembic_version")
            if not migration.moments or migration.moments[-1][1] != revision:
                migration.moments.append((time.monotonic() - began, revision))
            await asyncio.sleep(0.02)
    finally:
        await connection.close()


async def _write(
    url: str, writer: int, began: float, done: asyncio.Event, migration: Migration
) -> None:
    """Insert a call with a message and change an older one, each by itself, until it is done."""
    values = _CALL_VALUES.format(instant=_INSTANT["postgresql"], no="false")
    connection = await asyncpg.connect(url)
    statements = {
        "INSERT call": (
            f"INSERT INTO call ({_CALL_COLUMNS}) SELECT {values} FROM"  # noqa: S608 -- ours, and so below
            " (SELECT $1::bigint) AS numbers (n) RETURNING id"
        ),
        "INSERT message": (
            f"INSERT INTO chat_message ({_MESSAGE_COLUMNS})"  # noqa: S608
            " VALUES (1 + $1::bigint % 2, $2, 'user', 'Hello?', 0, now())"
        ),
        "UPDATE call": (
            "UPDATE call SET duration = coalesce(duration, 0) + 1 WHERE organization_id ="
            " 1 + $1::bigint % 2 AND id = $1"
        ),
    }
    number = migration.calls + 1 + writer
    try:
        while not done.is_set():
            new = 0
            for name, statement in statements.items():
                start = time.monotonic()
                of_old = (number * 7919 % migration.calls + 1,)
                arguments = {"INSERT call": (number,), "INSERT message": (number, new)}
                answer = await connection.fetchval(statement, *arguments.get(name, of_old))
                new = answer or new
                took = time.monotonic() - start
                if took > NOTEWORTHY_SECONDS:
                    migration.waits.append((took, name, start - began))
                migration.writes += 1
            number += WRITERS
            await asyncio.sleep(0.01)
    finally:
        await connection.close()


def migrated_sqlite(folder: Path, calls: int, *, say: Say) -> Migration:
    """Migrate a SQLite file from the first revision.

    Raises:
        RuntimeError: when a row is gone, or a new row gets an id that there was before.
    """
    file = folder / "bench_migration.db"
    for suffix in ("", "-wal", "-shm"):
        Path(f"{file}{suffix}").unlink(missing_ok=True)
    say(f"Filling SQLite with {calls:,} calls")
    _bring_to(f"sqlite:///{file}", FIRST)
    with closing(connect(file)) as connection, connection:
        for statement in _filling("sqlite", calls):
            connection.execute(statement)
        highest, rows = _ids(connection), _counts(connection)
    migration = Migration("SQLite", calls, FIRST, rows=rows)
    before = file.stat().st_size
    say("Migrating SQLite")
    began = time.monotonic()
    jackfield_command("migrate", "--database", f"sqlite:///{file}")
    migration.seconds = time.monotonic() - began
    with closing(connect(file)) as connection:
        if (_ids(connection), _counts(connection)) != (highest, rows):
            raise RuntimeError(
                f"rows and highest ids were {rows} and {highest}, and are"
                f" {_counts(connection)} and {_ids(connection)}"
            )
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    migration.mebibytes = (before / _MEBIBYTE, file.stat().st_size / _MEBIBYTE)
    file.unlink()
    return migration


def _ids(connection: Any) -> dict[str, int]:
    """The highest id that each table ever had."""
    names = "('call', 'chat_message')"
    query = f"SELECT name, seq FROM sqlite_sequence WHERE name IN {names}"  # noqa: S608 -- ours
    return dict(connection.execute(query).fetchall())


def _counts(connection: Any) -> tuple[int, int]:
    (calls,) = connection.execute("SELECT count(*) FROM call").fetchone()
    children = "SELECT count(*) FROM chat_message JOIN call ON call.id = call_id"
    (messages,) = connection.execute(children).fetchone()
    return calls, messages


def _bring_to(url: str, revision: str) -> None:
    subprocess.run(  # noqa: S603 -- our own command line
        [sys.executable, "-c", _AT_REVISION, url, revision],
        cwd=ROOT,
        env=without_settings(),
        check=True,
    )


def _longest(migration: Migration) -> Iterator[str]:
    """The longest waits, each with the last revision that was reached before it began."""
    for took, name, at in sorted(migration.waits, reverse=True)[:5]:
        after = max((each for each in migration.moments if each[0] <= at), default=(0, "?"))[1]
        yield f"{name} {took * 1e3:.0f} ms after {after[:4]}"


def migrations_table(migrations: Sequence[Migration]) -> str:
    """The figures, as tables of Markdown."""
    load = os.getloadavg()[0]
    rows = [
        [
            f"{each.database}, from {each.revision}",
            f"{each.calls:,}",
            f"{each.seconds:.1f}",
            f"{each.mebibytes[0]:.0f} → {each.mebibytes[1]:.0f}",
            f"{each.writes:,}",
            ", ".join(_longest(each)),
            f"{each.rows[0]:,} and {each.rows[1]:,}",
            f"{load:.1f}",
        ]
        for each in migrations
    ]
    header = ("database", "calls", "s", "MiB", "writes", "longest", "calls and messages", "load")
    return table(header, rows)
