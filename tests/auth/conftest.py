"""Fixtures of this folder: a database per kind to write in, and a small application on it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.auth.auth_app import AuthApp, new_auth_app
from tests.databases import Databases, Kind
from tests.run_resources import RunResources


@pytest.fixture(scope="session")
async def auth_database_url(run_resources: RunResources, databases: Databases, kind: Kind) -> str:
    """A database of this folder; its tests share it and make organizations of their own."""
    copy = await run_resources.get(("auth", kind), lambda: databases.lend(kind, seed=None))
    return copy.url


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
