"""The database: one instant per snapshot, all or nothing per transaction, and plain settings."""

import asyncio
import stat
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import IntegrityError

from gql.database import Database
from gql.errors import DatabaseReadOnly, DeadlineExceeded, Unavailable
from gql.models.message import ChatMessage
from gql.models.organization import Organization
from gql.models.scope import table_of
from tests.databases import Copy, Kind, settings_for
from tests.live import free_port

ORGANIZATION, MESSAGE = table_of(Organization), table_of(ChatMessage)
COUNT = select(func.count()).select_from(ORGANIZATION)


@asynccontextmanager
async def opened(url: str, **changes: Any) -> AsyncIterator[Database]:
    """A database of its own, closed when the block ends."""
    database = Database(settings_for(url, **changes))
    try:
        yield database
    finally:
        await database.close()


async def add(database: Database, name: str = "Another") -> None:
    """Write an organization."""
    async with database.transaction() as connection:
        await connection.execute(insert(ORGANIZATION).values(name=name))


async def rows(database: Database, statement: Any) -> list[Any]:
    """The rows of one statement on a snapshot of its own."""
    async with database.snapshot() as snapshot:
        return list(
            await snapshot.rows(text(statement) if isinstance(statement, str) else statement)
        )


async def test_a_snapshot_does_not_see_later_writes(fresh_database: Database) -> None:
    snapshot = fresh_database.snapshot()
    before = await snapshot.rows(COUNT)

    await add(fresh_database)

    assert await snapshot.rows(COUNT) == before
    await snapshot.close()
    assert (await rows(fresh_database, COUNT))[0][0] == before[0][0] + 1


async def test_a_snapshot_begins_with_its_first_statement(fresh_database: Database) -> None:
    snapshot = fresh_database.snapshot()
    before = await rows(fresh_database, COUNT)

    await add(fresh_database)

    assert (await snapshot.rows(COUNT))[0][0] == before[0][0] + 1
    await snapshot.close()


async def test_statements_of_a_snapshot_take_turns_on_one_connection(database: Database) -> None:
    snapshot = database.snapshot()

    answers = await asyncio.gather(
        *(snapshot.rows(select(func.abs(number))) for number in range(9))
    )

    assert [answer[0][0] for answer in answers] == list(range(9))
    assert snapshot.statements == 9
    assert database.engine.pool.checkedout() == 1  # type: ignore[attr-defined]
    await snapshot.close()
    assert database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]


async def test_an_unused_snapshot_opens_no_connection(database: Database) -> None:
    snapshot = database.snapshot()

    assert database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    await snapshot.close()
    await snapshot.close()


async def test_a_snapshot_cannot_write_on_postgresql(kind: Kind, database: Database) -> None:
    """SQLite has no read-only transactions; there a snapshot is rolled back instead."""
    write = insert(ORGANIZATION).values(name="Written by a reader").returning(ORGANIZATION.c.id)
    if kind == "postgresql":
        with pytest.raises(DatabaseReadOnly):
            await rows(database, write)
    else:
        await rows(database, write)

    assert await rows(database, select(ORGANIZATION.c.id)) == [(1,), (2,)]


async def test_a_transaction_that_raises_writes_nothing(fresh_database: Database) -> None:
    async def fail() -> None:
        async with fresh_database.transaction() as connection:
            await connection.execute(insert(ORGANIZATION).values(name="Half a write"))
            raise LookupError("changed my mind")

    before = await rows(fresh_database, COUNT)
    with pytest.raises(LookupError):
        await fail()

    assert await rows(fresh_database, COUNT) == before
    await add(fresh_database)


async def test_writers_wait_for_each_other(fresh_database: Database) -> None:
    before = (await rows(fresh_database, COUNT))[0][0]

    await asyncio.gather(*(add(fresh_database, f"Writer {number}") for number in range(8)))

    assert (await rows(fresh_database, COUNT))[0][0] == before + 8


async def test_a_message_of_no_call_is_refused(fresh_database: Database) -> None:
    """Foreign keys hold on SQLite too, where they are off by default."""
    row = {"organization_id": 1, "call_id": 999_999, "role": "user", "content": "?"}
    with pytest.raises(IntegrityError):
        async with fresh_database.transaction() as connection:
            await connection.execute(insert(MESSAGE).values(**row, message_index=0))


