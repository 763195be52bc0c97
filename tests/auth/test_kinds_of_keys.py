"""Permissions per kind of object: how keys get and keep them, and what they never let through."""

from collections.abc import Mapping
from typing import Any

import httpx2
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from gql.accounts.api_keys import change_key, issue_key
from gql.accounts.key_permissions import granted_kinds, granted_permissions
from gql.auth.credential_source import COOKIE
from gql.database import Database
from gql.engine.document import Request
from gql.identity import Permission
from gql.kinds import Kind, Level, access_of
from gql.models.audit_log import AuditLog
from gql.models.scope import table_of
from gql.schema.kind_checks import KindChecks, OperationKinds
from tests.conftest import GraphQL, bearer
from tests.databases import Copy
from tests.events.sockets import connected, opened
from tests.events.sse import following
from tests.limited_keys import key_for, only_refused
from tests.rest.people import installation, token_header

KEYS = "/api/v1/users/me/api-keys"
VENDORS_BODY = {"name": "Assistants only", "permissions": {"assistants": "read_write"}}
VIEWER = "{ viewer { permissions kinds } }"
READ, READ_WRITE = Level.READ, Level.READ_WRITE
ASSISTANTS = {Kind.ASSISTANTS: READ_WRITE}
CREATE = """mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) {
    secret userErrors { message path } } }"""
NAMES = "{ assistants(first: 1) { nodes { name } } }"
CALLS = "{ calls(first: 1) { totalCount } }"


def refusal(kind: str, level: str) -> str:
    return f"This needs the permission {kind}: {level}, which your API key lacks."


async def test_the_body_of_the_vendor_makes_a_key_that_is_shown_so(
    fresh_client: httpx2.AsyncClient, fresh: Copy, fresh_graphql: GraphQL
) -> None:
    owner = bearer(fresh.organizations[0])
    created = await fresh_client.post(KEYS, json=VENDORS_BODY, headers=owner)
    headers = token_header(created.json()["key"])
    listed = await fresh_client.get(KEYS, headers=owner)
    viewer = await fresh_graphql(VIEWER, headers=headers)
    info = await fresh_client.get("/api/auth/session/info", headers=headers)

    assert created.status_code == 201
    assert created.json()["api_key"]["permissions"] == VENDORS_BODY["permissions"]
    assert listed.json()[-1]["permissions"] == VENDORS_BODY["permissions"]
    assert viewer["data"]["viewer"] == {
        "permissions": ["READ", "WRITE"],
        "kinds": {"assistants": "read_write"},
    }
    assert info.json()["kinds"] == {"assistants": "read_write"}
    assert "errors" not in await fresh_graphql(NAMES, headers=headers)
    assert only_refused(await fresh_graphql(CALLS, headers=headers))


async def test_the_refusal_says_what_is_missing_and_where(
    fresh_database: Database, fresh_client: httpx2.AsyncClient
) -> None:
    headers = await key_for(fresh_database, {Kind.ASSISTANTS: READ})
    document = "{ all: assistants { nodes { id calls { totalCount } } } graphs { totalCount } }"
    answer = await fresh_client.post("/graphql", json={"query": document}, headers=headers)
    rest = await fresh_client.get("/api/v1/calls", headers=headers)
    change = await fresh_client.delete("/api/v1/sms-sessions", headers=headers)

    errors = answer.json()
    request_ids = {each["extensions"].pop("requestId") for each in errors["errors"]}
    assert (answer.status_code, len(request_ids)) == (403, 1)
    assert errors == {
        "errors": [
            {
                "message": refusal("calls", "read"),
                "locations": [{"line": 1, "column": 32}],
                "path": ["all", "nodes", "calls"],
                "extensions": {"code": "FORBIDDEN", "missing": {"calls": "read"}},
            },
            {
                "message": refusal("graphs", "read"),
                "locations": [{"line": 1, "column": 57}],
                "path": ["graphs"],
                "extensions": {"code": "FORBIDDEN", "missing": {"graphs": "read"}},
            },
        ]
    }
    assert (rest.status_code, rest.json()) == (403, {"detail": refusal("calls", "read")})
    assert (change.status_code, change.json()) == (
        403,
        {"detail": "This needs the write permission, which your credential lacks."},
    )


