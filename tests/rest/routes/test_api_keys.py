"""People make, list, change and delete their own API keys over REST."""

import re
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import insert, select

from gql.accounts.api_keys import issue_key
from gql.auth.bearer import issue_token
from gql.database import Database
from gql.identity import Permission
from gql.models.audit_log import AuditLog
from gql.models.organization import ApiKey, User
from gql.models.scope import table_of
from gql.models.types import now
from tests.conftest import bearer
from tests.databases import Copy, settings_for
from tests.rest.conftest import Rest
from tests.rest.people import installation, token_header
from tests.statements import OF_BACKGROUND_TASKS, StatementLog

KEYS = "/api/v1/users/me/api-keys"
MANAGER = {Permission.READ, Permission.WRITE, Permission.ADMIN}
READ_WRITE = {"read": True, "write": True, "admin": False}
METADATA = [
    "id",
    "user_id",
    "name",
    "key_prefix",
    "last_used_at",
    "usage_count",
    "is_active",
    "permissions",
    "rate_limit",
    "created_at",
    "updated_at",
    "expires_at",
    "parent_id",
]


async def test_a_key_is_shown_once_works_is_listed_changed_and_deleted(
    fresh_rest: Rest, fresh: Copy
) -> None:
    created = await fresh_rest("POST", KEYS, {"name": " Nightly "})
    key, plaintext = created.json()["api_key"], created.json()["key"]
    key_headers = token_header(plaintext)

    assert (created.status_code, created.headers["cache-control"]) == (201, "no-store")
    assert list(created.json()) == ["api_key", "key"]
    assert list(key) == METADATA
    assert re.fullmatch("burki_[a-z0-9]{32}", plaintext)
    assert key == {
        "id": key["id"],
        "user_id": fresh.organizations[0].user_id,
        "name": "Nightly",
        "key_prefix": plaintext[:12] + "...",
        "last_used_at": None,
        "usage_count": 0,
        "is_active": True,
        "permissions": READ_WRITE,
        "rate_limit": {},
        "created_at": key["created_at"],
        "updated_at": key["created_at"],
        "expires_at": None,
        "parent_id": 1,
    }

    listed = await fresh_rest("GET", KEYS, headers=key_headers)
    assert [each["name"] for each in listed.json()] == ["Demo key", "Nightly"]
    assert listed.json()[1] == key
    assert plaintext not in listed.text

    changes = {"name": "Weekly", "permissions": {"read": True}, "is_active": None}
    changed = await fresh_rest("PUT", f"{KEYS}/{key['id']}", changes)
    assert changed.status_code == 200
    assert changed.json() == {
        **key,
        "name": "Weekly",
        "permissions": {"read": True, "write": False, "admin": False},
        "updated_at": changed.json()["updated_at"],
    }

    deleted = await fresh_rest("DELETE", f"{KEYS}/{key['id']}")
    assert (deleted.status_code, deleted.json()) == (
        200,
        {"success": True, "message": "API key 'Weekly' deleted successfully"},
    )
    after = await fresh_rest("GET", f"{KEYS}/")
    assert [each["name"] for each in after.json()] == ["Demo key"]
    again = await fresh_rest("DELETE", f"{KEYS}/{key['id']}/")
    assert (again.status_code, again.json()) == (
        404,
        {"detail": f"There is no api key {key['id']} in your organization."},
    )


async def test_a_deleted_key_and_a_revoked_one_are_refused(fresh: Copy) -> None:
    owner = bearer(fresh.organizations[0])
    async with installation(fresh) as here, here.browser() as client:
        keys = [(await client.post(KEYS, json={"name": "k"}, headers=owner)).json()] * 1
        keys += [(await client.post(KEYS, json={"name": "k"}, headers=owner)).json()]
        first, second = (f"{KEYS}/{key['api_key']['id']}" for key in keys)
        await client.delete(first, headers=owner)
        revoked = await client.put(second, json={"is_active": False}, headers=owner)
        back = await client.put(second, json={"is_active": True}, headers=owner)
        statuses = [
            (await client.get(KEYS, headers=token_header(key["key"]))).status_code for key in keys
        ]

    assert (revoked.status_code, revoked.json()["is_active"]) == (200, False)
    assert (back.status_code, back.json()) == (
        409,
        {"detail": "A revoked key stays revoked; make a new one."},
    )
    assert statuses == [401, 401]


