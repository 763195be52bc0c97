"""Logging in to the dashboard and out."""

import gzip
import json
import re

import httpx2
import pytest

from gql.accounts.api_keys import change_key
from gql.auth.credential_source import COOKIE
from gql.auth.csrf import OTHER_SITE
from gql.auth.dashboard import DashboardCredential
from tests.auth.auth_app import INVALID_KEY, NO_CREDENTIAL, AuthApp
from tests.databases import settings_for

SHAPE = {"detail": 'Send a JSON object of the form {"api_key": "burki_..."}.'}
ELSEWHERE = {"detail": OTHER_SITE}


async def test_a_key_is_exchanged_for_a_cookie_that_scripts_cannot_read(auth_app: AuthApp) -> None:
    response = await _log_in(auth_app.client, auth_app.plaintext)

    assert (response.status_code, response.json()) == (
        200,
        {
            "organization": {"id": auth_app.organization_id, "name": "Northwind"},
            "permissions": ["read", "write"],
        },
    )
    assert re.fullmatch(
        rf"{COOKIE}=[\w.-]+; HttpOnly; Max-Age=28800; Path=/; SameSite=lax",
        response.headers["set-cookie"],
    )
    assert auth_app.plaintext not in response.headers["set-cookie"]
    assert response.headers["cache-control"] == "no-store"


async def test_over_tls_the_cookie_is_for_tls_only(auth_app: AuthApp) -> None:
    browser = auth_app.browser(base_url="https://gateway.test")

    log_in = await _log_in(browser, auth_app.plaintext)
    log_out = await browser.post("/auth/logout", headers={"X-Requested-With": "jackfield"})

    assert log_in.headers["set-cookie"].endswith("; SameSite=lax; Secure")
    assert log_out.headers["set-cookie"].endswith("; SameSite=lax; Secure")


async def test_logging_out_clears_the_cookie(auth_app: AuthApp) -> None:
    browser = await auth_app.logged_in()

    response = await browser.post("/auth/logout", headers={"Origin": "http://gateway.test"})

    assert (response.status_code, response.json()) == (200, {"success": True})
    assert COOKIE not in browser.cookies
    assert (await browser.get("/probe")).json() == NO_CREDENTIAL


async def test_logging_out_needs_proof_of_the_same_origin_but_no_good_cookie(
    auth_app: AuthApp,
) -> None:
    browser = await auth_app.logged_in()
    evil = {"Origin": "http://evil.test"}
    stale = {"Cookie": f"{COOKIE}=stale", "X-Requested-With": "jackfield"}

    forged = await browser.post("/auth/logout", headers=evil)
    cleared = await auth_app.client.post("/auth/logout", headers=stale)
    nothing = await auth_app.browser().post("/auth/logout")

    assert (forged.status_code, forged.json()) == (403, ELSEWHERE)
    assert "set-cookie" not in forged.headers
    assert (cleared.status_code, nothing.status_code) == (200, 200)
    assert cleared.headers["set-cookie"].startswith(f'{COOKIE}=""; expires=')


@pytest.mark.parametrize("origin", ["http://evil.test", "null", "https://gateway.test:444"])
async def test_another_site_cannot_log_its_visitors_in(auth_app: AuthApp, origin: str) -> None:
    headers = {"Origin": origin, "X-Requested-With": "jackfield"}

    response = await auth_app.client.post(
        "/auth/login", json={"api_key": auth_app.plaintext}, headers=headers
    )

    assert (response.status_code, response.json()) == (403, ELSEWHERE)
    assert "set-cookie" not in response.headers


@pytest.mark.parametrize("key", ["burki_" + "0" * 32, "wrong", "\u0000", "kéy", "a.b.c"])
async def test_a_bad_key_gets_no_cookie(auth_app: AuthApp, key: str) -> None:
    response = await _log_in(auth_app.client, key)

    assert (response.status_code, response.json()) == (401, INVALID_KEY)
    assert response.headers["www-authenticate"] == "Bearer"
    assert "set-cookie" not in response.headers


async def test_a_revoked_key_cannot_log_in_even_while_it_is_remembered(auth_app: AuthApp) -> None:
    assert (await auth_app.ask(auth_app.plaintext)).status_code == 200
    await change_key(auth_app.database, auth_app.organization_id, auth_app.key.id, is_active=False)

    assert (await _log_in(auth_app.client, auth_app.plaintext)).json() == INVALID_KEY


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"1",
        b'"burki_x"',
        b"{}",
        b"{",
        b'{"api_key": null}',
        b'{"api_key": 1}',
        b'{"api_key": ["burki_x"]}',
        b'{"api_key": ""}',
        b'{"api_key": "  "}',
        b'{"api_key": "\xff\xfe"}',
        b'{"api_key": "\\ud800"}',
        b'{"api_key": NaN}',
        b"\xff\xfe\x00",
        b"[" * 9_000,
        b'{"a":' * 1_500 + b"1" + b"}" * 1_500,
        b"1" * 9_000,
    ],
    ids=lambda body: repr(body[:24]),
)
async def test_a_malformed_body_is_answered_with_the_form(auth_app: AuthApp, body: bytes) -> None:
    response = await auth_app.client.post("/auth/login", content=body)

    assert (response.status_code, response.json()) == (400, SHAPE)


async def test_a_huge_body_is_refused_before_all_of_it_is_read(auth_app: AuthApp) -> None:
    response = await auth_app.client.post("/auth/login", content=b" " * 5_000_000)

    assert response.status_code == 400
    assert response.json() == {"detail": "The body is longer than 10000 bytes. " + SHAPE["detail"]}


async def test_without_a_secret_key_there_is_no_login(auth_app: AuthApp) -> None:
    async with auth_app.browser(auth_app.build(secret_key=None)) as browser:
        response = await _log_in(browser, auth_app.plaintext)

    assert (response.status_code, response.json()) == (
        503,
        {"detail": "Dashboard logins are off: set GQL_SECRET_KEY on the gateway to allow them."},
    )


async def test_logging_in_again_ignores_what_is_presented(auth_app: AuthApp) -> None:
    browser = await auth_app.logged_in()

    response = await browser.post(
        "/auth/login", json={"api_key": auth_app.plaintext}, headers={"Authorization": "Bearer bad"}
    )

    assert response.status_code == 200


def test_a_short_secret_key_stops_the_start(auth_app: AuthApp) -> None:
    settings = settings_for(auth_app.settings.database_url, secret_key="short")

    with pytest.raises(ValueError, match="GQL_SECRET_KEY needs at least 32 characters"):
        DashboardCredential(auth_app.database, settings)


async def _log_in(browser: httpx2.AsyncClient, key: str) -> httpx2.Response:
    return await browser.post("/auth/login", json={"api_key": key})


async def test_a_login_may_be_compressed(auth_app: AuthApp) -> None:
    body = gzip.compress(json.dumps({"api_key": auth_app.plaintext}).encode())

    packed = await auth_app.client.post(
        "/auth/login", content=body, headers={"Content-Encoding": "gzip"}
    )
    other = await auth_app.client.post(
        "/auth/login", content=body, headers={"Content-Encoding": "br"}
    )

    assert (packed.status_code, other.status_code) == (200, 415)
    assert other.headers["accept-encoding"] == "gzip"
