"""Windows of quotas, in one process and in several that share a Redis."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from redis.asyncio import Redis

from gql.errors import RateLimited
from gql.stores.rate_limits import RateLimits
from gql.stores.redis_totals import RedisTotals
from tests.auth.auth_app import Clock
from tests.databases import settings_for
from tests.redis_server import RedisServer

URL = "sqlite:///nowhere.db"


@pytest.fixture
async def process(own_redis: RedisServer) -> AsyncIterator[Callable[[], "Process"]]:
    """Opens another one of two processes, whose organizations may use 100 requests in a minute."""
    processes: list[Process] = []

    def open_process() -> Process:
        processes.append(Process(own_redis.url))
        return processes[-1]

    yield open_process
    for each in processes:
        await each.limits.close()


class Process:
    """What one process counts for organization 7; it sends only when it is told to."""

    def __init__(self, url: str) -> None:
        self.totals = _SentByHand(url)
        settings = settings_for(
            URL, workers=2, redis_url=url, rate_limit_requests=100, rate_limit_points=0
        )
        self.limits = RateLimits(settings, self.totals)
        self.allowance = self.limits.allowance(7, None)
        (limit,) = self.allowance.limits
        self.window = limit.window

    def use(self, requests: int) -> int:
        """How many of these requests are let through."""
        passed = 0
        for _ in range(requests):
            try:
                self.allowance.use_request()
            except RateLimited:
                continue
            passed += 1
        return passed

    @property
    def remaining(self) -> int:
        return self.window.remaining(self.allowance.now())


class _SentByHand(RedisTotals):
    async def _run(self) -> None:
        await asyncio.Event().wait()


def test_a_window_begins_with_its_first_use_and_all_is_free_when_it_ends() -> None:
    clock = Clock()
    limits = RateLimits(settings_for(URL, rate_limit_requests=2, rate_limit_points=0), timer=clock)
    allowance = limits.allowance(7, None)

    clock.seconds += 30
    allowance.use_request()
    clock.seconds += 50
    limits.allowance(7, None).use_request()  # another credential of the same organization
    limits.allowance(8, None).use_request()
    with pytest.raises(RateLimited) as caught:
        allowance.use_request()
    assert caught.value.extensions == {"code": "RATE_LIMITED", "retry_after": 10}
    clock.seconds += 10
    allowance.use_request()
    allowance.use_request()
    with pytest.raises(RateLimited):
        allowance.use_request()


def test_a_request_that_one_quota_refuses_counts_against_no_other() -> None:
    settings = settings_for(URL, rate_limit_requests=5, rate_limit_points=0)
    limits = RateLimits(settings, timer=Clock())
    narrow = limits.allowance(7, 3, ((3, {"requests_per_minute": 2}),))
    wide = limits.allowance(7, None)

    for _ in range(2):
        narrow.use_request()
    for _ in range(9):
        with pytest.raises(RateLimited):
            narrow.use_request()
    for _ in range(3):
        wide.use_request()
    with pytest.raises(RateLimited):
        wide.use_request()
    assert limits.over == {"key-requests": 9, "requests": 1}


def test_windows_that_nobody_uses_are_forgotten_and_others_are_not() -> None:
    clock = Clock()
    settings = settings_for(URL, rate_limit_requests=2, rate_limit_points=0)
    limits = RateLimits(settings, timer=clock)
    for organization_id in range(100):
        limits.allowance(organization_id, None).use_request()
    day = limits.allowance(200, 3, ((3, {"requests_per_day": 1}),))
    day.use_request()

    clock.seconds += 200
    limits.allowance(7, None)
    assert len(limits) == 2  # of the day, and the new one
    with pytest.raises(RateLimited):
        limits.allowance(200, 3, ((3, {"requests_per_day": 1}),)).use_request()


def test_processes_that_share_nothing_have_a_part_each() -> None:
    settings = settings_for(URL, rate_limit_requests=10, rate_limit_points=0, workers=4)
    allowance = RateLimits(settings, timer=Clock()).allowance(7, None)

    allowance.use_request()
    allowance.use_request()
    with pytest.raises(RateLimited):
        allowance.use_request()


async def test_processes_add_up_what_they_use(
    process: Callable[[], Process], own_redis: RedisServer
) -> None:
    first, second = process(), process()
    assert first.use(60) == 60
    await first.totals.synchronize()
    assert second.use(1) == 1
    await second.totals.synchronize()

    assert (first.remaining, second.remaining) == (40, 39)
    assert second.use(50) == 39
    await second.totals.synchronize()
    assert first.use(1) == 1  # it has not asked since
    await first.totals.synchronize()
    assert first.use(1) == 0
    key = "jackfield:{7}:rate:organization:requests:60"
    async with Redis.from_url(own_redis.url, protocol=2) as redis:
        assert await redis.keys("*") == [key.encode()]
        assert await redis.get(key) == b"101"
        assert 0 < await redis.ttl(key) <= 60


def test_what_was_counted_before_is_a_part_of_what_an_operation_costs() -> None:
    clock = Clock()
    settings = settings_for(URL, rate_limit_requests=0, rate_limit_points=100)
    allowance = RateLimits(settings, timer=clock).allowance(7, None)
    (limit,) = allowance.limits
    left: list[int] = []
    for price in (40, 100, 500):
        clock.seconds += 60
        allowance.use_points(1)
        allowance.use_points(price, used_before=1)
        left.append(limit.window.remaining(clock()))
    clock.seconds += 60
    allowance.use_points(2)
    with pytest.raises(RateLimited):
        allowance.use_points(100, used_before=1)

    assert left == [60, 0, -400]
    assert limit.window.remaining(clock()) == 98


async def test_without_redis_each_process_has_a_part_until_it_is_back(
    process: Callable[[], Process], own_redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    first = process()
    assert first.use(30) == 30
    await first.totals.synchronize()
    own_redis.stop()
    assert first.use(10) == 10
    await first.totals.synchronize()
    await first.totals.synchronize()

    assert first.use(30) == 10  # half of the quota is 50, and 40 were used
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    own_redis.start()
    await first.totals.synchronize()
    assert first.remaining == 80  # it forgot the first 30, and learnt of 20
    assert first.use(90) == 80


async def test_what_was_counted_is_sent_in_the_background_and_at_the_end(
    own_redis: RedisServer,
) -> None:
    settings = settings_for(URL, redis_url=own_redis.url, rate_limit_requests=100)
    totals = RedisTotals(own_redis.url)
    limits = RateLimits(settings, totals)
    allowance = limits.allowance(7, None)
    async with Redis.from_url(own_redis.url, protocol=2) as redis:
        allowance.use_request()
        while await redis.get("jackfield:{7}:rate:organization:requests:60") != b"1":  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        allowance.use_request()
        allowance.use_points(40)
        await limits.close()

        assert await redis.get("jackfield:{7}:rate:organization:requests:60") == b"2"
        assert await redis.get("jackfield:{7}:rate:organization:points:60") == b"40"
