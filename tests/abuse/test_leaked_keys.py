"""What a leaked API key cannot do: make keys that outlive it, or touch keys that may do more."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import delete, update

from gql.accounts.api_keys import MOST_ANCESTORS, StoredKey, issue_key
from gql.auth.bearer import issue_token
from gql.identity import Permission
from gql.models.organization import ApiKey
from gql.models.scope import table_of
from gql.models.types import now
from tests.databases import Copy, settings_for
from tests.rest.people import Installation, installation, token_header

KEYS = "/api/v1/users/me/api-keys"
READ, WRITE, ADMIN = Permission.READ, Permission.WRITE, Permission.ADMIN
MANAGER_NEEDED = "Managing API keys needs a login, or an API key with the admin permission."
CREATE = """mutation ($input: CreateApiKeyInput!) {
    createApiKey(input: $input) { secret apiKey { expiresAt parent { name } } }
}"""
REVOKE = "mutation ($id: ID!) { revokeApiKey(input: {id: $id}) { apiKey { isActive } } }"


@dataclass(frozen=True)
class Holder:
    """Somebody who has got hold of a credential of user 1, and the application."""

    here: Installation
    client: httpx2.AsyncClient

    async def key(self, *permissions: Permission, name: str = "key") -> tuple[StoredKey, str]:
        """A key of user 1 that no other key was used for."""
        return await issue_key(self.here.database, 1, name=name, permissions=permissions, user_id=1)

    async def rest(self, secret: str, method: str, path: str, body: Any = None) -> httpx2.Response:
        more = {} if body is None else {"json": body}
        return await self.client.request(method, path, headers=token_header(secret), **more)

    async def graphql(self, secret: str, query: str, **variables: Any) -> dict[str, Any]:
        body = {"query": query, "variables": variables}
        response = await self.client.post("/graphql", json=body, headers=token_header(secret))
        answer: dict[str, Any] = response.json()
        return answer

    async def child(self, secret: str, *permissions: Permission) -> tuple[int, str]:
        """The id and the text of a key that another one made."""
        words = {str(word): True for word in permissions or (READ, WRITE, ADMIN)}
        created = await self.rest(secret, "POST", KEYS, {"name": "child", "permissions": words})
        assert created.status_code == 201, created.text
        return created.json()["api_key"]["id"], created.json()["key"]

    async def status(self, secret: str) -> int:
        """200 as long as the credential is good."""
        return (await self.rest(secret, "GET", "/api/auth/session/info")).status_code

    async def change(self, key_id: int, **values: Any) -> None:
        """Change the row of a key behind the application's back."""
        keys = table_of(ApiKey)
        async with self.here.database.transaction() as connection:
            await connection.execute(update(keys).where(keys.c.id == key_id).values(**values))


@pytest.fixture
async def holder(fresh: Copy) -> AsyncIterator[Holder]:
    async with installation(fresh) as here, here.browser() as client:
        yield Holder(here, client)


async def test_a_key_that_may_write_manages_no_keys(holder: Holder) -> None:
    own, secret = await holder.key(READ, WRITE)
    other, _ = await holder.key(READ)

    answers = [
        await holder.rest(secret, "POST", KEYS, {"name": "k"}),
        *[
            await holder.rest(secret, method, f"{KEYS}/{key.id}", body)
            for key in (own, other)
            for method, body in (("PUT", {"name": "k"}), ("DELETE", None))
        ],
    ]
    listed = await holder.rest(secret, "GET", KEYS)
    created = await holder.graphql(secret, CREATE, input={"name": "k"})
    revoked = await holder.graphql(secret, REVOKE, id=str(other.id))

    assert {(answer.status_code, answer.json()["detail"]) for answer in answers} == {
        (403, MANAGER_NEEDED)
    }
    assert [key["name"] for key in listed.json()] == ["Demo key", "key", "key"]
    for answer in (created, revoked):
        (error,) = answer["errors"]
        assert error["extensions"]["code"] == "FORBIDDEN"


async def test_the_cookie_of_a_key_manages_no_more_than_the_key(holder: Holder) -> None:
    _, secret = await holder.key(READ, WRITE)
    await holder.client.post("/auth/login", json={"api_key": secret})

    answer = await holder.client.post(
        KEYS, json={"name": "k"}, headers={"X-Requested-With": "jackfield"}
    )

    assert (answer.status_code, answer.json()) == (403, {"detail": MANAGER_NEEDED})


