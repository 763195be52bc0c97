"""Alive is the process; ready is the process with a database that fits it."""

from pathlib import Path

import httpx2
import pytest

from gql.app import create_app
from gql.migrations import head
from tests.conftest import connect
from tests.databases import settings_for
from tests.live import free_port


async def test_a_migrated_database_is_ready(client: httpx2.AsyncClient) -> None:
    response = await client.get("/readyz")

    assert (response.status_code, response.json()) == (200, {"status": "ready"})
    assert response.headers["cache-control"] == "no-store"


async def test_a_database_without_tables_is_not(empty_database_url: str) -> None:
    app = create_app(settings_for(empty_database_url))
    async with connect(app) as client:
        alive, ready = await client.get("/healthz"), await client.get("/readyz")
    await app.state.database.close()

    assert (alive.status_code, alive.json()) == (200, {"status": "alive"})
    assert ready.status_code == 503
    assert ready.json() == {
        "status": "not ready",
        "detail": f"The tables are at None, not at {head()}: run `jackfield migrate`.",
    }


@pytest.mark.parametrize("kind_of_url", ["sqlite", "postgresql"])
async def test_a_database_that_is_not_there_is_not(tmp_path: Path, kind_of_url: str) -> None:
    url = f"postgresql://somebody:s3cret@127.0.0.1:{free_port()}/none"
    if kind_of_url == "sqlite":
        folder = tmp_path / "folder"
        folder.mkdir()
        url = f"sqlite:///{folder}"
    app = create_app(settings_for(url))
    async with connect(app) as client:
        alive, ready = await client.get("/healthz"), await client.get("/readyz")
    await app.state.database.close()

    assert alive.status_code == 200
    assert ready.status_code == 503
    assert ready.json() == {"status": "not ready", "detail": "The database cannot be reached."}