@pytest.mark.parametrize(
    ("permissions", "message"),
    [
        ({"documents": "read"}, "is not a permission; there are read, write, admin, ingest"),
        ({"calls": "write"}, "must be one of none, read, read_write"),
        ({"calls": True}, "must be one of none, read, read_write"),
        ({"calls": ["read"]}, "must be one of none, read, read_write"),
        ({"calls": "none"}, "must grant something"),
        ({"calls": "read", "write": True}, "cannot be beside permissions per kind of object"),
    ],
)
async def test_levels_that_cannot_be_are_refused(
    fresh_client: httpx2.AsyncClient, fresh: Copy, permissions: Mapping[str, Any], message: str
) -> None:
    body = {"name": "k", "permissions": permissions}
    answer = await fresh_client.post(KEYS, json=body, headers=bearer(fresh.organizations[0]))

    assert answer.status_code == 400
    assert message in answer.json()["detail"]


async def test_a_key_is_limited_to_kinds_later_at_once_and_for_its_children(
    fresh_client: httpx2.AsyncClient, fresh: Copy, fresh_graphql: GraphQL, fresh_database: Database
) -> None:
    owner = bearer(fresh.organizations[0])
    words = {"read": True, "write": True, "admin": True}
    parent = (
        await fresh_client.post(KEYS, json={"name": "p", "permissions": words}, headers=owner)
    ).json()
    parent_headers = token_header(parent["key"])
    children = [
        (await fresh_client.post(KEYS, json={"name": "c", **more}, headers=parent_headers)).json()
        for more in ({}, {"permissions": {"calls": "read_write", "assistants": "read_write"}})
    ]
    levels = {"assistants": "read", "graphs": "read_write"}
    path = f"{KEYS}/{parent['api_key']['id']}"
    changed = await fresh_client.put(path, json=levels, headers=owner)

    assert (changed.status_code, changed.json()["permissions"]) == (200, levels)
    shown = [
        (await fresh_graphql(VIEWER, headers=token_header(each["key"])))["data"]["viewer"]
        for each in (parent, *children)
    ]
    assert [each["kinds"] for each in shown] == [levels, levels, {"assistants": "read"}]
    async with fresh_database.engine.connect() as connection:
        log = table_of(AuditLog)
        rows = await connection.execute(
            select(log.c.before, log.c.after).where(log.c.action == "api_key.update")
        )
        assert [tuple(row) for row in rows] == [
            (
                {"permissions": ["admin", "read", "write"]},
                {"permissions": ["assistants=read", "graphs=read_write"]},
            )
        ]


async def test_a_parent_that_may_only_read_limits_the_levels_of_its_child(
    fresh_database: Database, fresh_graphql: GraphQL
) -> None:
    parent, _ = await issue_key(fresh_database, 1, name="p", permissions={Permission.READ})
    _, child = await issue_key(
        fresh_database,
        1,
        name="c",
        permissions=(),
        kinds=access_of({Kind.ASSISTANTS: READ_WRITE, Kind.CALLS: READ}),
        parent_id=parent.id,
    )

    answer = await fresh_graphql(VIEWER, headers=token_header(child))

    assert answer["data"]["viewer"] == {
        "permissions": ["READ"],
        "kinds": {"assistants": "read", "calls": "read"},
    }


async def test_graphql_makes_such_keys_too(fresh_graphql: GraphQL) -> None:
    levels = {"sms": "read", "calls": "read_write"}
    created = await fresh_graphql(CREATE, {"input": {"name": "k", "kinds": levels}})
    wrong = [
        (await fresh_graphql(CREATE, {"input": {"name": "k", "kinds": kinds}}))["data"]
        for kinds in ({"x": "read"}, {"sms": "write"}, {"sms": "none"}, {}, ["sms"])
    ]

    secret = created["data"]["createApiKey"]["secret"]
    viewer = await fresh_graphql(VIEWER, headers=token_header(secret))
    assert viewer["data"]["viewer"]["kinds"] == {"calls": "read_write", "sms": "read"}
    assert [each["createApiKey"]["userErrors"][0]["message"] for each in wrong] == [
        "kinds.x is not a kind of object; there are assistants, graphs, calls, sms, costs",
        "kinds.sms must be one of none, read, read_write",
        "kinds must grant something",
        "kinds must grant something",
        "kinds must be an object",
    ]


@pytest.mark.parametrize(
    ("stored", "levels", "permissions"),
    [
        ({"calls": "read"}, {Kind.CALLS: READ}, {Permission.READ}),
        ({"calls": "none", "read": True}, {}, set()),
        ({"calls": "read", "admin": True}, {Kind.CALLS: READ}, {Permission.READ}),
        ({"calls": "admin", "sms": 1, "graphs": ["read"]}, {}, set()),
        ({"calls": None}, {}, set()),
    ],
)
def test_what_is_stored_with_a_kind_grants_levels_alone(
    stored: Mapping[str, Any], levels: Mapping[Kind, Level], permissions: set[Permission]
) -> None:
    assert granted_kinds(stored) == access_of(levels)
    assert granted_permissions(stored) == permissions


