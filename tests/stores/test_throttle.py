"""Counting attempts within a sliding window."""

import pytest

from gql.errors import RateLimited
from gql.stores.throttle import Limit, ProcessThrottle
from tests.auth.auth_app import Clock

ACCOUNT = Limit(("account", "ada"), 2)
ADDRESS = Limit(("address", "192.0.2.1"), 3)


async def test_a_refused_attempt_is_not_counted_and_old_ones_are_forgotten_one_by_one() -> None:
    clock = Clock()
    throttle = ProcessThrottle(60, 60, clock)

    await throttle.take([ACCOUNT])
    clock.seconds += 30
    await throttle.take([ACCOUNT])
    for waited in (0, 20):
        clock.seconds += waited
        with pytest.raises(RateLimited) as caught:
            await throttle.take([ACCOUNT])
        assert caught.value.extensions == {"code": "RATE_LIMITED", "retry_after": 30 - waited}
    clock.seconds += 10
    await throttle.take([ACCOUNT])
    with pytest.raises(RateLimited):
        await throttle.take([ACCOUNT])


async def test_an_attempt_that_one_limit_refuses_counts_against_no_other() -> None:
    throttle = ProcessThrottle(60, 60, Clock())

    for _ in range(2):
        await throttle.take([ACCOUNT, ADDRESS])
    for _ in range(5):
        with pytest.raises(RateLimited):
            await throttle.take([ACCOUNT, ADDRESS])
    await throttle.take([ADDRESS])
    with pytest.raises(RateLimited):
        await throttle.take([ADDRESS])


async def test_what_is_given_back_was_never_taken() -> None:
    throttle = ProcessThrottle(60, 60, Clock())

    for _ in range(9):
        instant = await throttle.take([ACCOUNT, ADDRESS])
        await throttle.give_back([ACCOUNT, ADDRESS], instant)
    await throttle.take([ACCOUNT, ADDRESS])
