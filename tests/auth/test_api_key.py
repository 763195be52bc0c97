"""API keys over HTTP."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import insert

from gql.accounts.api_keys import change_key, hash_key, issue_key
from gql.models.organization import ApiKey, User
from gql.models.scope import table_of
from gql.models.types import now
from tests.auth.house import INVALID_KEY, NO_CREDENTIAL, House, identity_of


async def test_a_key_speaks_for_its_organization_and_person(house: House) -> None:
    response = await house.ask(house.plaintext)

    assert (response.status_code, response.json()) == (200, identity_of(house))


async def test_without_a_credential_the_answer_names_both_ways_and_the_scheme(house: House) -> None:
    response = await house.client.get("/probe")

    assert (response.status_code, response.json()) == (401, NO_CREDENTIAL)
    assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("token", ["burki_" + "a" * 32, "burki_live_" + "0" * 32, "burki_"])
async def test_an_unknown_key_is_refused(house: House, token: str) -> None:
    response = await house.ask(token)

    assert (response.status_code, response.json()) == (401, INVALID_KEY)
    assert response.headers["www-authenticate"] == "Bearer"


async def test_a_key_with_the_live_prefix_is_a_key(house: House) -> None:
    plaintext = f"burki_live_{house.organization_id:032d}"
    async with house.database.transaction() as connection:
        row = {
            "organization_id": house.organization_id,
            "name": "live",
            "key_hash": hash_key(plaintext),
            "key_prefix": plaintext[:12] + "...",
            "permissions": {"assistants": "read_write", "read": 1, "write": True},
            "is_active": True,
            "usage_count": 0,
            "created_at": now(),
            "updated_at": now(),
        }
        statement = insert(table_of(ApiKey)).values(**row).returning(table_of(ApiKey).c.id)
        key_id = (await connection.execute(statement)).scalar_one()

    response = await house.ask(plaintext)

    assert response.json() == identity_of(
        house, api_key_id=key_id, user_id=None, permissions=["write"]
    )


async def test_the_scheme_is_compared_without_case(house: House) -> None:
    for scheme in ("bearer", "BEARER", "Bearer ", "bEaReR"):
        response = await house.client.get(
            "/probe", headers={"Authorization": f"{scheme} {house.plaintext}"}
        )
        assert response.status_code == 200, scheme


@pytest.mark.parametrize("value", ["Basic YTpi", "Bearer", "Bearer  ", "", "burki_x", "Token x"])
async def test_any_other_form_of_the_header_is_refused(house: House, value: str) -> None:
    response = await house.client.get("/probe", headers={"Authorization": value})

    assert (response.status_code, response.json()) == (
        401,
        {"detail": "Use the form `Authorization: Bearer <API key or token>`."},
    )


async def test_two_authorization_headers_are_refused_even_when_both_are_good(house: House) -> None:
    header = ("Authorization", f"Bearer {house.plaintext}")

    response = await house.client.get("/probe", headers=[header, header])

    assert (response.status_code, response.json()) == (
        401,
        {"detail": "Send one Authorization header, not several."},
    )


async def test_an_overlong_token_is_refused_without_a_statement(house: House) -> None:
    house.statements.clear()

    response = await house.ask("burki_" + "a" * 8_192)

    assert (response.status_code, response.json()) == (
        401,
        {"detail": "The token is longer than 8192 characters."},
    )
    assert house.statements == []


async def test_nothing_is_read_from_the_query_string(house: House) -> None:
    for name in ("api_key", "token", "access_token", "authorization"):
        response = await house.client.get("/probe", params={name: house.plaintext})
        assert (response.status_code, response.json()) == (401, NO_CREDENTIAL)


async def test_a_known_key_costs_no_statement(house: House) -> None:
    house.statements.clear()
    await house.ask(house.plaintext)
    first = len(house.statements)

    for _ in range(20):
        assert (await house.ask(house.plaintext)).status_code == 200

    assert (first, len(house.statements)) == (1, 1)


async def test_twenty_first_requests_at_once_share_one_lookup(house: House) -> None:
    house.statements.clear()

    responses = await asyncio.gather(*(house.ask(house.plaintext) for _ in range(20)))

    assert {response.status_code for response in responses} == {200}
    assert len(house.statements) == 1


async def test_a_revoked_key_is_dead_within_five_seconds(house: House) -> None:
    assert (await house.ask(house.plaintext)).status_code == 200
    await change_key(house.database, house.organization_id, house.key.id, is_active=False)

    house.clock.seconds += 4.9
    assert (await house.ask(house.plaintext)).status_code == 200
    house.clock.seconds += 0.1
    response = await house.ask(house.plaintext)

    assert (response.status_code, response.json()) == (401, INVALID_KEY)


async def test_with_a_memory_of_zero_seconds_every_request_asks_the_database(house: House) -> None:
    app = house.build(credential_ttl=0.0)
    house.statements.clear()

    for _ in range(3):
        assert (await house.ask(house.plaintext, app)).status_code == 200

    assert len(house.statements) == 3


async def test_an_expired_key_is_refused(house: House) -> None:
    past = now() - timedelta(seconds=1)
    await house.change(ApiKey, house.key.id, expires_at=past)

    response = await house.ask(house.plaintext)

    assert (response.status_code, response.json()) == (401, INVALID_KEY)


async def test_a_key_is_not_remembered_beyond_its_own_expiry(house: House) -> None:
    _, plaintext = await issue_key(
        house.database,
        house.organization_id,
        name="short",
        permissions=[],
        expires_at=now() + timedelta(seconds=2),
    )
    assert (await house.ask(plaintext)).json()["permissions"] == []
    house.statements.clear()

    house.clock.seconds += 2.1
    await house.ask(plaintext)

    assert len(house.statements) == 1


async def test_a_key_of_a_deactivated_person_is_refused(house: House) -> None:
    await house.change(User, house.user_id, is_active=False)

    response = await house.ask(house.plaintext)

    assert (response.status_code, response.json()) == (401, INVALID_KEY)


async def test_a_key_of_a_person_who_moved_to_another_organization_is_refused(
    house: House,
) -> None:
    elsewhere = await house.add_organization("Elsewhere")
    await house.change(User, house.user_id, organization_id=elsewhere)

    response = await house.ask(house.plaintext)

    assert (response.status_code, response.json()) == (401, INVALID_KEY)


async def test_an_unknown_key_costs_one_statement_like_a_known_one(house: House) -> None:
    house.statements.clear()
    await house.ask("burki_" + "z" * 32)
    unknown = list(house.statements)
    house.statements.clear()
    await house.ask(house.plaintext)

    assert unknown == house.statements


async def test_a_refusal_is_logged_without_the_credential(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", logger="gql")

    await house.ask("burki_" + "q" * 32)
    await house.client.get("/probe")

    assert [record.getMessage() for record in caplog.records if record.name == "gql.auth"] == []
    messages = [record.getMessage() for record in caplog.records if "gql.auth" in record.name]
    assert messages == ["refused a credential: Invalid API key"]