def test_what_is_stored_without_a_kind_is_not_limited() -> None:
    assert granted_kinds({"read": True, "documents": "read"}) is None


async def test_a_cookie_has_the_levels_of_its_key_and_keeps_them(fresh: Copy) -> None:
    async with installation(fresh) as here, here.browser() as client:
        key, secret = await issue_key(
            here.database, 1, name="k", permissions=(), kinds=access_of(ASSISTANTS)
        )
        await client.post("/auth/login", json={"api_key": secret})
        assert COOKIE in client.cookies

        async def ask(query: str) -> Any:
            sent = {"X-Requested-With": "x"}
            return (await client.post("/graphql", json={"query": query}, headers=sent)).json()

        before = await ask(VIEWER)
        refused = await ask(CALLS)
        manage = await client.post(KEYS, json={"name": "k"}, headers={"X-Requested-With": "x"})
        widened = []
        for permissions in ({"read": True, "write": True}, {"assistants": "read", "calls": "read"}):
            await change_key(here.database, 1, key.id, permissions=permissions)
            widened.append((await ask(VIEWER))["data"]["viewer"]["kinds"])

    assert before["data"]["viewer"]["kinds"] == {"assistants": "read_write"}
    assert only_refused(refused)
    assert manage.status_code == 403
    assert widened == [{"assistants": "read_write"}, {"assistants": "read"}]


REFERENCE = """mutation ($input: ReplaceGraphStructureInput!) {
    replaceGraphStructure(input: $input) { userErrors { message } } }"""
NODE = {"key": "a", "assistantId": "1"}


@pytest.mark.parametrize(
    ("document", "variables", "is_allowed"),
    [
        ("query ($id: ID!) { node(id: $id) { id } }", {"id": "call_101"}, False),
        ("query ($id: ID!) { node(id: $id) { id } }", {"id": "graph_1"}, True),
        ('query ($id: ID! = "call_101") { node(id: $id) { id } }', {}, False),
        ('query ($id: ID! = "call_101") { node(id: $id) { id } }', {"id": "graph_1"}, True),
        ("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": "call_101"}, False),
        ("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ["graph_1"]}, True),
        ('query ($id: ID!) { nodes(ids: ["graph_1", $id]) { id } }', {"id": "call_101"}, False),
        ('query ($id: ID!) { nodes(ids: [$id, "call_101"]) { id } }', {"id": "graph_1"}, False),
        ('{ node(id: "graph_1") { ... on Call { assistant { name } } } }', {}, False),
        ('{ node(id: "graph_1") { ...C } } fragment C on Call { graph { id } }', {}, True),
        (
            "{ graphs { nodes { ...G } } } fragment G on AssistantGraph { calls { __typename } }",
            {},
            False,
        ),
        ("{ graphs { totalCount } calls @skip(if: true) { totalCount } }", {}, False),
        ("query ($no: Boolean = false) { calls @include(if: $no) { totalCount } }", {}, False),
        ("{ __schema { queryType { name } } viewer { organization { name } } }", {}, True),
        ("query A { graphs { totalCount } } query B { calls { totalCount } }", {"+": "A"}, True),
        ("query A { graphs { totalCount } } query B { calls { totalCount } }", {"+": "B"}, False),
        (REFERENCE, {"input": {"id": "1", "nodes": [], "edges": [], "dryRun": True}}, True),
        (REFERENCE, {"input": {"id": "1", "nodes": [NODE], "edges": []}}, False),
        (REFERENCE, {"input": {"id": "1", "nodes": NODE, "edges": []}}, False),
        (
            """mutation ($a: ID!) { updateGraphNode(input: {id: "101", assistantId: $a}) {
                userErrors { message } } }""",
            {"a": "2"},
            False,
        ),
        (
            """mutation { renamed: updateGraph(input: {id: "1", name: "New"}) {
                graph { nodes { assistant { name } } } } }""",
            {},
            False,
        ),
    ],
)
async def test_whatever_leads_to_another_kind_is_seen(
    fresh_database: Database,
    fresh_client: httpx2.AsyncClient,
    document: str,
    variables: dict[str, Any],
    is_allowed: bool,
) -> None:
    headers = await key_for(fresh_database, {Kind.GRAPHS: READ_WRITE})
    name = variables.get("+")
    sent = {each: value for each, value in variables.items() if each != "+"}
    body = {"query": document, "variables": sent, "operationName": name}
    answer = (await fresh_client.post("/graphql", json=body, headers=headers)).json()

    assert only_refused(answer) is not bool(is_allowed), answer
    assert is_allowed or "data" not in answer


