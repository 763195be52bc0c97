"""Failed logins that processes count together in Redis."""

import asyncio
import secrets
from collections.abc import AsyncIterator

import pytest

from gql.errors import RateLimited
from gql.stores.redis_throttle import RedisThrottle
from gql.stores.throttle import Limit, ProcessThrottle
from tests.redis_server import RedisServer, unused_url

WINDOW = 900


def opened(url: str) -> RedisThrottle:
    """The throttle of one more process."""
    return RedisThrottle(url, WINDOW, WINDOW, ProcessThrottle(WINDOW, WINDOW))


@pytest.fixture
async def three(redis_server: RedisServer) -> AsyncIterator[list[RedisThrottle]]:
    """Three processes on one Redis."""
    throttles = [opened(redis_server.url) for _ in range(3)]
    yield throttles
    for throttle in throttles:
        await throttle.close()


def new_limit(most: int) -> Limit:
    return Limit(("account", secrets.token_hex(8)), most)


async def test_a_burst_over_all_processes_is_let_through_as_often_as_in_one(
    three: list[RedisThrottle],
) -> None:
    limits = [new_limit(5), new_limit(100)]

    outcomes = await asyncio.gather(
        *(each.take(limits) for each in three for _ in range(20)), return_exceptions=True
    )

    attempts = [each for each in outcomes if isinstance(each, str)]
    refusals = [each for each in outcomes if isinstance(each, RateLimited)]
    assert (len(attempts), len(set(attempts)), len(refusals)) == (5, 5, 55)
    assert all(0 < each.extensions["retry_after"] <= WINDOW for each in refusals)
    # What was refused counted against no other limit: 95 of 100 are left.
    for _ in range(95):
        await three[0].take(limits[1:])
    with pytest.raises(RateLimited):
        await three[1].take(limits[1:])


async def test_what_one_process_gives_back_another_may_take(three: list[RedisThrottle]) -> None:
    limits = [new_limit(1)]
    attempt = await three[0].take(limits)
    with pytest.raises(RateLimited):
        await three[1].take(limits)

    await three[0].give_back(limits, attempt)

    await three[1].take(limits)
    with pytest.raises(RateLimited):
        await three[0].take(limits)


async def test_where_somebody_logged_in_before_is_so_for_all(three: list[RedisThrottle]) -> None:
    pair = (secrets.token_hex(8), "192.0.2.1")
    assert not await three[1].had_login(pair)

    await three[0].note_login(pair)

    assert await three[1].had_login(pair)
    assert not await three[1].had_login((pair[0], "192.0.2.2"))


async def test_without_its_redis_each_process_counts_alone() -> None:
    throttle, limits, pair = opened(unused_url()), [new_limit(2)], ("ada", "192.0.2.1")
    await throttle.take(limits)
    attempt = await throttle.take(limits)
    with pytest.raises(RateLimited):
        await throttle.take(limits)
    await throttle.give_back(limits, attempt)
    await throttle.take(limits)

    await throttle.note_login(pair)

    assert await throttle.had_login(pair)
    assert not await throttle.had_login(("grace", "192.0.2.1"))
    await throttle.close()
