"""0026 comes and goes over the rows of a full database, and indexes those that are there."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from gql.database import Database
from gql.migrations.runner import downgrade, migrate
from tests.databases import Copy, settings_for
from tests.migrations.catalog import catalog

BEFORE = "0025_graph_versions"
REVISION = "0026_full_text"
INDEXED = {
    "chat_message": "role IN ('user', 'assistant')",
    "transcript": "true",
    "call": "summary IS NOT NULL",
}


@pytest.fixture
async def changing(fresh: Copy) -> AsyncIterator[Database]:
    database = Database(settings_for(fresh.url))
    yield database
    await database.close()


async def test_indexes_come_and_go_over_rows(changing: Database) -> None:
    await downgrade(changing.engine, REVISION)
    new = await catalog(changing)
    words = await _indexed(changing)
    await downgrade(changing.engine, BEFORE)
    old = await catalog(changing)
    await migrate(changing.engine, REVISION)

    assert new == await catalog(changing)
    assert {name for _, name in new.keys() - old.keys()} == (
        {f"{name}_words_{action}" for name in INDEXED for action in ("insert", "update", "delete")}
        if changing.embedded
        else {f"ix_{name}_words" for name in INDEXED}
    )
    assert words == await _indexed(changing)
    assert words["chat_message"] > 0


async def _indexed(database: Database) -> dict[str, int]:
    """How many rows each index has; on SQLite that is counted in the index."""
    async with database.engine.connect() as connection:
        numbers = {}
        for name, condition in INDEXED.items():
            rows = f"SELECT count(*) FROM {name} WHERE {condition}"  # noqa: S608 -- ours
            numbers[name] = await connection.scalar(text(rows))
            if database.embedded:
                words = f"SELECT count(*) FROM {name}_words WHERE {name}_words MATCH 'owner:o*'"  # noqa: S608 -- ours
                assert await connection.scalar(text(words)) == numbers[name]
    return numbers