async def test_answers_that_are_remembered_reach_no_other_key(
    fresh_database: Database, fresh_client: httpx2.AsyncClient, fresh: Copy
) -> None:
    """Neither the answer cache nor a 304 knows the kinds of a key: the check comes before both."""
    owner = bearer(fresh.organizations[0])
    limited = await key_for(fresh_database, ASSISTANTS)
    documents = (
        CALLS,
        "{ calls(first: 100) { nodes { id messages(first: 100) { totalCount } } } }",
    )
    for document in documents:
        address = "/graphql?" + str(httpx2.QueryParams({"query": document}))
        first = await fresh_client.get(address, headers=owner)
        tag = {"If-None-Match": first.headers["etag"]}
        again = await fresh_client.get(address, headers={**owner, **tag})
        refused = await fresh_client.get(address, headers={**limited, **tag})
        posted = await fresh_client.post("/graphql", json={"query": document}, headers=limited)
        assert (first.status_code, again.status_code) == (200, 304)
        assert (refused.status_code, posted.status_code) == (403, 403)
        assert only_refused(refused.json())
        assert only_refused(posted.json())
    first = await fresh_client.get("/api/v1/calls", headers=owner)
    tag = {"If-None-Match": first.headers["etag"]}
    assert (await fresh_client.get("/api/v1/calls", headers={**owner, **tag})).status_code == 304
    refused = await fresh_client.get("/api/v1/calls", headers={**limited, **tag})
    assert refused.status_code == 403


async def test_an_event_that_others_are_told_is_not_told_to_a_key_without_its_kind(
    fresh_app: Starlette, fresh_database: Database, fresh: Copy, fresh_graphql: GraphQL
) -> None:
    document = "subscription { graphChanged { graph { name } } }"
    rename = 'mutation { updateGraph(input: {id: "1", name: "Renamed"}) { graph { id } } }'
    limited = await key_for(fresh_database, ASSISTANTS)
    reader = await key_for(fresh_database, {Kind.GRAPHS: READ})
    owner = bearer(fresh.organizations[0])
    async with (
        following(fresh_app, document, owner) as all_kinds,
        following(fresh_app, document, reader) as graphs_alone,
        following(fresh_app, document, limited) as assistants_alone,
        connected(fresh_app, limited) as socket,
    ):
        assert (await assistants_alone.started)["status"] == 403
        await socket.init()
        socket.subscribe(document)
        refusal_message = await socket.next()
        await fresh_graphql(rename)
        expected = {"data": {"graphChanged": {"graph": {"name": "Renamed"}}}}
        assert await all_kinds.next() == expected
        assert await graphs_alone.next() == expected
    assert (refusal_message["type"], refusal_message["id"]) == ("error", "1")
    assert only_refused({"errors": refusal_message["payload"]})


async def test_live_transcripts_are_of_calls(
    fresh_app: Starlette, fresh_database: Database
) -> None:
    refused = await key_for(fresh_database, ASSISTANTS)
    reader = await key_for(fresh_database, {Kind.CALLS: READ})
    path = "/live-transcript/CA1234567890abcdef"
    async with opened(fresh_app, path, refused) as socket:
        assert (await socket.next())["message"] == refusal("calls", "read")
    async with opened(fresh_app, path, reader) as socket:
        assert (await socket.next())["type"] == "connection_established"


async def test_an_operation_is_looked_through_once_and_only_for_limited_keys(
    fresh_database: Database,
    fresh_graphql: GraphQL,
    fresh: Copy,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    walks: list[Request] = []
    walk = KindChecks.kinds_of

    def counted(self: KindChecks, request: Request) -> OperationKinds:
        walks.append(request)
        return walk(self, request)

    monkeypatch.setattr(KindChecks, "kinds_of", counted)
    keys = [await key_for(fresh_database, {Kind.ASSISTANTS: level}) for level in (READ, READ_WRITE)]
    owner = bearer(fresh.organizations[0])
    document = "query ($id: ID!) { node(id: $id) { id } assistants { totalCount } }"
    counts = []
    for headers in (owner, owner, keys[0], keys[0], keys[1]):
        for key in ("assistant_1", "assistant_2"):
            answer = await fresh_graphql(document, {"id": key}, headers=headers)
            assert answer["data"]["node"] == {"id": key}
        counts.append(len(walks))

    assert counts == [0, 0, 1, 1, 1]
