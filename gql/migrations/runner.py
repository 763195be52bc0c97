"""Runs the history of the tables forwards and backwards."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from gql.database.call_rollup import all_months, compare_month
from gql.database.drivers import share_sessions
from gql.database.engine import begin_write
from gql.database.sqlite_statistics import write_statistics
from gql.migrations import MigrationRefused, current, current_revision, revisions
from gql.migrations.online import (
    ATTEMPTS,
    LOCK,
    PAUSE_SECONDS,
    has_large_tables,
    hindered,
    wait_briefly,
    was_locked,
)
from gql.migrations.progress import PROGRESS, Progress
from gql.migrations.sqlite_events import number_nothing, number_what_is_written
from gql.migrations.sqlite_forms import refuse_foreign_forms, take_any_form
from gql.migrations.sqlite_stamps import stamp_nothing, stamp_what_is_written
from gql.sql.session import lift_statement_timeout

_HERE = Path(__file__).parent
_POLL_SECONDS = 0.05
_MOST_SHOWN = 10

_SUMS_BEGIN = "0013_call_rollup"
"""From this revision on, triggers add up the calls that are written."""

_Run = Callable[[Config, str], None]
"""What Alembic has to move by: `command.upgrade` or `command.downgrade`."""

_process_lock = threading.Lock()


async def migrate(
    engine: AsyncEngine, revision: str = "head", progress: Progress | None = None
) -> None:
    """Bring the tables forward to `revision`; safe to run from many processes.

    All of it is one transaction, unless PostgreSQL has tables of some size to change while others
    write to them: then each revision is one at least, see `gql/migrations/online.py`. Calls that
    are older than their sums are added up between two revisions, a month at a time.

    Args:
        engine: Made by `gql.database.engine.create_engine`, whose write transactions lock SQLite
            at once.
        revision: A revision of the history, or "head" for the newest.
        progress: Called before each step of a long revision.

    Raises:
        MigrationRefused: when rows or a pooler stand in the way, or others' transactions for long.
        alembic.util.CommandError: when the database holds a revision that this version does not
            know, which means that a newer version has migrated it.
    """
    if await _has_calls_without_sums(engine, revision):
        await _move(engine, command.upgrade, _SUMS_BEGIN, progress)
        await _add_up_calls(engine, progress)
    await _move(engine, command.upgrade, revision, progress)


async def downgrade(
    engine: AsyncEngine, revision: str = "base", progress: Progress | None = None
) -> None:
    """Take the tables back to `revision`, as `migrate` does; "base" drops every table."""
    await _move(engine, command.downgrade, revision, progress)


async def _move(engine: AsyncEngine, run: _Run, revision: str, progress: Progress | None) -> None:
    """Run the revisions on the way to one: all in one transaction, or each in one of its own."""
    async with engine.connect() as connection:
        step_by_step = await connection.run_sync(has_large_tables)
        before = await connection.run_sync(current_revision)
    if not step_by_step:
        async with _alone(engine) as connection:
            await connection.run_sync(_run, run, revision, progress)
        return
    await _require_own_sessions(engine)
    is_upgrade = run is command.upgrade
    for step in _steps(before, revision, is_upgrade=is_upgrade):
        await _retry_while_locked(engine, run, step, progress)


def _steps(before: str | None, revision: str, *, is_upgrade: bool) -> list[str]:
    """The revisions to go to, one after the other, the last one being `revision`."""
    names = revisions()
    if before not in names or revision not in {*names, "head", "base"}:
        return [revision]
    at = names.index(before)
    if is_upgrade:
        return [each for each in names[at + 1 :] if revision == "head" or each <= revision]
    between = [each for each in reversed(names[:at]) if revision == "base" or each > revision]
    return [*between, revision]


async def _retry_while_locked(
    engine: AsyncEngine, run: _Run, revision: str, progress: Progress | None
) -> None:
    """Run one revision, from its beginning again where a writer had a lock that it needed.

    What a revision commits by itself it finds done then.
    """
    for _ in range(ATTEMPTS):
        try:
            async with _alone(engine) as connection:
                await connection.run_sync(wait_briefly)
                await connection.run_sync(_run, run, revision, progress)
        except DBAPIError as error:
            if not was_locked(error):
                raise
            await asyncio.sleep(PAUSE_SECONDS)
        else:
            return
    raise hindered(f"revision {revision}")


async def _require_own_sessions(engine: AsyncEngine) -> None:
    """Refuse a pooler that gives each transaction another session.

    Outside of a transaction the lock of the migration and its time limits are a session's.
    """
    async with engine.connect() as first, engine.connect() as second:
        drivers = [(await each.get_raw_connection()).driver_connection for each in (first, second)]
        if await share_sessions(*drivers):
            raise MigrationRefused(
                "A migration of tables of this size is many transactions in one session of"
                " PostgreSQL, and the pooler before it gives each transaction another one.",
                "Migrate without the pooler: GQL_POOLER=off jackfield migrate --database, with"
                " the address of PostgreSQL itself.",
            )


async def _has_calls_without_sums(engine: AsyncEngine, revision: str) -> bool:
    """Whether a migration to `revision` has to add up calls that are there already.

    Readers need the sums from the revision after the one that makes their triggers.
    """
    before = await current(engine)
    if before is None or before > _SUMS_BEGIN:
        return False
    return revision == "head" or revision > _SUMS_BEGIN


async def _add_up_calls(engine: AsyncEngine, progress: Progress | None) -> None:
    """Make the sums over calls that are older than the triggers; writers need not wait.

    It may be interrupted: sums that are right already stay as they are.
    """
    months = await all_months(engine)
    for done, (organization_id, month) in enumerate(months):
        if progress:
            progress("adding up calls", done, len(months))
        await compare_month(engine, organization_id, month, repair=True, has_stamps=False)
    if progress:
        progress("adding up calls", len(months), len(months))


@asynccontextmanager
async def _alone(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A write transaction that no other migration shares: not in this process, not in another.

    The second one to come waits, then finds the work done. SQLite's BEGIN IMMEDIATE admits one
    writer by itself. PostgreSQL gets an advisory lock, because two sessions could both find no
    version table and both create one. It is polled: CREATE INDEX CONCURRENTLY waits for every
    statement that began before it, so also for one that would wait for the lock of its migration.

    Alembic keeps what it is working on in module variables (`op`, `context`), so two migrations in
    one process would work on each other's database even when they mean two. A thread lock that is
    polled, because an asyncio lock belongs to one loop, and a blocking wait would stop this one.
    """
    while not _process_lock.acquire(blocking=False):  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    try:
        async with engine.connect() as connection, _unchecked_keys(connection):
            await connection.execution_options(jackfield_write=True)
            await begin_write(connection)
            # Waiting for the lock, and building an index, may take longer than a request.
            await lift_statement_timeout(connection)
            if engine.dialect.name == "postgresql":
                take = f"SELECT pg_try_advisory_xact_lock({LOCK})"
                while not (await connection.exec_driver_sql(take)).scalar_one():  # noqa: ASYNC110
                    await asyncio.sleep(_POLL_SECONDS)
            yield connection
            await connection.commit()
    finally:
        _process_lock.release()