@pytest.mark.parametrize(
    ("has", "lacks"), [((WRITE, ADMIN), READ), ((READ, WRITE), ADMIN), ((READ, ADMIN), WRITE)]
)
async def test_nobody_touches_a_key_that_may_do_more(
    fresh: Copy, holder: Holder, has: tuple[Permission, ...], lacks: Permission
) -> None:
    """With the admin permission by a key, without it by a token of the person."""
    mightier, _ = await holder.key(READ, WRITE, ADMIN, name="mightier")
    if ADMIN in has:
        _, secret = await holder.key(*has)
    else:
        secret = issue_token(settings_for(fresh.url), 1, user_id=1, permissions=has)

    path = f"{KEYS}/{mightier.id}"
    changes = [
        await holder.rest(secret, "PUT", path, {"name": "renamed"}),
        await holder.rest(secret, "PUT", path, {"is_active": False}),
        await holder.rest(secret, "DELETE", path),
    ]
    revoked = await holder.graphql(secret, REVOKE, id=str(mightier.id))

    (error,) = revoked["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert [change.status_code for change in changes] == [403] * 3
    if WRITE in has:
        words = f"This key has the {lacks} permission, which your credential lacks."
        assert {change.json()["detail"] for change in changes} == {words}
    _, reader = await holder.key(READ)
    listed = (await holder.rest(reader, "GET", KEYS)).json()
    assert [key["name"] for key in listed if key["is_active"]][1] == "mightier"


@pytest.mark.parametrize("ended", ["parent", "child"])
@pytest.mark.parametrize("by", ["revoked", "deleted", "expired", "elsewhere", "circle"])
async def test_a_key_ends_with_the_keys_that_it_descends_from(
    holder: Holder, by: str, ended: str
) -> None:
    parent, secret = await holder.key(READ, WRITE, ADMIN)
    child_id, child = await holder.child(secret)
    grandchild_id, grandchild = await holder.child(child)
    cookie = await holder.client.post("/auth/login", json={"api_key": grandchild})
    before = [await holder.status(each) for each in (secret, child, grandchild)]
    before.append((await holder.client.get("/api/auth/session/info")).status_code)

    await end(holder, by, parent.id if ended == "parent" else child_id, grandchild_id)

    assert [cookie.status_code, *before] == [200] * 5
    after = [await holder.status(each) for each in (child, grandchild)]
    after.append((await holder.client.get("/api/auth/session/info")).status_code)
    assert after == [401] * 3
    assert await holder.status(secret) == (200 if ended == "child" else 401)


async def end(holder: Holder, by: str, key_id: int, descendant: int) -> None:
    """End a key as the application does, or as only a hand in the table can."""
    _, manager = await holder.key(READ, WRITE, ADMIN)
    if by == "revoked":
        await holder.graphql(manager, REVOKE, id=str(key_id))
    elif by == "deleted":
        assert (await holder.rest(manager, "DELETE", f"{KEYS}/{key_id}")).status_code == 200
    elif by == "expired":
        await holder.change(key_id, expires_at=now() - timedelta(seconds=1))
    elif by == "elsewhere":
        await holder.change(key_id, organization_id=2, user_id=2, is_active=False)
    else:
        await holder.change(key_id, parent_id=descendant)


async def test_a_permission_taken_from_a_key_is_taken_from_its_descendants(holder: Holder) -> None:
    parent, secret = await holder.key(READ, WRITE, ADMIN)
    _, child = await holder.child(secret)
    grandchild_id, grandchild = await holder.child(child)
    _, manager = await holder.key(READ, WRITE, ADMIN)

    lowered = {"permissions": {"read": True, "admin": True}}
    await holder.rest(manager, "PUT", f"{KEYS}/{parent.id}", lowered)
    info = await holder.rest(grandchild, "GET", "/api/auth/session/info")
    path, words = f"{KEYS}/{grandchild_id}", {"read": True, "write": True}
    raised = await holder.rest(manager, "PUT", path, {"permissions": words})

    assert info.json()["permissions"] == ["read", "admin"]
    assert (raised.status_code, raised.json()) == (
        403,
        {
            "detail": "A key cannot have the write permission when the key that it was made with"
            " lacks it."
        },
    )


async def test_a_key_names_the_key_that_it_was_made_with_and_ends_no_later(holder: Holder) -> None:
    parent, secret = await holder.key(READ, WRITE, ADMIN, name="parent")
    soon = (now() + timedelta(days=1)).replace(microsecond=0)
    await holder.change(parent.id, expires_at=soon)

    later = (soon + timedelta(days=1)).isoformat()
    fields = {"name": "by GraphQL", "expiresAt": later}
    by_graphql = await holder.graphql(secret, CREATE, input=fields)
    by_rest = await holder.rest(secret, "POST", KEYS, {"name": "by REST"})
    token = issue_token(holder.here.app.state.settings, 1, user_id=1)
    by_login = await holder.rest(token, "POST", KEYS, {"name": "by a login"})

    key = by_graphql["data"]["createApiKey"]["apiKey"]
    assert key["parent"] == {"name": "parent"}
    assert key["expiresAt"] == by_rest.json()["api_key"]["expires_at"]
    assert by_rest.json()["api_key"]["parent_id"] == parent.id
    assert by_login.json()["api_key"]["parent_id"] is None


async def test_a_line_of_keys_is_bounded_and_verified_by_one_statement(holder: Holder) -> None:
    _, secret = await holder.key(READ, WRITE, ADMIN)
    for _ in range(MOST_ANCESTORS):
        _, secret = await holder.child(secret)

    refused = await holder.rest(secret, "POST", KEYS, {"name": "one more"})
    start = holder.here.log.mark()
    status = await holder.status(secret)
    ran = [text for text in holder.here.log.since(start) if "api_key" in text]

    assert (status, len(ran)) == (200, 1), ran
    assert (refused.status_code, refused.json()) == (
        403,
        {
            "detail": "This API key cannot make another: it is the last of 9 keys, each made with "
            "the one before. Log in, or use an earlier one of them."
        },
    )


async def test_a_deleted_ancestor_cannot_come_back_under_its_id(holder: Holder) -> None:
    parent, secret = await holder.key(READ, WRITE, ADMIN)
    _, child = await holder.child(secret)
    keys = table_of(ApiKey)
    async with holder.here.database.transaction() as connection:
        await connection.execute(delete(keys).where(keys.c.id >= parent.id, keys.c.name != "child"))

    newer, _ = await holder.key(READ, WRITE, ADMIN)

    assert newer.id > parent.id
    assert await holder.status(child) == 401
