"""Guessing passwords: alike whatever is wrong, off the event loop, and limited."""

import asyncio
import threading

import httpx2
import pytest
from argon2 import PasswordHasher, extract_parameters

from tests.databases import Copy
from tests.rest.people import EMAIL, claim, installation

REFUSED = {"detail": "Invalid email or password."}
WRONG = "wrong password!"


async def test_every_failure_gets_the_same_answer_after_the_same_work_off_the_event_loop(
    fresh: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    work: list[tuple[str, str]] = []
    verify = PasswordHasher.verify

    def watched(self: PasswordHasher, stored_hash: str | bytes, password: str | bytes) -> bool:
        work.append((threading.current_thread().name, str(extract_parameters(str(stored_hash)))))
        return verify(self, stored_hash, password)

    monkeypatch.setattr(PasswordHasher, "verify", watched)
    async with installation(fresh) as here, here.browser() as client:
        await here.add(EMAIL)
        await here.change(await here.add("gone@login.example"), is_active=False)
        await here.change(await here.add("none@login.example"), password_hash=None)
        failures = (
            claim(password=WRONG),
            claim(email="nobody@login.example"),
            claim(email="gone@login.example"),
            claim(email="none@login.example"),
            claim(organization="2"),
            claim(password=""),
            claim(email="no address"),
        )
        answers = [await client.post("/api/auth/login", json=claim) for claim in failures]

    assert [(answer.status_code, answer.json()) for answer in answers] == [(401, REFUSED)] * 7
    assert len({tuple(_stable(answer)) for answer in answers}) == 1
    assert len(work) == 7
    assert len(set(work)) == 1
    assert work[0][0].startswith("passwords")


async def test_the_sixth_guess_from_an_address_waits_there_and_nowhere_else(fresh: Copy) -> None:
    async with installation(fresh) as here:
        await here.add(EMAIL)
        for email in (EMAIL, "nobody@login.example"):
            statuses = [(await here.log_in(email, WRONG)).status_code for _ in range(6)]
            assert statuses == [401] * 5 + [429]

        locked = await here.log_in(EMAIL)
        elsewhere = await here.log_in(EMAIL, address="198.51.100.9")
        await here.add("eve@login.example")
        other = await here.log_in("eve@login.example")

    assert (locked.status_code, locked.json()) == (
        429,
        {"detail": "Too many failed logins; try again later."},
    )
    assert 890 <= int(locked.headers["retry-after"]) <= 900
    assert [elsewhere.status_code, other.status_code] == [200, 200]


async def test_guesses_at_many_accounts_behind_one_address_lock_out_none_of_the_others(
    fresh: Copy,
) -> None:
    """Behind a proxy that is not trusted, everybody has its address."""
    async with installation(fresh) as here:
        await here.add(EMAIL)
        for guess in range(40):
            await here.log_in(f"guess{guess}@login.example", WRONG)
        statuses = [(await here.log_in(EMAIL)).status_code for _ in range(2)]

    assert statuses == [200, 200]


async def test_guesses_from_many_addresses_do_not_lock_out_who_logged_in_before(
    fresh: Copy,
) -> None:
    async with installation(fresh, login_attempts_per_account=6) as here:
        await here.add(EMAIL)
        first = await here.log_in(EMAIL)
        guesses = [
            (await here.log_in(EMAIL, WRONG, address=f"198.51.100.{host}")).status_code
            for host in range(8)
        ]
        usual = await here.log_in(EMAIL)
        new = await here.log_in(EMAIL, address="203.0.113.1")
        wrong = [(await here.log_in(EMAIL, WRONG)).status_code for _ in range(6)]

    assert guesses == [401] * 6 + [429] * 2
    assert [first.status_code, usual.status_code, new.status_code] == [200, 200, 429]
    assert wrong == [401] * 5 + [429]


@pytest.mark.parametrize(
    ("one", "same", "other"),
    [
        ("192.0.2.7", "192.0.2.7", "192.0.2.8"),
        ("192.0.2.7", "::ffff:192.0.2.7", "::ffff:192.0.2.8"),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "2001:db8:0:2::1"),
        ("", "", "somewhere"),
    ],
)
async def test_one_address_may_not_guess_at_many_accounts_whatever_it_says_of_itself(
    fresh: Copy, one: str, same: str, other: str
) -> None:
    async with installation(fresh, login_attempts_per_address=2) as here:
        await here.add(EMAIL)
        for guess in range(2):
            refused = await here.log_in(f"guess{guess}@login.example", WRONG, address=one)
            assert refused.status_code == 401
        forwarded = {"X-Forwarded-For": "203.0.113.5", "Forwarded": "for=203.0.113.5"}
        again = await here.log_in(EMAIL, address=same, headers=forwarded)
        elsewhere = await here.log_in(EMAIL, address=other)

    assert (again.status_code, elsewhere.status_code) == (429, 200)


async def test_right_passwords_are_not_limited(fresh: Copy) -> None:
    async with installation(
        fresh, login_attempts=1, login_attempts_per_account=1, login_attempts_per_address=1
    ) as here:
        await here.add(EMAIL)
        statuses = [(await here.log_in(EMAIL)).status_code for _ in range(3)]

    assert statuses == [200, 200, 200]


async def test_guesses_at_once_are_limited_as_those_one_by_one(fresh: Copy) -> None:
    async with installation(fresh) as here:
        await here.add(EMAIL)
        guesses = [here.log_in(EMAIL, WRONG) for _ in range(12)]
        statuses = [answer.status_code for answer in await asyncio.gather(*guesses)]

    assert sorted(statuses) == [401] * 5 + [429] * 7


def _stable(answer: httpx2.Response) -> list[tuple[str, str]]:
    """The headers that could tell one failure from another."""
    return [(name, value) for name, value in answer.headers.items() if name != "x-request-id"]
