"""Statements of compiled plans run on connections of their own, few and read-only."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from gql.database import Database
from gql.database.drivers import PREPARED_STATEMENTS
from gql.database.failures import is_lasting
from tests.databases import Copy, Databases, settings_for

SLOW = """
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000)
    SELECT CAST(count(*) AS TEXT) FROM n
"""


@pytest.fixture
async def database(shared: Copy) -> AsyncIterator[Database]:
    database = Database(settings_for(shared.url, pool_size=4))
    yield database
    await database.close()


async def test_many_at_once_share_the_connections(database: Database) -> None:
    pending = [database.fetch_value("SELECT CAST(40 + 2 AS TEXT)", ()) for _ in range(50)]

    assert await asyncio.gather(*pending) == [b"42"] * 50


@pytest.mark.parametrize("kind", ["postgresql"])
async def test_a_connection_is_told_how_to_plan_when_that_changes(fresh: Copy) -> None:
    database = Database(settings_for(fresh.url, pool_size=2))
    mode = "SELECT current_setting('plan_cache_mode') || pg_backend_pid()"
    try:
        answers = [
            (await database.fetch_value(mode, (), custom_plan=custom_plan) or b"").decode()
            for custom_plan in (False, True, True, False)
        ]
    finally:
        await database.close()

    (backend,) = {text.lstrip("_abcdefghijklmnopqrstuvwxyz") for text in answers}
    modes = ["force_generic_plan", *["force_custom_plan"] * 2, "force_generic_plan"]
    assert answers == [f"{mode}{backend}" for mode in modes]


async def test_nothing_can_be_written(database: Database) -> None:
    with pytest.raises(Exception, match=r"read.?only"):
        await database.fetch_value("UPDATE assistant SET name = 'x' RETURNING name", ())

    assert await database.fetch_value("SELECT CAST(count(*) > 0 AS TEXT) FROM assistant", ()) in {
        b"true",
        b"1",
    }


@pytest.mark.parametrize("kind", ["postgresql"])
async def test_a_statement_outlives_a_change_of_its_table(fresh: Copy) -> None:
    """What is prepared is no longer valid then: the result has another type."""
    database = Database(settings_for(fresh.url, pool_size=2))
    statement = "SELECT name FROM assistant WHERE id = $1"
    change = text("ALTER TABLE assistant ALTER COLUMN name TYPE text")
    try:
        first = await database.fetch_value(statement, (1,))
        async with database.engine.begin() as connection:
            await connection.execute(change)
        second = await database.fetch_value(statement, (1,))
        third = await database.fetch_value(statement, (1,))
    finally:
        await database.close()

    assert isinstance(first, str)
    assert second == third == first.encode()


async def test_a_statement_that_fails_leaves_its_connection_usable(database: Database) -> None:
    for _ in range(10):
        with pytest.raises(Exception, match="no_such_table") as caught:
            await database.fetch_value("SELECT 1 FROM no_such_table", ())
        assert is_lasting(caught.value)

    assert await database.fetch_value("SELECT CAST(1 AS TEXT)", ()) == b"1"


async def test_a_reader_who_goes_away_frees_the_connection(database: Database) -> None:
    readers = [asyncio.create_task(database.fetch_value(SLOW, ())) for _ in range(6)]
    await asyncio.sleep(0.05)
    for reader in readers:
        reader.cancel()
    await asyncio.gather(*readers, return_exceptions=True)

    assert await database.fetch_value("SELECT CAST(1 AS TEXT)", ()) == b"1"


async def test_lower_knows_every_letter(database: Database) -> None:
    assert await database.fetch_value("SELECT lower('\u00c9A')", ()) == "\u00e9a".encode()


async def test_the_process_has_as_many_connections_as_it_may(shared: Copy) -> None:
    database = Database(settings_for(shared.url, pool_size=4))
    try:
        for _ in range(2):
            await asyncio.gather(*(database.fetch_value("SELECT 1", ()) for _ in range(20)))
        if shared.kind == "postgresql":
            async with database.engine.connect() as connection:
                pool = database.engine.pool
                assert pool.size() == 2  # type: ignore[attr-defined]
                await connection.execute(text("SELECT 1"))
    finally:
        await database.close()


async def test_behind_a_pooler_a_plan_runs_in_a_transaction(shared: Copy) -> None:
    database = Database(settings_for(shared.url, pool_size=1, pooler="transaction"))
    try:
        for _ in range(5):
            assert await database.fetch_value("SELECT CAST(7 AS TEXT)", ()) == b"7"
    finally:
        await database.close()


async def test_a_connection_keeps_only_so_many_statements_prepared(shared: Copy) -> None:
    database = Database(settings_for(shared.url, pool_size=2))
    try:
        for number in range(600):
            assert (
                await database.fetch_value(f"SELECT CAST({number} AS TEXT)", ()) == b"%d" % number
            )
        if shared.kind == "postgresql":
            count = "SELECT count(*)::text FROM pg_prepared_statements"
            prepared = int(await database.fetch_value(count, ()) or 0)
            assert PREPARED_STATEMENTS - 1 <= prepared <= PREPARED_STATEMENTS
    finally:
        await database.close()


VALUES = (7, None, "it's 100 %\\", datetime(2025, 1, 19, 10, tzinfo=UTC), [1, 2], 0.1, True)
TYPED = """
    SELECT ($1::bigint, $2::bigint, $3::varchar, $4::timestamptz, $5::bigint[], $6::float8,
        $7::boolean)::text
    FROM assistant WHERE id = $1::bigint
"""


@pytest.mark.parametrize(
    ("pooler", "plan_line"), [("off", "id = $1"), ("transaction", "id = '7'::bigint")]
)
async def test_postgresql_explains_a_statement_with_values_of_every_type(
    databases: Databases, pooler: str, plan_line: str
) -> None:
    copy = await databases.copy("postgresql")
    database = Database(settings_for(copy.url, pool_size=2, pooler=pooler))
    try:
        lines = await database.explain(TYPED, VALUES)
        without = await database.explain("SELECT CAST(1 AS TEXT)", ())
        with pytest.raises(Exception, match="no_such_table"):
            await database.explain("SELECT 1 FROM no_such_table", ())
        again = await database.explain(TYPED, VALUES)
    finally:
        await database.close()
        await databases.drop(copy.url)

    assert any(plan_line in line for line in lines)
    assert lines[-1].startswith("Execution Time: ")
    assert without[0].startswith("Result ")
    assert len(again) > 3


async def test_connections_in_use_are_counted(database: Database) -> None:
    before = database.connections()["plans"]
    readers = [asyncio.create_task(database.fetch_value(SLOW, ())) for _ in range(2)]
    await asyncio.sleep(0)  # in which both have got as far as to their connections
    during = database.connections()["plans"]
    await asyncio.gather(*readers)
    async with database.engine.connect():
        rest = database.connections()["the_rest"]

    size = during[1]
    assert (before, during) == ((0, 0), (2, size))
    assert database.connections() == {"plans": (0, size), "the_rest": (0, rest[1])}
    assert rest[0] == 1
