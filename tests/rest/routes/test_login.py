"""Logging in by password over the real application, and who is logged in."""

import re
from typing import Any

import httpx2
import jwt
import pytest

from gql.accounts.api_keys import issue_key
from gql.auth.credential_source import COOKIE
from gql.identity import Permission
from tests.conftest import Counting
from tests.databases import Copy
from tests.rest.people import EMAIL, PASSWORD, claim, installation, token_header, user_of
from tests.statements import count


async def test_a_password_is_exchanged_for_a_token_and_a_cookie_that_both_work(fresh: Copy) -> None:
    async with installation(fresh) as here, here.browser() as client:
        ada = await here.add(EMAIL, admin=True)
        body = {"email": EMAIL, "password": PASSWORD, "organization": here.organization_name}

        response = await client.post("/api/auth/login", json=body)
        answer = response.json()
        token = answer.pop("access_token")
        by_cookie = await client.get("/api/auth/session/info")
        client.cookies.clear()
        by_token = await client.get("/api/auth/session/info", headers=token_header(token))

    us = {
        "user": user_of(ada),
        "organization": {"id": here.organization_id, "name": here.organization_name},
    }
    assert (response.status_code, answer) == (200, {"token_type": "bearer", **us})
    assert list(response.json()) == ["access_token", "token_type", "user", "organization"]
    assert response.headers["cache-control"] == "no-store"
    assert re.fullmatch(
        rf"{COOKIE}=[\w.-]+; HttpOnly; Max-Age=28800; Path=/; SameSite=lax",
        response.headers["set-cookie"],
    )
    info = {
        "authenticated": True,
        "is_active": True,
        "permissions": ["read", "write", "admin"],
        "kinds": None,
        **us,
    }
    assert by_cookie.json() == {**info, "method": "dashboard"}
    assert by_token.json() == {**info, "method": "bearer"}


async def test_the_simple_login_needs_no_organization_and_takes_either_spelling(
    fresh: Copy,
) -> None:
    async with installation(fresh) as here, here.browser() as client:
        ada = await here.add(EMAIL)
        body = {"email": f"  {EMAIL.upper()} ", "password": PASSWORD}
        answers = [
            await client.post(path, json=body)
            for path in ("/api/auth/login/simple", "/api/auth/login/simple/")
        ]
        me = await client.get("/api/auth/me/")

    assert [answer.json()["user"] for answer in answers] == [user_of(ada), user_of(ada)]
    user = user_of(ada)
    first_name, last_name = user["full_name"].split(" ", 1)
    assert me.json() == {
        "user": user,
        "organization": {"id": here.organization_id, "name": here.organization_name},
        **{
            name: user[name]
            for name in ("id", "email", "organization_id", "is_active", "created_at")
        },
        "first_name": first_name,
        "last_name": last_name,
        "updated_at": user["created_at"],
    }


async def test_an_organization_is_named_by_its_name_in_any_case_or_by_its_id(fresh: Copy) -> None:
    async with installation(fresh) as here, here.browser() as client:
        await here.add(EMAIL)
        names = (here.organization_name.upper(), str(here.organization_id), "2", "", "nobody")
        statuses = [
            (await client.post("/api/auth/login", json=claim(organization=name))).status_code
            for name in names
        ]

    assert statuses == [200, 200, 401, 401, 401]


async def test_without_any_secret_logins_are_off_and_with_one_they_give_what_it_signs(
    fresh: Copy,
) -> None:
    async with installation(fresh, secret_key=None, jwt_secret=None) as here:
        await here.add(EMAIL)
        off = await here.log_in(EMAIL)
    async with installation(fresh, secret_key=None) as here:
        token_alone = await here.log_in(EMAIL)
    async with installation(fresh, jwt_secret=None) as here:
        cookie_alone = await here.log_in(EMAIL)

    assert (off.status_code, off.json()) == (
        503,
        {
            "detail": "Logins by password are off: set GQL_JWT_SECRET (for tokens) or "
            "GQL_SECRET_KEY (for the dashboard) on the gateway to allow them."
        },
    )
    assert (token_alone.status_code, "set-cookie" in token_alone.headers) == (200, False)
    assert token_alone.json()["access_token"]
    assert (cookie_alone.status_code, "set-cookie" in cookie_alone.headers) == (200, True)
    assert cookie_alone.json()["access_token"] is None


