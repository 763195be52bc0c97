"""Verified and refused credentials are cached, and looked up once for concurrent requests."""

import asyncio

import pytest

from gql.auth.credential import Verified
from gql.auth.credential_cache import MAX_REFUSED, MAX_VERIFIED, CredentialCache
from gql.errors import Unauthenticated, Unavailable
from gql.identity import Identity, Method
from tests.auth.auth_app import READ_WRITE, Clock

KEY = ("api_key", b"hash")
GOOD_ANSWER = Verified(Identity(1, Method.API_KEY, READ_WRITE), "Northwind")


class Lookup:
    """A lookup that counts its calls."""

    def __init__(self, answer: Verified | Exception = GOOD_ANSWER) -> None:
        self.answer = answer
        self.calls = 0
        self.started = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()

    async def wait_for_call(self) -> None:
        """Wait until the lookup is on its way."""
        await self.started.wait()

    async def __call__(self) -> Verified:
        self.calls += 1
        self.started.set()
        await self.gate.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


async def test_the_seconds_count_from_before_the_question() -> None:
    clock, lookup = Clock(), Lookup()
    cache = CredentialCache(5, clock)
    lookup.gate.clear()
    first = asyncio.create_task(cache.verify(KEY, lookup))
    await lookup.wait_for_call()
    clock.seconds += 4
    lookup.gate.set()
    await first

    clock.seconds += 0.9
    await cache.verify(KEY, lookup)
    assert lookup.calls == 1
    clock.seconds += 0.1
    await cache.verify(KEY, lookup)
    assert lookup.calls == 2


async def test_a_credential_that_ends_sooner_is_remembered_no_longer() -> None:
    clock = Clock()
    lookup = Lookup(Verified(GOOD_ANSWER.identity, "Northwind", seconds=1))
    cache = CredentialCache(5, clock)

    await cache.verify(KEY, lookup)
    clock.seconds += 1
    await cache.verify(KEY, lookup)

    assert lookup.calls == 2


async def test_a_bad_credential_is_asked_for_once_in_five_seconds() -> None:
    clock, lookup = Clock(), Lookup(Unauthenticated("Invalid API key"))
    cache = CredentialCache(5, clock)

    for _ in range(3):
        with pytest.raises(Unauthenticated, match="Invalid API key"):
            await cache.verify(KEY, lookup)
    assert lookup.calls == 1
    clock.seconds += 5
    with pytest.raises(Unauthenticated):
        await cache.verify(KEY, lookup)
    assert lookup.calls == 2


async def test_a_flood_of_bad_credentials_grows_nothing_and_pushes_out_no_good_one() -> None:
    cache, good = CredentialCache(5, Clock()), Lookup()
    await cache.verify(KEY, good)
    bad = Lookup(Unauthenticated("no"))

    for number in range(MAX_REFUSED * 3):
        with pytest.raises(Unauthenticated):
            await cache.verify(("api_key", b"%d" % number), bad)
    await cache.verify(KEY, good)

    assert (len(cache), good.calls) == (MAX_REFUSED + 1, 1)


async def test_good_credentials_are_bounded_too() -> None:
    cache, lookup = CredentialCache(5, Clock()), Lookup()

    for number in range(MAX_VERIFIED + 10):
        await cache.verify(("api_key", b"%d" % number), lookup)

    assert len(cache) == MAX_VERIFIED


async def test_an_unreachable_database_is_reported_to_all_and_not_remembered() -> None:
    cache, lookup = CredentialCache(5, Clock()), Lookup(Unavailable("down"))

    answers = await asyncio.gather(
        *(cache.verify(KEY, lookup) for _ in range(5)), return_exceptions=True
    )
    assert ([type(answer) for answer in answers], lookup.calls) == ([Unavailable] * 5, 1)

    lookup.answer = GOOD_ANSWER
    assert await cache.verify(KEY, lookup) is GOOD_ANSWER


async def test_a_caller_that_goes_away_leaves_the_answer_to_the_others() -> None:
    cache, lookup = CredentialCache(5, Clock()), Lookup()
    lookup.gate.clear()
    first = asyncio.create_task(cache.verify(KEY, lookup))
    second = asyncio.create_task(cache.verify(KEY, lookup))
    await lookup.wait_for_call()

    first.cancel()
    lookup.gate.set()

    assert await second is GOOD_ANSWER
    assert lookup.calls == 1
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_the_same_secret_under_another_method_is_another_credential() -> None:
    cache = CredentialCache(5, Clock())
    await cache.verify(("api_key", b"hash"), Lookup())
    other = Lookup(Unauthenticated("not a cookie"))

    with pytest.raises(Unauthenticated, match="not a cookie"):
        await cache.verify(("dashboard", b"hash"), other)


async def test_what_is_forgotten_is_verified_anew_and_a_lookup_that_ran_then_is_not_cached() -> (
    None
):
    cache, lookup = CredentialCache(5, Clock()), Lookup()
    other = ("api_key", b"of another organization")
    elsewhere = Lookup(Verified(Identity(2, Method.API_KEY, READ_WRITE), "Contoso"))
    await cache.verify(other, elsewhere)
    lookup.gate.clear()
    before = asyncio.create_task(cache.verify(KEY, lookup))
    await lookup.wait_for_call()

    cache.forget(1)
    after = asyncio.create_task(cache.verify(KEY, lookup))
    lookup.gate.set()
    await asyncio.gather(before, after)

    assert lookup.calls == 2
    await cache.verify(KEY, lookup)
    await cache.verify(other, elsewhere)
    assert (lookup.calls, elsewhere.calls) == (2, 1)
    cache.forget(None)
    await cache.verify(other, elsewhere)
    assert elsewhere.calls == 2
