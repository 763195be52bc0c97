"""Fixtures of this folder: a database per kind to write in, and a small application on it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gql.database import Database
from gql.migrations.runner import migrate
from tests.auth.auth_app import AuthApp, new_auth_app
from tests.databases import Databases, Kind, settings_for


@pytest.fixture(scope="session")
async def auth_database_url(databases: Databases, kind: Kind) -> AsyncIterator[str]:
    """A database of this folder; its tests share it and make organizations of their own."""
    url = await databases.empty(kind)
    database = Database(settings_for(url))
    await migrate(database.engine)
    await database.close()
    yield url
    await databases.drop(url)


@pytest.fixture
async def auth_app(auth_database_url: str) -> AsyncIterator[AuthApp]:
    """An organization with a person and a key, and an application that guards them."""
    auth_app = await new_auth_app(auth_database_url)
    yield auth_app
    await auth_app.close()


@pytest.fixture
def jwks(tmp_path: Path) -> Path:
    """Where a JWKS file may be written."""
    return tmp_path / "jwks.json"
