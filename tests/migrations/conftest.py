"""Fixtures of the migrations: more than one empty database per test."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from gql.database import Database
from tests.databases import Databases, Kind, settings_for

EmptyDatabase = Callable[[], Awaitable[Database]]
"""Makes another database without tables, of the same kind, at each call."""


@pytest.fixture
async def empty_database(databases: Databases, kind: Kind) -> AsyncIterator[EmptyDatabase]:
    """A maker of databases without tables, which are closed and dropped after the test."""
    opened: list[tuple[str, Database]] = []

    async def make() -> Database:
        url = await databases.empty(kind)
        database = Database(settings_for(url))
        opened.append((url, database))
        return database

    yield make
    for url, database in opened:
        await database.close()
        await databases.drop(url)
