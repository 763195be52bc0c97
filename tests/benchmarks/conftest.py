"""A database as the benchmark wants it: a copy of the tests' own, on either kind."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from benchmarks.target import Target
from tests.databases import Databases, Kind


@pytest.fixture
async def target(databases: Databases, kind: Kind) -> AsyncIterator[Target]:
    copy = await databases.copy(kind)
    folder = None if kind == "sqlite" else Path(databases.folder / "pg")
    first, second = copy.organizations
    yield Target(copy.url, first.api_key, second.api_key, folder)
    await databases.drop(copy.url)
