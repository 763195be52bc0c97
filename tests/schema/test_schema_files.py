"""The schema as files, for whoever may read it by introspection."""

import json
from pathlib import Path

import httpx2
import pytest
from graphql import build_schema, is_object_type

from gql.app import create_app
from tests.conftest import bearer, connect
from tests.databases import Copy, settings_for
from tests.lifespan import running

PATHS = ("/schema.graphql", "/possible-types.json")
CLOSED = "This gateway does not publish its schema: GQL_INTROSPECTION or GQL_SCHEMA_FILES is off."
ROOT = Path(__file__).parents[2]


async def test_the_schema_is_the_committed_one(
    client: httpx2.AsyncClient, owner: dict[str, str]
) -> None:
    response = await client.get("/schema.graphql", headers=owner)
    again = await client.get(
        "/schema.graphql", headers={**owner, "If-None-Match": response.headers["etag"]}
    )

    assert response.text == (ROOT / "schema.graphql").read_text()
    assert response.headers["content-type"] == "application/graphql; charset=utf-8"
    assert response.headers["cache-control"] == "private, no-cache"
    assert (again.status_code, again.content) == (304, b"")


async def test_possible_types_are_those_of_the_schema(
    client: httpx2.AsyncClient, owner: dict[str, str]
) -> None:
    """Computed from the text at the other address, by what each type says it implements."""
    built = build_schema((ROOT / "schema.graphql").read_text())
    expected: dict[str, list[str]] = {}
    for name, kind in sorted(built.type_map.items()):
        if is_object_type(kind):
            for interface in kind.interfaces:
                expected.setdefault(interface.name, []).append(name)

    response = await client.get("/possible-types.json", headers=owner)

    assert json.loads(response.content) == expected
    assert {"Call", "SmsConversation"} <= set(expected["CallRecord"])


@pytest.mark.parametrize("path", PATHS)
async def test_nobody_reads_them_without_a_credential(
    client: httpx2.AsyncClient, path: str
) -> None:
    response = await client.get(path)

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("setting", ["introspection", "schema_files"])
async def test_a_setting_closes_them(shared: Copy, setting: str) -> None:
    app = create_app(settings_for(shared.url, **{setting: False}))
    async with running(app), connect(app) as client:
        headers = bearer(shared.organizations[0])
        answers = [await client.get(path, headers=headers) for path in PATHS]

    assert {(each.status_code, each.json()["detail"]) for each in answers} == {(404, CLOSED)}
