"""A task that is cancelled ends its statement, on each kind of connection to both databases."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import insert, text, update
from sqlalchemy.exc import OperationalError

from gql.database import Database
from gql.database.drivers.cancellable_sqlite import CancellableConnection, connect_cancellable
from gql.database.failures import is_busy
from gql.errors import DatabaseUnavailable
from gql.models.organization import Organization
from gql.models.scope import table_of
from tests.abuse.endless import counting_statements, until_idle
from tests.databases import Copy, settings_for
from tests.http_server import until

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"

Read = Callable[[Database], Awaitable[Any]]


async def read_by_runner(database: Database) -> Any:
    return await database.fetch_value(f"SELECT CAST(({ENDLESS}) AS TEXT)", ())


async def read_by_snapshot(database: Database) -> Any:
    async with database.snapshot() as snapshot:
        return await snapshot.rows(text(ENDLESS))


async def read_in_transaction(database: Database) -> Any:
    async with database.transaction() as connection:
        await connection.execute(insert(table_of(Organization)).values(name="Cancelled"))
        return (await connection.execute(text(ENDLESS))).all()


READS: dict[str, Read] = {
    "runner": read_by_runner,
    "snapshot": read_by_snapshot,
    "transaction": read_in_transaction,
}


@pytest.fixture
async def database(fresh: Copy) -> AsyncIterator[Database]:
    database = Database(settings_for(fresh.url, pool_size=4))
    yield database
    await database.close()


async def until_running(copy: Copy, database: Database, number: int) -> None:
    """Wait until so many statements run.

    SQLite has nobody who could say so: they have their connections, and have most likely begun.
    """
    await until(lambda: sum(busy for busy, _ in database.connections().values()) == number)
    if copy.kind == "sqlite":
        await asyncio.sleep(0.05)
        return
    async with counting_statements(copy) as count:
        while await count() < number:  # noqa: ASYNC110 -- the server tells no event
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("connection_kind", READS)
async def test_a_cancelled_statement_ends_and_leaves_everything_usable(
    database: Database, fresh: Copy, connection_kind: str
) -> None:
    for _ in range(3):
        readers = [asyncio.create_task(_read(READS[connection_kind], database)) for _ in range(2)]
        await until_running(fresh, database, 2)
        for reader in readers:
            reader.cancel()
        outcomes = await asyncio.gather(*readers, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [asyncio.CancelledError] * 2
        await until_idle(fresh)

    async with database.snapshot() as snapshot:
        names = await snapshot.rows(text("SELECT name FROM organization WHERE name = 'Cancelled'"))
    assert names == []
    async with database.transaction() as connection:
        await connection.execute(insert(table_of(Organization)).values(name="Afterwards"))
    assert await database.fetch_value("SELECT CAST(1 AS TEXT)", ()) == b"1"
    # More statements at once than there are connections: each of them is free again.
    again = [database.fetch_value(f"SELECT CAST({n} AS TEXT)", ()) for n in range(20)]
    assert await asyncio.gather(*again) == [b"%d" % n for n in range(20)]
    assert database.connections()["plans"][0] == 0
    assert database.connections()["the_rest"][0] == 0


async def _read(read: Read, database: Database) -> Any:
    return await read(database)


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_a_statement_of_sqlite_that_waits_is_not_begun_after_its_cancellation(
    fresh: Copy,
) -> None:
    database = Database(settings_for(fresh.url, pool_size=1))
    try:
        first = asyncio.create_task(read_by_runner(database))
        await until_running(fresh, database, 1)
        waiting = [asyncio.create_task(read_by_runner(database)) for _ in range(3)]
        await asyncio.sleep(0.05)
        for task in (*waiting, first):
            task.cancel()
        await asyncio.gather(first, *waiting, return_exceptions=True)

        assert await database.fetch_value("SELECT 'next'", ()) == b"next"
    finally:
        await database.close()


async def test_waiting_too_long_for_a_connection_is_unavailable(fresh: Copy) -> None:
    database = Database(settings_for(fresh.url, pool_size=1, pool_timeout=0.05))
    first = asyncio.create_task(read_by_runner(database))
    try:
        await until_running(fresh, database, 1)
        with pytest.raises(TimeoutError, match="no connection got free"):
            await read_by_runner(database)
    finally:
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        await database.close()


async def test_closing_ends_what_runs(fresh: Copy) -> None:
    database = Database(settings_for(fresh.url, pool_size=1))
    running = asyncio.create_task(read_by_runner(database))
    await until_running(fresh, database, 1)
    if fresh.kind == "postgresql":
        running.cancel()

    await database.close()

    assert isinstance((await asyncio.gather(running, return_exceptions=True))[0], BaseException)


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_a_writer_that_waits_for_another_process_can_be_cancelled(
    database: Database, fresh: Copy
) -> None:
    other = sqlite3.connect(fresh.url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        writer = asyncio.create_task(_read(read_in_transaction, database))
        await asyncio.sleep(0.05)
        writer.cancel()
        await asyncio.gather(writer, return_exceptions=True)
    finally:
        other.rollback()
        other.close()

    assert writer.cancelled()
    async with database.transaction() as connection:
        await connection.execute(insert(table_of(Organization)).values(name="Afterwards"))


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_a_writer_waits_longer_than_sqlite_does(
    fresh: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gql.database.engine.SQLITE_BUSY_SECONDS", 0.01)
    database = Database(settings_for(fresh.url))
    refused: list[OperationalError] = []

    def counting(error: OperationalError) -> bool:
        refused.append(error)
        return is_busy(error)

    async def write() -> None:
        async with database.transaction() as connection:
            await connection.execute(insert(table_of(Organization)).values(name="At last"))

    monkeypatch.setattr("gql.database.engine.is_busy", counting)
    other = sqlite3.connect(fresh.url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        monkeypatch.setattr("gql.database.engine.SQLITE_BUSY_ATTEMPTS", 2)
        with pytest.raises(DatabaseUnavailable):
            await write()
        assert len(refused) == 1  # the second time it gives up
        monkeypatch.setattr("gql.database.engine.SQLITE_BUSY_ATTEMPTS", 1_000_000)
        writer = asyncio.create_task(write())
        await until(lambda: len(refused) > 3)
        assert not writer.done()
        other.rollback()
        await writer
    finally:
        other.close()
        await database.close()


async def test_every_call_to_aiosqlite_can_be_cancelled() -> None:
    """Holds aiosqlite to the private method through which all of its calls go."""
    connection = await connect_cancellable(":memory:")
    try:
        for call in (
            lambda: connection.execute(ENDLESS),
            lambda: connection.execute_fetchall(ENDLESS),
        ):
            task = asyncio.create_task(_awaited(call))
            await asyncio.sleep(0.05)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            async with connection.execute("SELECT 1") as cursor:
                assert await cursor.fetchone() == (1,)
    finally:
        await connection.close()


async def _awaited(call: Callable[[], Any]) -> Any:
    return await call()


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_a_statement_of_sqlite_goes_to_its_thread_once(
    fresh: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every time, the event loop goes round twice; a read takes BEGIN along, and no COMMIT."""
    called: list[str] = []
    execute = CancellableConnection._execute  # noqa: SLF001 -- all calls go through it

    async def counting(self: Any, fn: Any, *arguments: Any, **named: Any) -> Any:
        called.append(arguments[1].split()[0] if len(arguments) > 1 else fn.__name__)
        return await execute(self, fn, *arguments, **named)

    organizations = table_of(Organization)
    database = Database(settings_for(fresh.url, pool_size=1))
    try:
        async with database.snapshot() as snapshot:
            await snapshot.rows(text("SELECT 1"))  # the connection is there
        monkeypatch.setattr(CancellableConnection, "_execute", counting)
        async with database.snapshot() as snapshot:
            await snapshot.rows(text("SELECT 1"))
        read, called = called, []
        async with database.transaction() as connection:
            new = insert(organizations).values(name="New").returning(organizations.c.name)
            inserted = await connection.execute(new)
            many = await connection.execute(
                insert(organizations), [{"name": "One"}, {"name": "Two"}]
            )
            renamed = await connection.execute(update(organizations).values(name="Renamed"))
        names = inserted.scalars().all()
    finally:
        monkeypatch.undo()
        await database.close()

    assert read == ["SELECT"]
    assert called == ["BEGIN", "INSERT", "INSERT", "UPDATE", "commit"]
    assert (names, many.rowcount, renamed.rowcount) == (["New"], 2, len(fresh.organizations) + 3)
