"""0025 comes and goes over the rows of a full database."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import text

from gql.database import Database
from gql.migrations.runner import downgrade, migrate
from tests.databases import Copy, settings_for
from tests.migrations.catalog import catalog

BEFORE = "0024_events"
REVISION = "0025_graph_versions"


@pytest.fixture
async def changing(fresh: Copy) -> AsyncIterator[Database]:
    database = Database(settings_for(fresh.url))
    yield database
    await database.close()


async def test_versions_come_and_go_over_rows(changing: Database) -> None:
    sessions = await _sessions(changing)
    await downgrade(changing.engine, BEFORE)
    old = await catalog(changing)

    await migrate(changing.engine, REVISION)
    new = await catalog(changing)

    assert sessions != []
    # Nobody knows any more on which version a session started.
    assert await _sessions(changing) == [(key, sid, None) for key, sid, _ in sessions]
    async with changing.transaction() as connection:
        version = await connection.scalar(
            text(
                "INSERT INTO graph_version (organization_id, graph_id, version, structure,"
                " replaced_at) VALUES (1, 1, 1, '{}', '2026-11-28 10:00:00.000000')"
                " RETURNING version"
            )
        )
    assert version == 1
    await downgrade(changing.engine, BEFORE)
    assert await catalog(changing) == old
    await migrate(changing.engine, REVISION)
    assert await catalog(changing) == new


async def _sessions(database: Database) -> list[Any]:
    columns = "SELECT id, call_sid, graph_version FROM graph_session ORDER BY id"
    async with database.engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(text(columns))]
