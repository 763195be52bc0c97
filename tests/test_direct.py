"""Statements of compiled plans run on connections of their own, few and read-only."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from gql.database import Database
from gql.direct import REMEMBERED, is_lasting
from tests.databases import Copy, settings_for

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
    asked = [database.value("SELECT CAST(40 + 2 AS TEXT)", ()) for _ in range(50)]

    assert await asyncio.gather(*asked) == [b"42"] * 50


async def test_nothing_can_be_written(database: Database) -> None:
    with pytest.raises(Exception, match=r"read.?only"):
        await database.value("UPDATE assistant SET name = 'x' RETURNING name", ())

    assert await database.value("SELECT CAST(count(*) > 0 AS TEXT) FROM assistant", ()) in {
        b"true",
        b"1",
    }


async def test_a_statement_that_fails_leaves_its_connection_usable(database: Database) -> None:
    for _ in range(10):
        with pytest.raises(Exception, match="no_such_table") as caught:
            await database.value("SELECT 1 FROM no_such_table", ())
        assert is_lasting(caught.value)

    assert await database.value("SELECT CAST(1 AS TEXT)", ()) == b"1"


async def test_a_reader_who_goes_away_frees_the_connection(database: Database) -> None:
    readers = [asyncio.create_task(database.value(SLOW, ())) for _ in range(6)]
    await asyncio.sleep(0.05)
    for reader in readers:
        reader.cancel()
    await asyncio.gather(*readers, return_exceptions=True)

    assert await database.value("SELECT CAST(1 AS TEXT)", ()) == b"1"


async def test_lower_knows_every_letter(database: Database) -> None:
    assert await database.value("SELECT lower('\u00c9A')", ()) == "\u00e9a".encode()


async def test_the_process_has_as_many_connections_as_it_may(shared: Copy) -> None:
    database = Database(settings_for(shared.url, pool_size=4))
    try:
        for _ in range(2):
            await asyncio.gather(*(database.value("SELECT 1", ()) for _ in range(20)))
        if shared.kind == "postgresql":
            async with database.engine.connect() as connection:
                pool = database.engine.pool
                assert pool.size() == 2  # type: ignore[attr-defined]
                await connection.execute(text("SELECT 1"))
    finally:
        await database.close()


async def test_behind_a_pooler_a_plan_runs_in_a_transaction(shared: Copy) -> None:
    database = Database(settings_for(shared.url, pool_size=1, transaction_pooler=True))
    try:
        for _ in range(5):
            assert await database.value("SELECT CAST(7 AS TEXT)", ()) == b"7"
    finally:
        await database.close()


async def test_a_connection_keeps_only_so_many_statements_prepared(shared: Copy) -> None:
    database = Database(settings_for(shared.url, pool_size=2))
    try:
        for number in range(600):
            assert await database.value(f"SELECT CAST({number} AS TEXT)", ()) == str(number)
        if shared.kind == "postgresql":
            kept = await database.value("SELECT count(*) FROM pg_prepared_statements", ())
            assert REMEMBERED - 1 <= kept <= REMEMBERED
    finally:
        await database.close()