async def test_a_new_file_and_its_folder_are_for_their_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    async with (
        opened(f"sqlite:///{folder}/it.db") as database,
        database.transaction() as connection,
    ):
        await connection.execute(text("CREATE TABLE secret (id INTEGER)"))
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert modes == {"it.db": 0o600, "it.db-wal": 0o600, "it.db-shm": 0o600}


async def test_a_file_and_a_folder_that_are_there_keep_their_modes(tmp_path: Path) -> None:
    path = tmp_path / "it.db"
    path.touch()
    for each, mode in ((tmp_path, 0o750), (path, 0o640)):
        each.chmod(mode)

    async with opened(f"sqlite:///{path}") as database:
        await database.ping()

    assert [stat.S_IMODE(each.stat().st_mode) for each in (tmp_path, path)] == [0o750, 0o640]


async def test_sqlite_is_settled_before_its_first_statement(tmp_path: Path) -> None:
    async with opened(f"sqlite:///{tmp_path}/new/folder/it.db") as database:
        settled = [
            (await rows(database, f"PRAGMA {name}"))[0][0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]

    assert settled == ["wal", 1, 1, 1_000]


async def test_lower_knows_every_letter(database: Database) -> None:
    statement = select(func.lower("ÀÉÎÑÖŞŽ ЖУРНАЛ ΑΒΓ ẞ İ ΟΔΟΣ 李🎧"), func.lower("PLAIN"))

    assert await rows(database, statement) == [("àéîñöşž журнал αβγ ß i οδοσ 李🎧", "plain")]


async def test_lower_of_nothing_is_nothing(database: Database) -> None:
    assert await rows(database, "SELECT lower(NULL)") == [(None,)]


async def test_postgresql_is_told_who_asks_and_how_long_it_may_take(
    kind: Kind, database_url: str
) -> None:
    if kind == "sqlite":
        return
    names = ("application_name", "TimeZone", "jit", "statement_timeout")
    async with opened(database_url, request_timeout=2.5) as database:
        values = [(await rows(database, f"SHOW {name}"))[0][0] for name in names]

    assert values == ["jackfield", "UTC", "off", "3s"]


@pytest.mark.parametrize("pooler", ["off", "transaction"])
async def test_postgresql_gives_up_on_a_slow_statement(
    kind: Kind, database_url: str, *, pooler: str
) -> None:
    if kind == "sqlite":
        return
    async with opened(database_url, request_timeout=0.05, pooler=pooler) as database:
        with pytest.raises(DeadlineExceeded):
            await rows(database, "SELECT pg_sleep(30)")
        assert await rows(database, "SELECT 1") == [(1,)]


async def test_behind_a_transaction_pooler_nothing_is_prepared_under_a_reused_name(
    kind: Kind, database_url: str
) -> None:
    if kind == "sqlite":
        return
    async with opened(database_url, pooler="transaction", pool_size=1) as database:
        for _ in range(3):
            assert (await rows(database, COUNT))[0][0] == 2
        prepared = await rows(database, "SELECT count(*) FROM pg_prepared_statements")

    assert prepared[0][0] <= 1


async def use(operation: str, database: Database) -> None:
    if operation == "ping":
        await database.ping()
    elif operation == "snapshot":
        await rows(database, COUNT)
    else:
        await add(database)


UNREACHABLE: dict[str, Callable[[Path], str]] = {
    "no server": lambda _: f"postgresql://someone@127.0.0.1:{free_port()}/nothing",
    "no socket": lambda path: f"postgresql://someone@/nothing?host={path}",
    "no file": lambda path: f"sqlite:///{path}/a-folder",
}


@pytest.mark.parametrize("operation", ["ping", "snapshot", "transaction"])
@pytest.mark.parametrize("address", UNREACHABLE)
async def test_a_database_out_of_reach_is_unavailable(
    address: str, operation: str, tmp_path: Path
) -> None:
    (tmp_path / "a-folder").mkdir()
    async with opened(UNREACHABLE[address](tmp_path)) as database:
        with pytest.raises(Unavailable):
            await use(operation, database)


@pytest.mark.parametrize("operation", ["ping", "snapshot", "transaction"])
async def test_waiting_too_long_for_a_connection_is_unavailable(
    operation: str, shared: Copy
) -> None:
    async with opened(shared.url, pool_size=1, pool_timeout=0.05) as database:
        held = database.snapshot()
        await held.rows(COUNT)
        try:
            with pytest.raises(Unavailable) as raised:
                await use(operation, database)
        finally:
            await held.close()

        assert raised.value.message == "The database cannot be reached right now; try again."
        await database.ping()
