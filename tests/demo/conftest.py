"""Fixtures of the demo data: databases with tables and nothing in them, and one that is loaded."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from gql.database import Database
from gql.demo import DemoOrganization, load_demo
from gql.migrations.runner import migrate
from tests.databases import Databases, Kind, settings_for


@dataclass(frozen=True)
class Loaded:
    """A database with the small set of two organizations; tests read it only."""

    database: Database
    organizations: list[DemoOrganization]


@pytest.fixture(scope="session")
async def loaded(databases: Databases, kind: Kind) -> AsyncIterator[Loaded]:
    """Seed 1, loaded here rather than copied, because loading is what is tested."""
    url = await databases.empty(kind)
    database = Database(settings_for(url))
    await migrate(database.engine)
    yield Loaded(database, await load_demo(database))
    await database.close()
    await databases.drop(url)


@pytest.fixture
async def bare(databases: Databases, kind: Kind) -> AsyncIterator[Database]:
    """A migrated database without rows."""
    url = await databases.empty(kind)
    database = Database(settings_for(url))
    await migrate(database.engine)
    yield database
    await database.close()
    await databases.drop(url)
