"""Fixtures of this folder: one database per kind to write in, and a house with one organization."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gql.database import Database
from gql.migrations.runner import migrate
from tests.auth.house import House, new_house
from tests.databases import Databases, Kind, settings_for


@pytest.fixture(scope="session")
async def house_url(databases: Databases, kind: Kind) -> AsyncIterator[str]:
    """A database of this folder; its tests share it and make organizations of their own."""
    url = await databases.empty(kind)
    database = Database(settings_for(url))
    await migrate(database.engine)
    await database.close()
    yield url
    await databases.drop(url)


@pytest.fixture
async def house(house_url: str) -> AsyncIterator[House]:
    """An organization with a person and a key, and an application that guards them."""
    house = await new_house(house_url)
    yield house
    await house.close()


@pytest.fixture
def jwks(tmp_path: Path) -> Path:
    """Where a JWKS file may be written."""
    return tmp_path / "jwks.json"
