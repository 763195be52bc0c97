"""The application that requests are explained on."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from tests.conftest import connect
from tests.databases import Databases, Kind
from tests.explained.explained_app import Explained, many_rows
from tests.run_resources import RunResources


@pytest.fixture(scope="session")
async def explained(run_resources: RunResources, databases: Databases, kind: Kind) -> Explained:
    """The application of this kind of database."""
    return await run_resources.get(("explained", kind), lambda: many_rows(databases, kind))


@pytest.fixture
async def client(explained: Explained) -> AsyncIterator[httpx2.AsyncClient]:
    async with connect(explained.app) as client:
        yield client
