"""Fixtures of the demo data: databases with tables and nothing in them, and one that is loaded."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from gql.database import Database
from gql.demo import DemoOrganization, load_demo
from tests.databases import Databases, Kind, settings_for
from tests.run_resources import RunResources


@dataclass(frozen=True)
class Loaded:
    """A database with the small set of two organizations; tests read it only."""

    database: Database
    organizations: list[DemoOrganization]


@asynccontextmanager
async def without_rows(databases: Databases, kind: Kind) -> AsyncIterator[Database]:
    async with databases.lend(kind, seed=None) as copy:
        database = Database(settings_for(copy.url))
        yield database
        await database.close()


@asynccontextmanager
async def with_demo_data(databases: Databases, kind: Kind) -> AsyncIterator[Loaded]:
    async with without_rows(databases, kind) as database:
        yield Loaded(database, await load_demo(database))


@pytest.fixture(scope="session")
async def loaded(run_resources: RunResources, databases: Databases, kind: Kind) -> Loaded:
    """Seed 1, loaded here rather than copied, because loading is what is tested."""
    return await run_resources.get(("demo", kind), lambda: with_demo_data(databases, kind))


@pytest.fixture
async def bare(databases: Databases, kind: Kind) -> AsyncIterator[Database]:
    """A migrated database without rows."""
    async with without_rows(databases, kind) as database:
        yield database
