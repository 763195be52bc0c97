"""What happens around serving: uses of keys are written, connections closed, garbage let go."""

import gc
import sys
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from gql.app import composition, create_app
from gql.app.frozen_heap import THRESHOLDS, FrozenHeap
from gql.database import Database
from gql.models.organization import ApiKey
from gql.models.scope import table_of
from gql.thread_switches import SECONDS
from tests.conftest import bearer, connect
from tests.databases import Copy, settings_for
from tests.lifespan import running

keys = table_of(ApiKey)


async def test_the_uses_of_a_key_are_written_before_the_end(fresh: Copy) -> None:
    app = create_app(settings_for(fresh.url))
    async with running(app), connect(app) as client:
        for _ in range(3):
            body = {"query": "{ viewer { method } }"}
            headers = bearer(fresh.organizations[0])
            assert (await client.post("/graphql", json=body, headers=headers)).status_code == 200
        assert await _use_counts(fresh) == [0]
    assert app.state.database.engine.pool.checkedout() == 0
    assert await _use_counts(fresh) == [3]


async def _use_counts(copy: Copy) -> list[int]:
    """How often the first key was used, as it is written."""
    database = Database(settings_for(copy.url))
    statement = select(keys.c.usage_count).order_by(keys.c.id).limit(1)
    async with database.engine.connect() as connection:
        counts = list((await connection.execute(statement)).scalars())
    await database.close()
    return counts


async def test_threads_of_the_database_wait_little_for_the_event_loop(
    fresh: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    intervals: list[float] = [0.005]
    monkeypatch.setattr(sys, "setswitchinterval", intervals.append)
    monkeypatch.setattr(sys, "getswitchinterval", lambda: intervals[-1])

    async with running(create_app(settings_for(fresh.url))):
        pass

    assert intervals == [0.005, SECONDS]


@pytest.fixture
def unfrozen() -> Iterator[None]:
    """As a process starts: the tests freeze the heap before the first application."""
    thresholds = gc.get_threshold()
    gc.unfreeze()
    gc.set_threshold(700, 10, 10)
    yield
    gc.freeze()
    gc.set_threshold(*thresholds)


@pytest.mark.usefixtures("unfrozen")
async def test_what_start_up_allocated_is_not_collected_while_serving(
    fresh: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(composition, "FROZEN_HEAP", FrozenHeap())
    async with running(create_app(settings_for(fresh.url))):
        assert gc.get_freeze_count() > 0
        assert gc.get_threshold() == THRESHOLDS

    assert gc.get_freeze_count() == 0
    assert gc.get_threshold() == (700, 10, 10)


@pytest.mark.usefixtures("unfrozen")
def test_the_heap_is_frozen_from_the_first_application_to_the_last() -> None:
    heap = FrozenHeap()
    first, second = heap.hold(), heap.hold()

    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert gc.get_freeze_count() > 0

    second.__exit__(None, None, None)
    assert gc.get_freeze_count() == 0
    assert gc.get_threshold() == (700, 10, 10)
