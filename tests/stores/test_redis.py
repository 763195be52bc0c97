"""What only Redis does: its keys, its expiry, batches, and being gone and back."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from gql.errors import Unavailable
from gql.stores.redis import SCANNED, RedisSmsSessions
from tests.redis_server import RedisServer, unused_url

ANNA = "+15559876543"


@pytest.fixture
async def sessions(own_redis: RedisServer) -> AsyncIterator[RedisSmsSessions]:
    sessions = RedisSmsSessions(own_redis.url, 86_400)
    yield sessions
    await sessions.close()


@pytest.fixture
async def redis(own_redis: RedisServer) -> AsyncIterator[Redis]:
    """Looks at what is really there."""
    async with Redis.from_url(own_redis.url, protocol=2) as redis:
        yield redis


async def test_a_session_is_one_key_that_redis_expires(
    sessions: RedisSmsSessions, redis: Redis
) -> None:
    await sessions.start(7, ANNA, 124, {"turn_count": 1})

    key = b"jackfield:{7}:sms:session:15559876543:124"
    assert await redis.keys("*") == [key]
    assert await redis.get(key) == b'{"turn_count":1}'
    assert 86_390 < await redis.ttl(key) <= 86_400


async def test_clearing_removes_in_batches_and_never_blocks(
    sessions: RedisSmsSessions, redis: Redis
) -> None:
    """SCAN and UNLINK, several of each; no KEYS, no DEL, no script; other keys stay."""
    many = 4 * SCANNED
    values = {f"jackfield:{{7}}:sms:session:1555{n}:124": "{}" for n in range(many)}
    await redis.mset(values)
    await redis.mset({"jackfield:{70}:sms:session:1:2": "{}", "else": "x"})
    await redis.config_resetstat()

    assert await sessions.count(7) == many
    assert await sessions.clear(7) == many

    commands = {
        name.removeprefix("cmdstat_"): figures["calls"]
        for name, figures in (await redis.info("commandstats")).items()
    }
    assert commands["unlink"] >= 4
    assert commands["scan"] >= 8
    assert set(commands) <= {"scan", "unlink", "config", "info", "ping", "client"}
    assert sorted(await redis.keys("*")) == [b"else", b"jackfield:{70}:sms:session:1:2"]


async def test_a_redis_that_comes_back_is_used_again(
    sessions: RedisSmsSessions, own_redis: RedisServer
) -> None:
    await sessions.start(1, ANNA, 124, {})
    own_redis.stop()
    with pytest.raises(Unavailable):
        await sessions.count(1)

    own_redis.start()

    assert await sessions.count(1) == 0
    await sessions.start(1, ANNA, 124, {"again": True})
    assert await sessions.find(1, ANNA, 124) == {"again": True}


async def test_a_restart_between_two_commands_is_not_noticed(
    sessions: RedisSmsSessions, own_redis: RedisServer
) -> None:
    """The connection of the pool is dead; the command goes out again on a new one."""
    await sessions.start(1, ANNA, 124, {})
    own_redis.stop()
    own_redis.start()

    assert await sessions.count(1) == 0


async def test_a_redis_that_hangs_is_given_up(
    sessions: RedisSmsSessions, own_redis: RedisServer
) -> None:
    await sessions.start(1, ANNA, 124, {})
    own_redis.pause()

    with pytest.raises(Unavailable):
        await sessions.count(1)


async def test_every_method_says_that_the_store_is_gone(caplog: pytest.LogCaptureFixture) -> None:
    sessions = RedisSmsSessions(unused_url(), 60)
    for attempt in (
        sessions.start(1, ANNA, 124, {}),
        sessions.find(1, ANNA, 124),
        sessions.count(1),
        sessions.end(1, ANNA, 124),
        sessions.clear(1),
        sessions.clean_up(1),
    ):
        with pytest.raises(Unavailable) as caught:
            await attempt
        assert caught.value.message == (
            "The store of SMS sessions (Redis) cannot be reached right now; try again."
        )
    await sessions.close()

    assert len(caplog.records) == 6
    assert {record.name for record in caplog.records} == {"gql.stores.redis"}


async def test_a_redis_that_refuses_is_not_there_either(
    sessions: RedisSmsSessions, redis: Redis
) -> None:
    """Full, read-only, loading: for the caller all of that is a store that cannot be used."""
    await redis.config_set("maxmemory", "1")

    with pytest.raises(Unavailable):
        await sessions.start(1, ANNA, 124, {})