@pytest.mark.parametrize(
    ("permissions", "status"),
    [
        (None, 201),
        ({"read": True}, 201),
        ({"read": True, "admin": False}, 201),
        ({"admin": True}, 403),
        ({"read": True, "write": True, "admin": True}, 403),
    ],
)
async def test_a_key_may_do_nothing_that_its_maker_may_not(
    fresh: Copy, fresh_rest: Rest, permissions: Any, status: int
) -> None:
    headers = token_header(issue_token(settings_for(fresh.url), 1, user_id=1))
    earlier = (await fresh_rest("POST", KEYS, {"name": "earlier"}, headers=headers)).json()
    body = {"name": "k", "permissions": permissions}

    created = await fresh_rest("POST", KEYS, body, headers=headers)
    path = f"{KEYS}/{earlier['api_key']['id']}"
    changed = await fresh_rest("PUT", path, {"permissions": permissions}, headers=headers)

    assert (created.status_code, changed.status_code) == (status, 200 if status == 201 else 403)
    if status == 403:
        words = {"detail": "A key cannot have the admin permission when its maker lacks it."}
        assert [created.json(), changed.json()] == [words, words]
    assert fresh.organizations


async def test_without_words_a_key_gets_what_its_maker_has_of_the_usual(fresh: Copy) -> None:
    settings = settings_for(fresh.url)
    token = issue_token(settings, 1, user_id=1, permissions={Permission.WRITE})
    async with installation(fresh) as here, here.browser() as client:
        created = await client.post(KEYS, json={"name": "k"}, headers=token_header(token))

    assert created.json()["api_key"]["permissions"] == {**READ_WRITE, "read": False}


async def test_a_key_made_with_a_key_ends_no_later_than_that(fresh: Copy) -> None:
    end = (now() + timedelta(days=3)).replace(microsecond=0)
    async with installation(fresh) as here, here.browser() as client:
        _, maker = await issue_key(
            here.database, 1, name="maker", permissions=MANAGER, user_id=1, expires_at=end
        )
        created = await client.post(KEYS, json={"name": "k"}, headers=token_header(maker))

    assert created.json()["api_key"]["expires_at"] == end.isoformat().replace("+00:00", "Z")


async def test_who_was_just_shut_out_cannot_make_a_key_to_come_back(fresh: Copy) -> None:
    """Shut out by SQL, which tells no process, so that each still knows the credential."""
    async with installation(fresh, credential_ttl=5) as here, here.browser() as client:
        stored, maker = await issue_key(
            here.database, 1, name="maker", permissions=MANAGER, user_id=1
        )
        token = issue_token(settings_for(fresh.url), 1, user_id=1)
        for secret in (maker, token):
            assert (await client.get(KEYS, headers=token_header(secret))).status_code == 200
        keys, users = table_of(ApiKey), table_of(User)
        async with here.database.transaction() as connection:
            await connection.execute(
                keys.update().where(keys.c.id == stored.id).values(is_active=False)
            )
        by_key = await client.post(KEYS, json={"name": "k"}, headers=token_header(maker))
        async with here.database.transaction() as connection:
            await connection.execute(users.update().where(users.c.id == 1).values(is_active=False))
        by_token = await client.post(KEYS, json={"name": "k"}, headers=token_header(token))

    assert [by_key.status_code, by_token.status_code] == [401, 401]
    assert by_key.json() == {
        "detail": "Your API key has been revoked or has expired; use another one."
    }
    assert by_token.json() == {"detail": "Your user has been deactivated; ask an administrator."}


