"""How long a login lasts, and who cannot make use of it."""

import httpx2
import pytest

from gql.accounts.passwords import Passwords
from gql.accounts.people import Person, set_password
from gql.auth.csrf import OTHER_SITE
from tests.databases import Copy
from tests.rest.people import EMAIL, Installation, claim, installation, token_header

SAME_SITE = {"X-Requested-With": "jackfield"}


@pytest.mark.parametrize("change", ["password", "no password", "deactivated"])
async def test_a_login_ends_with_the_password_and_the_person(fresh: Copy, change: str) -> None:
    async with installation(fresh) as here, here.browser() as client:
        ada = await here.add(EMAIL)
        token = (await client.post("/api/auth/login", json=claim())).json()["access_token"]
        before = await _whoami(client, token)
        await _shut_out(here, ada, change)
        after = await _whoami(client, token)

    assert [answer.status_code for answer in before] == [200, 200]
    assert [(answer.status_code, answer.json()) for answer in after] == [
        (401, {"detail": "The dashboard login has ended. Log in again."}),
        (401, {"detail": "Invalid bearer token: the login has ended. Log in again."}),
    ]


async def test_an_administrator_who_is_one_no_longer_loses_that_in_running_logins(
    fresh: Copy,
) -> None:
    async with installation(fresh) as here, here.browser() as client:
        ada = await here.add(EMAIL, admin=True)
        token = (await client.post("/api/auth/login", json=claim())).json()["access_token"]
        await here.change(ada, is_admin=False)
        infos = await _whoami(client, token)

    assert [info.json()["permissions"] for info in infos] == [["read", "write"]] * 2


async def test_another_site_cannot_log_its_visitors_in(fresh: Copy) -> None:
    async with installation(fresh) as here:
        await here.add(EMAIL)
        response = await here.log_in(EMAIL, headers={"Origin": "http://evil.test", **SAME_SITE})

    assert (response.status_code, response.json()) == (
        403,
        {"detail": OTHER_SITE},
    )
    assert "set-cookie" not in response.headers


async def test_a_change_with_the_cookie_needs_proof_of_the_same_site(fresh: Copy) -> None:
    async with installation(fresh) as here, here.browser() as client:
        await here.add(EMAIL)
        await client.post("/api/auth/login", json=claim())
        forged = await client.post("/api/v1/users/me/api-keys", json={"name": "k"})
        own = await client.post("/api/v1/users/me/api-keys", json={"name": "k"}, headers=SAME_SITE)
        await client.post("/auth/logout", headers=SAME_SITE)
        after = await client.get("/api/auth/me")

    assert (forged.status_code, own.status_code, after.status_code) == (403, 201, 401)


async def _shut_out(here: Installation, ada: Person, change: str) -> None:
    if change == "deactivated":
        await here.change(ada, is_active=False)
        return
    new_hash = await Passwords().hash("another password") if change == "password" else None
    await set_password(here.database, here.organization_id, EMAIL, password_hash=new_hash)


async def _whoami(client: httpx2.AsyncClient, token: str) -> list[httpx2.Response]:
    """What the cookie of the client is answered, and what the token is."""
    by_cookie = await client.get("/api/auth/session/info")
    by_token = await client.get("/api/auth/session/info", headers=token_header(token))
    return [by_cookie, by_token]
