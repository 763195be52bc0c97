"""Whoever logs out is out in every process: a stolen cookie or token of the login is refused."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx2
import pytest
from sqlalchemy import func, select, update

from gql.accounts.api_keys import issue_key
from gql.auth.bearer import issue_token
from gql.auth.credential_source import COOKIE
from gql.database import Database
from gql.errors import DatabaseUnavailable
from gql.identity import Permission
from gql.models.ended_login import EndedLogin
from gql.models.scope import table_of
from gql.models.types import now
from tests.databases import Copy
from tests.rest.people import EMAIL, Installation, claim, installation, token_header
from tests.statements import count

INFO = "/api/auth/session/info"
SAME_SITE = {"X-Requested-With": "jackfield"}
ENDED = table_of(EndedLogin)


@asynccontextmanager
async def logged_in(
    here: Installation, *, by: str = "password"
) -> AsyncIterator[tuple[httpx2.AsyncClient, str, str]]:
    """A browser that logged in, its cookie, and the token; the text is empty without one."""
    async with here.browser() as client:
        if by == "password":
            answer = await client.post("/api/auth/login", json=claim())
            token = answer.json()["access_token"]
        else:
            _, key = await issue_key(
                here.database, 1, name="k", permissions={Permission.READ}, user_id=1
            )
            answer, token = await client.post("/auth/login", json={"api_key": key}), ""
        assert answer.status_code == 200
        yield client, client.cookies[COOKIE], token


async def status(here: Installation, cookie: str = "", token: str = "") -> int:
    """What a thief of a cookie or a token is answered."""
    headers = token_header(token) if token else {"Cookie": f"{COOKIE}={cookie}"}
    async with here.browser("203.0.113.66") as thief:
        return (await thief.get(INFO, headers=headers)).status_code


@pytest.mark.parametrize("by", ["password", "key"])
async def test_a_cookie_is_refused_in_every_process_after_its_login_was_ended(
    fresh: Copy, by: str
) -> None:
    async with installation(fresh) as here, installation(fresh) as other:
        await here.add(EMAIL)
        async with logged_in(here, by=by) as (client, cookie, token):
            before = [await status(each, cookie) for each in (here, other)]
            answer = await client.post("/auth/logout", headers=SAME_SITE)
            after = [await status(each, cookie) for each in (here, other)]
            by_token = [await status(each, token=token) for each in (here, other) if token]
            again = await client.post("/api/auth/login", json=claim())

    assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert before == [200, 200]
    assert after == [401, 401]
    assert by_token == ([401, 401] if by == "password" else [])
    assert again.status_code == 200


async def test_a_cached_cookie_is_refused_at_once_where_it_was_logged_out(fresh: Copy) -> None:
    async with installation(fresh, credential_ttl=5) as here:
        await here.add(EMAIL)
        async with logged_in(here) as (client, cookie, _):
            before = await status(here, cookie)
            await client.post("/auth/logout", headers=SAME_SITE)
            after = await status(here, cookie)

    assert [before, after] == [200, 401]


async def test_a_token_of_a_login_ends_it_without_a_cookie(fresh: Copy) -> None:
    async with installation(fresh) as here:
        await here.add(EMAIL)
        async with logged_in(here) as (client, cookie, token):
            client.cookies.clear()
            answer = await client.post("/auth/logout", headers=token_header(token))
            after = [await status(here, cookie), await status(here, token=token)]

    assert (answer.status_code, after) == (200, [401, 401])


async def test_a_cookie_beside_an_api_key_and_each_of_two_cookies_is_ended(fresh: Copy) -> None:
    async with installation(fresh) as here, here.browser() as client:
        await here.add(EMAIL)
        cookies = []
        for _ in range(3):
            async with logged_in(here) as (_, cookie, _):
                cookies.append(cookie)
        _, key = await issue_key(here.database, 1, name="k", permissions={Permission.READ})
        beside = {"Cookie": f"{COOKIE}={cookies[0]}", **token_header(key), **SAME_SITE}
        both = {"Cookie": f"{COOKIE}={cookies[1]}; {COOKIE}={cookies[2]}", **SAME_SITE}
        answers = [await client.post("/auth/logout", headers=each) for each in (beside, both)]
        after = [await status(here, cookie) for cookie in cookies]
        of_key = await status(here, token=key)

    assert [answer.status_code for answer in answers] == [200, 200]
    assert after == [401] * 3
    assert of_key == 200


async def test_other_logins_go_on(fresh: Copy) -> None:
    async with installation(fresh) as here:
        await here.add(EMAIL)
        async with logged_in(here) as (client, _, _), logged_in(here) as (_, other, other_token):
            await client.post("/auth/logout", headers=SAME_SITE)
            after = [await status(here, other), await status(here, token=other_token)]

    assert after == [200, 200]


async def test_nothing_is_stored_for_what_is_no_login_and_once_for_what_is(fresh: Copy) -> None:
    async with installation(fresh) as here, here.browser() as stranger:
        await here.add(EMAIL)
        forged = {"Cookie": f"{COOKIE}=stale", **SAME_SITE}
        token = token_header(issue_token(here.app.state.settings, 1, user_id=1))
        statuses = [
            (await stranger.post("/auth/logout", headers=each)).status_code
            for each in (forged, token, {}, {"Authorization": "Basic abc"})
        ]
        none = await _stored(here)
        async with logged_in(here) as (_, cookie, _):
            own = {"Cookie": f"{COOKIE}={cookie}", **SAME_SITE}
            for _ in range(3):
                await stranger.post("/auth/logout", headers=own)
        once = await _stored(here)

    assert statuses == [200] * 4
    assert (none, once) == (0, 1)


async def test_ended_logins_are_forgotten_when_they_would_have_expired(fresh: Copy) -> None:
    async with installation(fresh) as here:
        await here.add(EMAIL)
        for _ in range(3):
            async with logged_in(here) as (client, _, _):
                await client.post("/auth/logout", headers=SAME_SITE)
        async with here.database.transaction() as connection:
            past = now() - timedelta(seconds=1)
            await connection.execute(update(ENDED).values(expires_at=past))
        async with logged_in(here) as (client, _, _):
            await client.post("/auth/logout", headers=SAME_SITE)
        stored = await _stored(here)

    assert stored == 1


async def test_a_login_that_cannot_be_ended_is_not_said_to_be(
    fresh: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cookie stays, so that the browser can try again."""

    def refuse(_database: Database) -> None:
        raise DatabaseUnavailable("The database is out of reach.")

    async with installation(fresh) as here:
        await here.add(EMAIL)
        async with logged_in(here) as (client, cookie, _):
            with monkeypatch.context() as out_of_reach:
                out_of_reach.setattr(Database, "transaction", refuse)
                failed = await client.post("/auth/logout", headers=SAME_SITE)
            still = await status(here, cookie)
            answer = await client.post("/auth/logout", headers=SAME_SITE)
            after = await status(here, cookie)

    assert (failed.status_code, answer.status_code) == (503, 200)
    assert "retry-after" in failed.headers
    assert "set-cookie" not in failed.headers
    assert [still, after] == [200, 401]


async def test_a_cookie_and_a_token_are_verified_by_one_statement_each(fresh: Copy) -> None:
    async with installation(fresh) as here:
        await here.add(EMAIL)
        async with logged_in(here) as (_, cookie, token):
            with count(here.log) as by_cookie:
                await status(here, cookie)
            with count(here.log) as by_token:
                await status(here, token=token)

    verifying = [text for text in by_cookie.texts + by_token.texts if "ended_login" in text]
    assert len(verifying) == 2


async def _stored(here: Installation) -> int:
    async with here.database.engine.connect() as connection:
        stored = await connection.scalar(select(func.count()).select_from(ENDED))
        return int(stored or 0)
