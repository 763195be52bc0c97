"""The explain permission is given by operators alone, to API keys alone."""

import jwt
import pytest

from gql.accounts.api_keys import issue_key
from gql.accounts.people import find_person
from gql.auth.bearer import issue_token
from gql.database import Database
from gql.errors import BadInput
from gql.identity import Identity, Method, Permission
from tests.conftest import GraphQL, Running, asker, bearer, connect
from tests.databases import Copy, settings_for
from tests.rest.people import installation, token_header

EVERYTHING = frozenset(Permission)
VIEWER = "{ viewer { method permissions } }"
KEYS = "/api/v1/users/me/api-keys"
CREATE = """mutation($permissions: [Permission!]!) {
    createApiKey(input: {name: "x", permissions: $permissions}) {
        secret userErrors { message code } } }"""
OPERATORS_ALONE = (
    "Only whoever runs the gateway can grant the explain permission: "
    "jackfield keys create NAME --permission explain."
)


async def key_with_everything(database: Database, user_id: int | None = 1) -> str:
    _, key = await issue_key(
        database, 1, name="everything", permissions=EVERYTHING, user_id=user_id
    )
    return key


@pytest.mark.parametrize("held", [False, True])
async def test_a_mutation_does_not_give_it_even_to_who_has_it(
    fresh: Copy, fresh_database: Database, fresh_graphql: GraphQL, *, held: bool
) -> None:
    headers = bearer(fresh.organizations[0])
    if held:
        headers = token_header(await key_with_everything(fresh_database))

    answer = await fresh_graphql(CREATE, {"permissions": ["READ", "EXPLAIN"]}, headers=headers)

    assert answer["data"] is None
    assert [(error["message"], error["extensions"]["code"]) for error in answer["errors"]] == [
        (OPERATORS_ALONE, "FORBIDDEN")
    ]


@pytest.mark.parametrize("held", [False, True])
async def test_the_rest_routes_do_not_give_it_even_to_who_has_it(
    fresh: Copy, *, held: bool
) -> None:
    permissions = {"read": True, "explain": True}
    async with installation(fresh) as here, here.browser() as client:
        headers = bearer(fresh.organizations[0])
        if held:
            headers = token_header(await key_with_everything(here.database))
        created = await client.post(
            KEYS, json={"name": "x", "permissions": permissions}, headers=headers
        )
        plain = (await client.post(KEYS, json={"name": "y"}, headers=headers)).json()["api_key"]
        changed = await client.put(
            f"{KEYS}/{plain['id']}", json={"permissions": permissions}, headers=headers
        )
        usual = await client.post(
            KEYS,
            json={"name": "z", "permissions": {**permissions, "explain": False}},
            headers=headers,
        )

    assert [(each.status_code, each.json()) for each in (created, changed)] == [
        (403, {"detail": OPERATORS_ALONE})
    ] * 2
    assert plain["permissions"] == {"read": True, "write": True, "admin": False}
    assert usual.json()["api_key"]["permissions"] == {"read": True, "write": False, "admin": False}


async def test_a_key_that_has_it_can_lose_it(fresh: Copy) -> None:
    async with installation(fresh) as here, here.browser() as client:
        headers = token_header(await key_with_everything(here.database))
        listed_key = (await client.get(KEYS, headers=headers)).json()[-1]
        changed = await client.put(
            f"{KEYS}/{listed_key['id']}", json={"permissions": {"read": True}}, headers=headers
        )

    assert listed_key["permissions"] == {
        "read": True,
        "write": True,
        "admin": True,
        "ingest": True,
        "explain": True,
    }
    assert changed.json()["permissions"] == {"read": True, "write": False, "admin": False}


async def test_a_signed_token_that_claims_it_does_not_carry_it(
    fresh: Copy, fresh_graphql: GraphQL
) -> None:
    secret = settings_for(fresh.url).jwt_secret
    assert secret is not None
    token = issue_token(settings_for(fresh.url), 1)
    claims = jwt.decode(token, secret.get_secret_value(), ["HS256"])
    claims["permissions"] = [str(word) for word in Permission]
    forged = jwt.encode(claims, secret.get_secret_value(), "HS256")

    answer = await fresh_graphql(VIEWER, headers=token_header(forged))

    permissions = ["READ", "WRITE", "ADMIN", "INGEST"]
    assert answer == {"data": {"viewer": {"method": "BEARER", "permissions": permissions}}}


def test_no_token_is_issued_with_it() -> None:
    with pytest.raises(BadInput, match="cannot carry the explain permission"):
        issue_token(settings_for("sqlite:///unused"), 1, permissions=EVERYTHING)


async def test_the_cookie_of_a_key_that_has_it_does_not_carry_it(
    fresh_running_app: Running, fresh_database: Database
) -> None:
    key = await key_with_everything(fresh_database)
    async with connect(fresh_running_app.app) as browser:
        await browser.post("/auth/login", json={"api_key": key})
        answer = await asker(browser, {"X-Requested-With": "test"})(VIEWER)

    permissions = ["READ", "WRITE", "ADMIN", "INGEST"]
    assert answer == {"data": {"viewer": {"method": "DASHBOARD", "permissions": permissions}}}


async def test_an_administrator_who_logs_in_does_not_have_it(database: Database) -> None:
    person = await find_person(database, 1, 1)

    assert person is not None
    assert person.is_admin
    assert person.permissions == EVERYTHING - {Permission.EXPLAIN, Permission.INGEST}


@pytest.mark.parametrize("method", list(Method))
def test_an_identity_has_no_more_than_its_method_may_carry(method: Method) -> None:
    carried = Identity(1, method, EVERYTHING).permissions

    assert (Permission.EXPLAIN in carried) is (method == Method.API_KEY)
