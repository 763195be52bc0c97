"""Every store of SMS sessions, so that the same tests run on each, and a Redis that may stop."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from gql.database import Database
from gql.stores import SmsSessionStore, open_sms_sessions
from tests.databases import Databases, settings_for
from tests.redis_server import RedisServer

STORES = ("sqlite", "postgresql", "redis")

OpenStore = Callable[..., SmsSessionStore]
"""Opens the store once more, as another process would; its argument is the time to live."""


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> str:
    """Where the sessions are kept."""
    name: str = request.param
    return name


@pytest.fixture
async def open_store(
    store: str, databases: Databases, redis_server: RedisServer
) -> AsyncIterator[OpenStore]:
    """A maker of stores over one place, empty at first, with the organizations 1 and 2."""
    copy = await databases.copy("postgresql" if store == "postgresql" else "sqlite")
    redis: dict[str, Any] = {"redis_url": redis_server.url} if store == "redis" else {}
    async with AsyncExitStack() as opened:
        opened.push_async_callback(databases.drop, copy.url)

        def make(ttl: int = 3600) -> SmsSessionStore:
            settings = settings_for(copy.url, sms_session_ttl=ttl, **redis)
            database = Database(settings)
            opened.push_async_callback(database.close)
            sessions = open_sms_sessions(database, settings)
            opened.push_async_callback(sessions.close)
            return sessions

        yield make
        if store == "redis":
            for organization in (1, 2, 12):
                await make().clear(organization)


@pytest.fixture
def sms_sessions(open_store: OpenStore) -> SmsSessionStore:
    """The store, opened."""
    return open_store()


@pytest.fixture
def own_redis() -> Iterator[RedisServer]:
    """A server that the test may stop."""
    server = RedisServer()
    server.start()
    yield server
    server.close()
