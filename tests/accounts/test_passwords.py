"""Passwords: kept as argon2, checked one after another, and not without end."""

import asyncio
import unicodedata

import pytest
from argon2 import extract_parameters

from gql.accounts import passwords as passwords_module
from gql.accounts.passwords import LONGEST, MOST_WAITING, SHORTEST, Passwords, stamp_of
from gql.errors import BadInput, RateLimited
from tests.conftest import PRODUCTION_HASHER

PASSWORD = "Zoë's pass phrase"


async def test_what_is_kept_is_argon2id_with_a_salt_of_its_own() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords_module, "HASHER", PRODUCTION_HASHER)
        one, other = [await Passwords().hash(PASSWORD) for _ in range(2)]

    cost = extract_parameters(one)
    assert (cost.type.name, cost.memory_cost, cost.time_cost, cost.parallelism) == (
        "ID",
        65_536,
        2,
        1,
    )
    assert one != other
    assert PASSWORD not in one + other


async def test_a_password_matches_itself_however_its_accents_are_typed() -> None:
    passwords = Passwords()
    stored_hash = await passwords.hash(PASSWORD)
    guesses = (PASSWORD, unicodedata.normalize("NFD", PASSWORD), PASSWORD.lower(), "", "\ud800")

    assert [await passwords.match(guess, stored_hash) for guess in guesses] == [
        True,
        True,
        False,
        False,
        False,
    ]


@pytest.mark.parametrize(
    "stored_hash", [None, "", "plain text", "$2b$12$abcdefghijklmnopqrstuv", "é"]
)
async def test_nothing_matches_what_is_no_hash(stored_hash: str | None) -> None:
    assert not await Passwords().match(PASSWORD, stored_hash)


@pytest.mark.parametrize("password", ["", "x" * (SHORTEST - 1), "x" * (LONGEST + 1), "\ud800" * 20])
async def test_a_password_that_cannot_be_one_is_refused(password: str) -> None:
    with pytest.raises(BadInput, match="A password"):
        await Passwords().hash(password)


async def test_a_flood_is_turned_away_and_whoever_goes_leaves_their_place() -> None:
    passwords = Passwords()
    flood = [passwords.match("guess", None) for _ in range(MOST_WAITING + 3)]
    answers = await asyncio.gather(*flood, return_exceptions=True)

    refused = [answer for answer in answers if isinstance(answer, RateLimited)]
    assert (answers.count(False), len(refused)) == (MOST_WAITING, 3)
    assert refused[0].extensions == {"code": "RATE_LIMITED", "retry_after": 1}

    cancelled = asyncio.ensure_future(passwords.match("guess", None))
    await asyncio.sleep(0)
    cancelled.cancel()
    again = [passwords.match("guess", None) for _ in range(MOST_WAITING - 1)]
    assert await asyncio.gather(*again) == [False] * (MOST_WAITING - 1)


def test_a_stamp_changes_with_the_password_and_shows_nothing_of_it() -> None:
    hashes = ["$argon2id$v=19$one", "$argon2id$v=19$two", None]
    stamps = {stamp_of(each) for each in hashes}

    assert len(stamps) == 3
    assert {len(stamp) for stamp in stamps} == {32}
