"""API keys over HTTP."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from gql.accounts.api_keys import change_key, hash_key, issue_key
from gql.models.organization import ApiKey, User
from gql.models.scope import table_of
from gql.models.types import now
from tests.auth.auth_app import INVALID_KEY, NO_CREDENTIAL, AuthApp, identity_of


async def test_a_key_speaks_for_its_organization_and_person(auth_app: AuthApp) -> None:
    response = await auth_app.ask(auth_app.plaintext)

    assert (response.status_code, response.json()) == (200, identity_of(auth_app))


async def test_without_a_credential_the_answer_names_both_ways_and_the_scheme(
    auth_app: AuthApp,
) -> None:
    response = await auth_app.client.get("/probe")

    assert (response.status_code, response.json()) == (401, NO_CREDENTIAL)
    assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("token", ["burki_" + "a" * 32, "burki_live_" + "0" * 32, "burki_"])
async def test_an_unknown_key_is_refused(auth_app: AuthApp, token: str) -> None:
    response = await auth_app.ask(token)

    assert (response.status_code, response.json()) == (401, INVALID_KEY)
    assert response.headers["www-authenticate"] == "Bearer"


async def test_a_key_with_the_live_prefix_is_a_key(auth_app: AuthApp) -> None:
    plaintext = f"burki_live_{auth_app.organization_id:032d}"
    async with auth_app.database.transaction() as connection:
        row = {
            "organization_id": auth_app.organization_id,
            "name": "live",
            "key_hash": hash_key(plaintext),
            "key_prefix": plaintext[:12] + "...",
            "permissions": {"documents": "read_write", "read": 1, "write": True},
            "is_active": True,
            "usage_count": 0,
            "created_at": now(),
            "updated_at": now(),
        }
        statement = insert(table_of(ApiKey)).values(**row).returning(table_of(ApiKey).c.id)
        key_id = (await connection.execute(statement)).scalar_one()

    response = await auth_app.ask(plaintext)

    assert response.json() == identity_of(
        auth_app, api_key_id=key_id, user_id=None, permissions=["write"]
    )


async def test_the_scheme_is_compared_without_case(auth_app: AuthApp) -> None:
    for scheme in ("bearer", "BEARER", "Bearer ", "bEaReR"):
        response = await auth_app.client.get(
            "/probe", headers={"Authorization": f"{scheme} {auth_app.plaintext}"}
        )
        assert response.status_code == 200, scheme


@pytest.mark.parametrize("value", ["Basic YTpi", "Bearer", "Bearer  ", "", "burki_x", "Token x"])
async def test_any_other_form_of_the_header_is_refused(auth_app: AuthApp, value: str) -> None:
    response = await auth_app.client.get("/probe", headers={"Authorization": value})

    assert (response.status_code, response.json()) == (
        401,
        {"detail": "Use the form `Authorization: Bearer <API key or token>`."},
    )


async def test_two_authorization_headers_are_refused_even_when_both_are_good(
    auth_app: AuthApp,
) -> None:
    header = ("Authorization", f"Bearer {auth_app.plaintext}")

    response = await auth_app.client.get("/probe", headers=[header, header])

    assert (response.status_code, response.json()) == (
        401,
        {"detail": "Send one Authorization header, not several."},
    )


async def test_an_overlong_token_is_refused_without_a_statement(auth_app: AuthApp) -> None:
    auth_app.statements.clear()

    response = await auth_app.ask("burki_" + "a" * 8_192)

    assert (response.status_code, response.json()) == (
        401,
        {"detail": "The token is longer than 8192 characters."},
    )
    assert auth_app.statements == []


async def test_nothing_is_read_from_the_query_string(auth_app: AuthApp) -> None:
    for name in ("api_key", "token", "access_token", "authorization"):
        response = await auth_app.client.get("/probe", params={name: auth_app.plaintext})
        assert response.status_code == 401
        assert response.json()["detail"].startswith(NO_CREDENTIAL["detail"])


async def test_a_known_key_costs_no_statement(auth_app: AuthApp) -> None:
    auth_app.statements.clear()
    await auth_app.ask(auth_app.plaintext)
    first = len(auth_app.statements)

    for _ in range(20):
        assert (await auth_app.ask(auth_app.plaintext)).status_code == 200

    assert (first, len(auth_app.statements)) == (1, 1)


async def test_twenty_first_requests_at_once_share_one_lookup(auth_app: AuthApp) -> None:
    auth_app.statements.clear()

    responses = await asyncio.gather(*(auth_app.ask(auth_app.plaintext) for _ in range(20)))

    assert {response.status_code for response in responses} == {200}
    assert len(auth_app.statements) == 1


async def test_a_revoked_key_is_dead_within_five_seconds(auth_app: AuthApp) -> None:
    assert (await auth_app.ask(auth_app.plaintext)).status_code == 200
    await change_key(auth_app.database, auth_app.organization_id, auth_app.key.id, is_active=False)

    auth_app.clock.seconds += 4.9
    assert (await auth_app.ask(auth_app.plaintext)).status_code == 200
    auth_app.clock.seconds += 0.1
    response = await auth_app.ask(auth_app.plaintext)

    assert (response.status_code, response.json()) == (401, INVALID_KEY)


async def test_with_a_memory_of_zero_seconds_every_request_asks_the_database(
    auth_app: AuthApp,
) -> None:
    app = auth_app.build(credential_ttl=0.0)
    auth_app.statements.clear()

    for _ in range(3):
        assert (await auth_app.ask(auth_app.plaintext, app)).status_code == 200

    assert len(auth_app.statements) == 3


async def test_an_expired_key_is_refused(auth_app: AuthApp) -> None:
    past = now() - timedelta(seconds=1)
    await auth_app.change(ApiKey, auth_app.key.id, expires_at=past)

    response = await auth_app.ask(auth_app.plaintext)

    assert (response.status_code, response.json()) == (401, INVALID_KEY)


async def test_a_key_is_not_remembered_beyond_its_own_expiry(auth_app: AuthApp) -> None:
    _, plaintext = await issue_key(
        auth_app.database,
        auth_app.organization_id,
        name="short",
        permissions=[],
        expires_at=now() + timedelta(seconds=2),
    )
    assert (await auth_app.ask(plaintext)).json()["permissions"] == []
    auth_app.statements.clear()

    auth_app.clock.seconds += 2.1
    await auth_app.ask(plaintext)

    assert len(auth_app.statements) == 1


async def test_a_key_of_a_deactivated_person_is_refused(auth_app: AuthApp) -> None:
    await auth_app.change(User, auth_app.user_id, is_active=False)

    response = await auth_app.ask(auth_app.plaintext)

    assert (response.status_code, response.json()) == (401, INVALID_KEY)


async def test_a_person_who_has_a_key_cannot_move_to_another_organization(
    auth_app: AuthApp,
) -> None:
    elsewhere = await auth_app.add_organization("Elsewhere")

    with pytest.raises(IntegrityError):
        await auth_app.change(User, auth_app.user_id, organization_id=elsewhere)


async def test_an_unknown_key_costs_one_statement_like_a_known_one(auth_app: AuthApp) -> None:
    auth_app.statements.clear()
    await auth_app.ask("burki_" + "z" * 32)
    unknown = list(auth_app.statements)
    auth_app.statements.clear()
    await auth_app.ask(auth_app.plaintext)

    assert unknown == auth_app.statements


async def test_a_refusal_is_logged_without_the_credential(
    auth_app: AuthApp, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", logger="gql")

    await auth_app.ask("burki_" + "q" * 32)
    await auth_app.client.get("/probe")

    assert [record.getMessage() for record in caplog.records if record.name == "gql.auth"] == []
    messages = [record.getMessage() for record in caplog.records if "gql.auth" in record.name]
    assert messages == ["refused a credential: Invalid API key"]
