"""What tests of replicas share. The statements that run here are the tests' own."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from gql.database import replicas
from tests.bound_statements import StatementLint
from tests.run_resources import RunResources
from tests.streaming_replication import Replication, replicate


@asynccontextmanager
async def replicating() -> AsyncIterator[Replication]:
    replication = await replicate()
    try:
        yield replication
    finally:
        replication.close()


@pytest.fixture(scope="session")
async def replication(run_resources: RunResources) -> Replication:
    """Servers for all tests, which leave them alive and not held back."""
    return await run_resources.get("replication", replicating)


@pytest.fixture
async def level(replication: Replication) -> Replication:
    """The same, once the replicas have all that the primary has."""
    for replica in replication.replicas:
        await replica.catch_up(replication.primary.url)
    return replication


@pytest.fixture
def no_polling(monkeypatch: pytest.MonkeyPatch) -> None:
    """The task that looks at the servers does so once, and then only when a test does."""
    monkeypatch.setattr(replicas, "INTERVAL", 3_600.0)


@pytest.fixture(autouse=True)
def _bound_statements(statement_lint: StatementLint) -> Iterator[None]:
    yield
    statement_lint.skip()
