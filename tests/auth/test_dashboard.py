"""The dashboard cookie over HTTP."""

import time
from datetime import timedelta

import httpx2
import pytest
from itsdangerous import TimestampSigner
from pydantic import SecretStr

from gql.accounts.api_keys import change_key
from gql.auth.credential_source import COOKIE
from gql.models.organization import ApiKey, User
from gql.models.types import now
from tests.auth.auth_app import AuthApp, identity_of

ENDED = {"detail": "The dashboard login has ended. Log in again."}
NOT_VALID = {"detail": "The dashboard cookie is not valid. Log in again."}
FORGED = {
    "detail": "A request with the dashboard cookie needs an Origin header of this site, or the "
    "header X-Requested-With."
}


async def test_the_cookie_speaks_for_its_key(auth_app: AuthApp) -> None:
    browser = await auth_app.logged_in()

    response = await browser.get("/probe")

    assert (response.status_code, response.json()) == (200, identity_of(auth_app, "dashboard"))


async def test_a_known_cookie_costs_no_statement(auth_app: AuthApp) -> None:
    browser = await auth_app.logged_in()
    auth_app.statements.clear()

    for _ in range(10):
        await browser.get("/probe")

    assert len(auth_app.statements) == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Origin": "http://gateway.test"}, 200),
        ({"Origin": "http://gateway.test:80"}, 200),
        ({"Origin": "https://gateway.test"}, 200),
        ({"Origin": "http://gateway.test:8080"}, 403),
        ({"Origin": "http://evil.test"}, 403),
        ({"Origin": "http://gateway.test.evil.test"}, 403),
        ({"Origin": "http://gateway.test@evil.test"}, 403),
        ({"Origin": "http://evil.test#gateway.test"}, 403),
        ({"Origin": "http://[gateway.test"}, 403),
        ({"Origin": "http://gateway.test:x"}, 403),
        ({"Origin": "ftp://gateway.test"}, 403),
        ({"Origin": "gateway.test"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
        ({"X-Requested-With": "jackfield"}, 200),
        ({"X-Requested-With": ""}, 403),
        ({"Referer": "http://gateway.test/"}, 403),
    ],
)
async def test_a_change_with_a_cookie_needs_proof_of_the_same_origin(
    auth_app: AuthApp, method: str, headers: dict[str, str], status: int
) -> None:
    browser = await auth_app.logged_in()

    response = await browser.request(method, "/probe", headers=headers)

    assert response.status_code == status
    assert response.json() == (identity_of(auth_app, "dashboard") if status == 200 else FORGED)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
async def test_reading_needs_no_proof(auth_app: AuthApp, method: str) -> None:
    browser = await auth_app.logged_in()

    response = await browser.request(method, "/probe", headers={"Origin": "http://evil.test"})

    assert response.status_code == 200


async def test_two_origins_prove_nothing(auth_app: AuthApp) -> None:
    browser = await auth_app.logged_in()
    origin = ("Origin", "http://gateway.test")

    response = await browser.post("/probe", headers=[origin, origin])

    assert (response.status_code, response.json()) == (403, FORGED)


async def test_a_page_without_tls_is_another_origin_for_a_server_with_it(auth_app: AuthApp) -> None:
    browser = auth_app.browser(base_url="https://gateway.test")
    await browser.post("/auth/login", json={"api_key": auth_app.plaintext})

    plain = await browser.post("/probe", headers={"Origin": "http://gateway.test"})
    same = await browser.post("/probe", headers={"Origin": "https://gateway.test"})

    assert (plain.status_code, same.status_code) == (403, 200)


async def test_a_change_with_a_bearer_token_needs_no_proof(auth_app: AuthApp) -> None:
    browser = await auth_app.logged_in()

    response = await browser.post(
        "/probe", headers={"Authorization": f"Bearer {auth_app.plaintext}"}
    )

    assert (response.status_code, response.json()) == (200, identity_of(auth_app))


async def test_the_cookie_of_a_revoked_key_is_dead_within_five_seconds(auth_app: AuthApp) -> None:
    browser = await auth_app.logged_in()
    assert (await browser.get("/probe")).status_code == 200
    await change_key(auth_app.database, auth_app.organization_id, auth_app.key.id, is_active=False)

    auth_app.clock.seconds += 4.9
    assert (await browser.get("/probe")).status_code == 200
    auth_app.clock.seconds += 0.1
    response = await browser.get("/probe")

    assert (response.status_code, response.json()) == (401, ENDED)


