"""What happens around serving: uses of keys are written, connections closed, garbage let go."""

import gc
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from gql.app import create_app
from gql.database import Database
from gql.models.organization import ApiKey
from gql.models.scope import table_of
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
    assert app.state.database.engine.pool.checkedout() == 0

    database = Database(settings_for(fresh.url))
    async with database.engine.connect() as connection:
        counts = (await connection.execute(select(keys.c.usage_count).order_by(keys.c.id))).all()
    await database.close()
    assert counts[0] == (3,)


@pytest.fixture
def unsettled() -> Iterator[None]:
    """As a server starts: the tests settle collection before the first of them."""
    gc.unfreeze()
    yield
    gc.freeze()


@pytest.mark.usefixtures("unsettled")
async def test_what_start_up_made_is_not_collected_while_serving(fresh: Copy) -> None:
    thresholds = gc.get_threshold()
    async with running(create_app(settings_for(fresh.url))):
        during = gc.get_freeze_count()

    assert during > 0
    assert gc.get_freeze_count() == 0
    assert gc.get_threshold() == thresholds


async def test_what_was_settled_before_stays_so(fresh: Copy) -> None:
    gc.freeze()
    async with running(create_app(settings_for(fresh.url))):
        pass

    assert gc.get_freeze_count() > 0
