"""`keys` and `token` make credentials that the gateway accepts."""

import json
from typing import Any

import pytest

from tests.cli.conftest import Cli
from tests.conftest import GraphQL
from tests.databases import Copy, settings_for

VIEWER = "{ viewer { method permissions } }"


async def viewer(graphql: GraphQL, credential: str) -> dict[str, Any]:
    return await graphql(VIEWER, headers={"Authorization": f"Bearer {credential}"})


async def test_a_key_works_is_listed_without_itself_and_ends_when_revoked(
    cli: Cli, fresh: Copy, fresh_graphql: GraphQL
) -> None:
    where = ("-o", "1", "--database", fresh.url)
    created = await cli("keys", "create", "nightly", "--permission", "read", "--json", *where)
    key = json.loads(created.out)
    plaintext = key.pop("api_key")

    answer = await viewer(fresh_graphql, plaintext)
    assert answer == {"data": {"viewer": {"method": "API_KEY", "permissions": ["READ"]}}}

    listed = await cli("keys", "list", "--json", *where)
    assert json.loads(listed.out)[-1] == key
    assert key == {
        "id": key["id"],
        "parent_id": None,
        "name": "nightly",
        "key_prefix": plaintext[:12] + "...",
        "permissions": ["read"],
        "is_active": True,
        "expires_at": None,
        "last_used_at": None,
        "usage_count": 0,
    }
    table = await cli("keys", "list", *where)
    assert "nightly" in table.out
    assert plaintext not in listed.out + table.out

    revoked = await cli("keys", "revoke", str(key["id"]), *where)
    assert revoked.out == f"Revoked key {key['id']}, nightly ({key['key_prefix']}).\n"
    after = await cli("keys", "list", "--json", *where)
    assert json.loads(after.out)[-1] == {**key, "is_active": False}


async def test_a_key_alone_is_all_that_is_printed(
    cli: Cli, fresh: Copy, fresh_graphql: GraphQL
) -> None:
    result = await cli("keys", "create", "k", "--days", "1", "-o", "2", "--database", fresh.url)

    answer = await viewer(fresh_graphql, result.out.removesuffix("\n"))
    assert answer["data"]["viewer"]["permissions"] == ["READ", "WRITE"]


async def test_a_key_for_kinds_of_objects_is_made_and_listed(
    cli: Cli, fresh: Copy, fresh_graphql: GraphQL
) -> None:
    where = ("-o", "1", "--database", fresh.url)
    permits = ("--permit", "calls=read", "--permit", "assistants=read_write")
    created = await cli("keys", "create", "k", *permits, *where)
    listed = await cli("keys", "list", "--json", *where)

    headers = {"Authorization": f"Bearer {created.out.strip()}"}
    answer = await fresh_graphql("{ viewer { kinds } }", headers=headers)
    assert answer["data"]["viewer"]["kinds"] == {"assistants": "read_write", "calls": "read"}
    assert json.loads(listed.out)[-1]["permissions"] == ["assistants=read_write", "calls=read"]


@pytest.mark.parametrize(
    "options",
    [
        ("--permit", "calls"),
        ("--permit", "calls=none"),
        ("--permit", "documents=read"),
        ("--permit", "calls=read", "--permit", "calls=read_write"),
        ("--permit", "calls=read", "--permission", "read"),
    ],
)
async def test_kinds_that_cannot_be_are_refused(
    cli: Cli, fresh: Copy, options: tuple[str, ...]
) -> None:
    result = await cli("keys", "create", "k", *options, "-o", "1", "--database", fresh.url)

    assert (result.code, result.out) == (2, "")
    assert "--permi" in result.err


async def test_the_key_of_another_organization_cannot_be_revoked(cli: Cli, fresh: Copy) -> None:
    listed = await cli("keys", "list", "--json", "-o", "1", "--database", fresh.url)
    key_id = json.loads(listed.out)[0]["id"]

    result = await cli("keys", "revoke", str(key_id), "-o", "2", "--database", fresh.url)

    assert (result.code, result.out) == (1, "")
    assert f"The organization has no api key {key_id}." in result.err


async def test_an_organization_that_is_not_there_is_named(cli: Cli, fresh: Copy) -> None:
    created = await cli("keys", "create", "x", "-o", "99", "--database", fresh.url)
    listed = await cli("keys", "list", "-o", "99", "--database", fresh.url)

    assert created.code == 1
    assert created.err == (
        "There is no organization 99.\njackfield organizations list shows those that are there.\n"
    )
    assert listed.out == "Organization 99 has no keys: make one with jackfield keys create.\n"


async def test_the_start_of_a_key_is_printed_whole_in_a_narrow_terminal(
    cli: Cli, fresh: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    database = ("-o", "1", "--database", fresh.url)
    created = await cli("keys", "create", "a name of several words", *database)

    listed = await cli("keys", "list", *database)

    assert f" {created.out[:12]}... " in listed.out


async def test_a_token_is_accepted(
    cli: Cli, graphql: GraphQL, shared: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = settings_for("sqlite:///unused").jwt_secret
    assert secret is not None
    monkeypatch.setenv("GQL_JWT_SECRET", secret.get_secret_value())

    result = await cli("token", "--permission", "read", "--database", shared.url)

    answer = await viewer(graphql, result.out.removesuffix("\n"))
    assert answer == {"data": {"viewer": {"method": "BEARER", "permissions": ["READ"]}}}


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("-o", "99"), "There is no organization 99."),
        (("--user", "9999"), "The organization has no user 9999."),
    ],
)
async def test_no_token_is_made_for_nobody(
    cli: Cli,
    shared: Copy,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    problem: str,
) -> None:
    monkeypatch.setenv("GQL_JWT_SECRET", "x" * 32)

    result = await cli("token", *words, "--database", shared.url)

    assert (result.code, result.out) == (1, "")
    assert result.err.splitlines()[0] == problem


async def test_without_a_secret_there_is_no_token(cli: Cli) -> None:
    result = await cli("token")

    assert (result.code, result.out) == (1, "")
    assert "GQL_JWT_SECRET" in result.err


async def test_the_explain_permission_is_given_here_and_viewer_shows_it(
    cli: Cli, fresh: Copy, fresh_graphql: GraphQL
) -> None:
    words = ("--permission", "read", "--permission", "explain", "-o", "1")
    created = await cli("keys", "create", "tuning", *words, "--database", fresh.url)

    answer = await viewer(fresh_graphql, created.out.strip())

    assert answer == {"data": {"viewer": {"method": "API_KEY", "permissions": ["READ", "EXPLAIN"]}}}


async def test_no_token_carries_the_explain_permission(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GQL_JWT_SECRET", "x" * 32)

    result = await cli("token", "--permission", "explain")

    assert (result.code, result.out) == (1, "")
    assert "A token cannot carry the explain permission; an API key can." in result.err