async def test_everything_wrong_with_a_key_is_told_at_once(rest: Rest) -> None:
    body = {"name": "x" * 101, "permissions": {"documents": "read_write", "read": 1}}

    response = await rest("POST", KEYS, body)

    name = "name has 101 characters, but may have at most 100"
    documents = (
        "permissions.documents is not a permission; there are read, write, admin, ingest for"
        " objects of all kinds, or in place of these assistants, graphs, calls, sms, costs"
    )
    read = "permissions.read must be true or false"
    assert (response.status_code, response.json()) == (
        400,
        {
            "detail": f"{name}; {documents}; {read}",
            "errors": [
                {
                    "type": "too_long",
                    "loc": ["body", "name"],
                    "msg": name,
                },
                {
                    "type": "invalid",
                    "loc": ["body", "permissions", "documents"],
                    "msg": documents,
                },
                {
                    "type": "invalid",
                    "loc": ["body", "permissions", "read"],
                    "msg": read,
                },
            ],
        },
    )


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"name": None}, 422),
        ({"name": "k", "permissions": []}, 422),
        ({"name": " "}, 400),
        ({"name": "k", "permissions": {}}, 400),
        ({"name": "k", "permissions": {"read": False}}, 400),
    ],
)
async def test_a_body_that_makes_no_key_is_refused(rest: Rest, body: Any, status: int) -> None:
    assert (await rest("POST", KEYS, body)).status_code == status


@pytest.mark.parametrize(
    ("key_id", "status"), [("0", 404), ("-1", 404), ("9" * 30, 404), ("x", 422)]
)
async def test_an_id_that_is_none_is_answered_as_such(rest: Rest, key_id: str, status: int) -> None:
    for method, body in (("PUT", {"name": "k"}), ("DELETE", None)):
        assert (await rest(method, f"{KEYS}/{key_id}", body)).status_code == status


async def test_the_keys_of_others_are_not_there(
    fresh: Copy, fresh_rest: Rest, fresh_database: Database
) -> None:
    colleague = await _colleague(fresh_database)
    created = (await fresh_rest("POST", KEYS, {"name": "mine"})).json()
    path = f"{KEYS}/{created['api_key']['id']}"

    for headers in (token_header(colleague), bearer(fresh.organizations[1])):
        listed = await fresh_rest("GET", KEYS, headers=headers)
        assert created["api_key"]["id"] not in [key["id"] for key in listed.json()]
        for method, body in (("PUT", {"name": "stolen"}), ("DELETE", None)):
            answer = await fresh_rest(method, path, body, headers=headers)
            assert answer.status_code == 404
    listed = await fresh_rest("GET", KEYS)
    assert listed.json()[-1] == created["api_key"]


async def test_a_credential_of_nobody_in_particular_has_no_keys(
    fresh: Copy, fresh_rest: Rest, fresh_database: Database
) -> None:
    _, nobody = await issue_key(
        fresh_database, 1, name="nobody's", permissions=frozenset(Permission)
    )
    headers = token_header(nobody)
    answers = [
        await fresh_rest("GET", KEYS, headers=headers),
        await fresh_rest("POST", KEYS, {"name": "k"}, headers=headers),
        await fresh_rest("PUT", f"{KEYS}/1", {"name": "k"}, headers=headers),
        await fresh_rest("DELETE", f"{KEYS}/1", headers=headers),
    ]

    words = (
        "This needs a person: your credential belongs to the organization, not to one of its "
        "people. Log in, or use an API key that was made for a person."
    )
    assert [(answer.status_code, answer.json()) for answer in answers] == [
        (403, {"detail": words})
    ] * 4
    assert fresh.organizations


async def test_who_may_only_read_makes_no_keys(
    fresh: Copy, fresh_client: httpx2.AsyncClient
) -> None:
    token = issue_token(settings_for(fresh.url), 1, user_id=1, permissions={Permission.READ})

    answer = await fresh_client.post(KEYS, json={"name": "k"}, headers=token_header(token))

    assert (answer.status_code, answer.json()) == (
        403,
        {"detail": "This needs the write permission, which your credential lacks."},
    )