async def test_the_cookie_ends_with_its_key_and_with_its_person(auth_app: AuthApp) -> None:
    browser = await auth_app.logged_in(auth_app.build(credential_ttl=0.0))
    await auth_app.change(User, auth_app.user_id, is_active=False)
    assert (await browser.get("/probe")).json() == ENDED

    await auth_app.change(User, auth_app.user_id, is_active=True)
    await auth_app.change(ApiKey, auth_app.key.id, expires_at=now() - timedelta(seconds=1))
    assert (await browser.get("/probe")).json() == ENDED


async def test_a_permission_taken_from_the_key_is_taken_from_the_cookie(auth_app: AuthApp) -> None:
    browser = await auth_app.logged_in()
    await auth_app.change(ApiKey, auth_app.key.id, permissions={"read": True, "admin": True})

    response = await browser.get("/probe")

    assert response.json()["permissions"] == ["read"]


async def test_the_cookie_expires_even_if_the_browser_keeps_it(
    auth_app: AuthApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = await auth_app.logged_in(auth_app.build(dashboard_ttl=60))
    assert (await browser.get("/probe")).status_code == 200

    later = time.time() + 61
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _: int(later))
    auth_app.clock.seconds += 5
    response = await browser.get("/probe")

    assert (response.status_code, response.json()) == (401, ENDED)


@pytest.mark.parametrize("value", ["", "x", "a.b.c", "...", "burki_" + "a" * 32, "\x7f"])
async def test_a_cookie_that_was_not_signed_here_is_refused(auth_app: AuthApp, value: str) -> None:
    auth_app.statements.clear()

    response = await auth_app.client.get("/probe", headers={"Cookie": f"{COOKIE}={value}"})

    assert (response.status_code, response.json()) == (401, NOT_VALID)
    assert auth_app.statements == []


async def test_a_changed_cookie_and_one_of_another_secret_are_refused(auth_app: AuthApp) -> None:
    cookie = _cookie(await auth_app.logged_in())
    changed = ("A" if cookie[0] != "A" else "B") + cookie[1:]
    other = auth_app.build(secret_key=SecretStr("s" * 40))

    for value, app in ((changed, auth_app.app), (cookie[:-2], auth_app.app), (cookie, other)):
        async with auth_app.browser(app) as browser:
            response = await browser.get("/probe", headers={"Cookie": f"{COOKIE}={value}"})
        assert (response.status_code, response.json()) == (401, NOT_VALID)


async def test_an_api_key_in_the_cookie_is_no_cookie_even_when_it_is_remembered(
    auth_app: AuthApp,
) -> None:
    assert (await auth_app.ask(auth_app.plaintext)).status_code == 200

    response = await auth_app.client.get(
        "/probe", headers={"Cookie": f"{COOKIE}={auth_app.plaintext}"}
    )

    assert (response.status_code, response.json()) == (401, NOT_VALID)


async def test_two_different_cookies_are_refused_and_other_cookies_do_not_matter(
    auth_app: AuthApp,
) -> None:
    cookie = _cookie(await auth_app.logged_in())
    two = f"{COOKIE}={cookie}; {COOKIE}=planted"
    among = f"theme=dark; {COOKIE}={cookie}; =; broken; {COOKIE}={cookie}"

    refused = await auth_app.client.get("/probe", headers={"Cookie": two})
    accepted = await auth_app.client.get("/probe", headers={"Cookie": among})

    assert (refused.status_code, refused.json()) == (
        401,
        {"detail": f"Several {COOKIE} cookies were sent; clear them and log in again."},
    )
    assert accepted.status_code == 200


async def test_an_overlong_cookie_is_refused(auth_app: AuthApp) -> None:
    response = await auth_app.client.get("/probe", headers={"Cookie": f"{COOKIE}={'a' * 8_193}"})

    assert response.json() == {"detail": "The cookie is longer than 8192 characters."}


async def test_without_a_secret_key_cookies_are_refused_with_the_reason(auth_app: AuthApp) -> None:
    cookie = _cookie(await auth_app.logged_in())
    async with auth_app.browser(auth_app.build(secret_key=None)) as browser:
        response = await browser.get("/probe", headers={"Cookie": f"{COOKIE}={cookie}"})

    assert (response.status_code, response.json()) == (
        401,
        {"detail": "Dashboard logins are off: set GQL_SECRET_KEY on the gateway to allow them."},
    )


def _cookie(browser: httpx2.AsyncClient) -> str:
    value = browser.cookies[COOKIE]
    assert isinstance(value, str)
    return value
