"""Counting attempts within a sliding window."""

import pytest

from gql.auth.throttle import Limit, Throttle
from gql.errors import RateLimited
from tests.auth.auth_app import Clock

ACCOUNT = Limit(("account", "ada"), 2)
ADDRESS = Limit(("address", "192.0.2.1"), 3)


def test_a_refused_attempt_is_not_counted_and_old_ones_are_forgotten_one_by_one() -> None:
    clock = Clock()
    throttle = Throttle(60, clock)

    throttle.take([ACCOUNT])
    clock.seconds += 30
    throttle.take([ACCOUNT])
    for waited in (0, 20):
        clock.seconds += waited
        with pytest.raises(RateLimited) as caught:
            throttle.take([ACCOUNT])
        assert caught.value.extensions == {"code": "RATE_LIMITED", "retry_after": 30 - waited}
    clock.seconds += 10
    throttle.take([ACCOUNT])
    with pytest.raises(RateLimited):
        throttle.take([ACCOUNT])


def test_an_attempt_that_one_limit_refuses_counts_against_no_other() -> None:
    throttle = Throttle(60, Clock())

    for _ in range(2):
        throttle.take([ACCOUNT, ADDRESS])
    for _ in range(5):
        with pytest.raises(RateLimited):
            throttle.take([ACCOUNT, ADDRESS])
    throttle.take([ADDRESS])
    with pytest.raises(RateLimited):
        throttle.take([ADDRESS])


def test_what_is_given_back_was_never_taken() -> None:
    throttle = Throttle(60, Clock())

    for _ in range(9):
        instant = throttle.take([ACCOUNT, ADDRESS])
        throttle.give_back([ACCOUNT, ADDRESS], instant)
    throttle.take([ACCOUNT, ADDRESS])