async def test_remember_me_is_for_a_month(fresh: Copy) -> None:
    async with installation(fresh) as here, here.browser() as client:
        await here.add(EMAIL)
        body = {**claim(), "remember_me": True}
        response = await client.post("/api/auth/login", json=body)
        claims = jwt.decode(response.json()["access_token"], options={"verify_signature": False})
        me = await client.get("/api/auth/me")

    assert "; Max-Age=2592000;" in response.headers["set-cookie"]
    assert claims["exp"] - claims["iat"] == 2_592_000
    assert me.status_code == 200


async def test_remember_me_that_is_null_is_not_asked_for(fresh: Copy) -> None:
    async with installation(fresh) as here, here.browser() as client:
        await here.add(EMAIL)
        response = await client.post("/api/auth/login", json={**claim(), "remember_me": None})

    assert response.status_code == 200
    assert "; Max-Age=28800;" in response.headers["set-cookie"]


async def test_a_body_that_does_not_fit_is_told_field_by_field(client: httpx2.AsyncClient) -> None:
    response = await client.post("/api/auth/login", json={"email": "a@b.example"})

    assert (response.status_code, response.json()) == (
        422,
        {
            "detail": [
                {"type": "missing", "loc": ["body", field], "msg": "Field required"}
                for field in ("password", "organization")
            ]
        },
    )


@pytest.mark.parametrize(
    "body",
    [
        {"password": PASSWORD},
        {"email": EMAIL, "password": [PASSWORD]},
        {"email": EMAIL, "password": PASSWORD * 100},
        {"email": PASSWORD * 100, "password": "x", "remember_me": PASSWORD},
        {"email": EMAIL, "password": {"password": PASSWORD}},
        [EMAIL, PASSWORD],
        PASSWORD,
    ],
)
@pytest.mark.parametrize("path", ["/api/auth/login", "/api/auth/login/simple", "/auth/login"])
async def test_no_refusal_says_what_was_entered(
    client: httpx2.AsyncClient, path: str, body: Any
) -> None:
    response = await client.post(path, json=body)

    assert response.status_code == (400 if path == "/auth/login" else 422)
    assert PASSWORD not in response.text


async def test_an_api_key_of_nobody_in_particular_is_told_so(fresh: Copy) -> None:
    async with installation(fresh) as here, here.browser() as client:
        _, key = await issue_key(
            here.database, here.organization_id, name="k", permissions={Permission.READ}
        )
        me = await client.get("/api/auth/me", headers=token_header(key))
        info = await client.get("/api/auth/session/info", headers=token_header(key))

    assert me.status_code == 403
    assert me.json()["detail"].startswith("This needs a person: ")
    assert info.json() == {
        "authenticated": True,
        "is_active": True,
        "method": "api_key",
        "permissions": ["read"],
        "kinds": None,
        "user": None,
        "organization": {"id": here.organization_id, "name": here.organization_name},
    }


async def test_nobody_is_nobody(client: httpx2.AsyncClient) -> None:
    for path in ("/api/auth/me", "/api/auth/session/info"):
        response = await client.get(path)
        assert (response.status_code, response.headers["www-authenticate"]) == (401, "Bearer")


async def test_it_costs_two_statements_to_say_who_asks(
    client: httpx2.AsyncClient, owner: dict[str, str], statements: Counting
) -> None:
    await client.get("/api/auth/me", headers=owner)
    with statements() as ran:
        response = await client.get("/api/auth/me", headers=owner)

    assert (response.status_code, ran.count) == (200, 2)


async def test_it_costs_one_statement_to_log_in(fresh: Copy) -> None:
    async with installation(fresh) as here:
        await here.add(EMAIL)
        with count(here.log) as ran:
            response = await here.log_in(EMAIL)

    assert (response.status_code, ran.count) == (200, 1)