async def test_every_change_is_in_the_audit_log_without_the_key(
    fresh_rest: Rest, fresh_database: Database
) -> None:
    created = (await fresh_rest("POST", KEYS, {"name": "k"})).json()
    key_id = created["api_key"]["id"]
    await fresh_rest("PUT", f"{KEYS}/{key_id}", {"name": "k2"})
    await fresh_rest("PUT", f"{KEYS}/{key_id}", {})
    await fresh_rest("DELETE", f"{KEYS}/{key_id}")

    log = table_of(AuditLog)
    snapshot = fresh_database.snapshot()
    statement = select(log).where(log.c.object_type == "api_key").order_by(log.c.id)
    rows = [row._mapping for row in await snapshot.rows(statement)]  # noqa: SLF001
    await snapshot.close()
    whole = {
        "name": "k",
        "key_prefix": created["api_key"]["key_prefix"],
        "permissions": ["read", "write"],
        "is_active": True,
        "expires_at": None,
        "parent_id": 1,
    }
    entries = [(row["action"], row["object_id"], row["before"], row["after"]) for row in rows]
    assert entries == [
        ("api_key.create", key_id, None, whole),
        ("api_key.update", key_id, {"name": "k"}, {"name": "k2"}),
        ("api_key.delete", key_id, {**whole, "name": "k2"}, None),
    ]
    assert {(row["user_id"], row["api_key_id"]) for row in rows} == {(1, 1)}
    assert created["key"] not in str(rows)


async def test_an_idempotency_key_does_not_keep_a_secret(fresh_rest: Rest) -> None:
    twice = [
        await fresh_rest("POST", KEYS, {"name": "k"}, more={"Idempotency-Key": "one"})
        for _ in range(2)
    ]

    assert [answer.status_code for answer in twice] == [201, 201]
    assert twice[0].json()["key"] != twice[1].json()["key"]


async def test_a_page_of_keys_costs_one_statement_and_a_new_key_four(
    fresh_rest: Rest, fresh_log: StatementLog
) -> None:
    for name in "abc":
        await fresh_rest("POST", KEYS, {"name": name})

    start = fresh_log.mark()
    page = await fresh_rest("GET", f"{KEYS}?skip=1&limit=2")
    read = _statements(fresh_log.since(start))
    start = fresh_log.mark()
    await fresh_rest("POST", KEYS, {"name": "d"})
    written = _statements(fresh_log.since(start))

    assert [key["name"] for key in page.json()] == ["a", "b"]
    assert [len(read), len(written)] == [1, 4], (read, written)


def _statements(texts: list[str]) -> list[str]:
    """Those about keys count here: the key of the owner is remembered by then."""
    verbs = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH RECURSIVE lineage")
    own = [text for text in texts if not OF_BACKGROUND_TASKS.match(text)]
    return [text for text in own if text.startswith(verbs)]


async def _colleague(database: Database) -> str:
    """The key of somebody else in the first organization."""
    users = table_of(User)
    row = User(organization_id=1, email="eve@example.com", name="Eve").model_dump(exclude={"id"})
    async with database.transaction() as connection:
        created = await connection.execute(insert(users).values(row).returning(users.c.id))
        user_id = int(created.scalar_one())
    _, key = await issue_key(
        database, 1, name="eve's", permissions=frozenset(Permission), user_id=user_id
    )
    return key


async def test_a_key_is_changed_in_the_form_of_the_vendor(fresh_rest: Rest) -> None:
    """The name in the address, and the permissions alone as the body, if there is one."""
    created = (await fresh_rest("POST", KEYS, {"name": "Old"})).json()["api_key"]
    path = f"{KEYS}/{created['id']}"
    named = await fresh_rest("PUT", f"{path}?name=New")
    bare = await fresh_rest("PUT", f"{path}?name=Newer", {"read": True, "write": False})
    own = await fresh_rest("PUT", f"{path}?name=x", {"name": "Newest"})
    kinds = await fresh_rest("PUT", path, {"assistants": "read_write"})

    assert (named.status_code, named.json()["name"]) == (200, "New")
    assert bare.json()["name"] == "Newer"
    assert bare.json()["permissions"] == {"read": True, "write": False, "admin": False}
    assert own.json()["name"] == "Newest"
    assert (kinds.status_code, kinds.json()["permissions"]) == (200, {"assistants": "read_write"})