@asynccontextmanager
async def _unchecked_keys(connection: AsyncConnection) -> AsyncIterator[None]:
    """Let SQLite not check foreign keys, so that tables can be rebuilt; `_run` does in the end.

    SQLite ignores the pragma within a transaction, and SQLAlchemy opens one for each statement.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    driver: Any = (await connection.get_raw_connection()).driver_connection
    await driver.execute_fetchall("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        await connection.rollback()
        await driver.execute_fetchall("PRAGMA foreign_keys = ON")


def _run(
    connection: Connection,
    run: _Run,
    revision: str,
    progress: Progress | None,
) -> None:
    config = _config()
    config.attributes["connection"] = connection
    config.attributes[PROGRESS] = progress
    take_any_form(connection)
    number_nothing(connection)
    stamp_nothing(connection)
    before = current_revision(connection)
    run(config, revision)
    refuse_foreign_forms(connection)
    number_what_is_written(connection)
    stamp_what_is_written(connection)
    write_statistics(connection)
    if current_revision(connection) != before:
        _check_keys(connection)


def _check_keys(connection: Connection) -> None:
    """Refuse a migration of SQLite after which a row names one that is not there."""
    if connection.dialect.name != "sqlite":
        return
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if broken:
        rows = "\n  ".join(f"{row[0]} {row[1]} names no {row[2]}" for row in broken[:_MOST_SHOWN])
        raise MigrationRefused(
            f"{len(broken):,} rows name a row that is not there:\n  {rows}",
            "Correct or delete them, then migrate again; nothing was changed.",
        )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    return config
