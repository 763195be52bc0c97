"""A key that is limited to one kind of objects changes and follows nothing of another kind.

What such a key reads by GraphQL is in tests/tenancy/test_kinds.py.
"""

from typing import Any

import httpx2
import pytest
from graphql import (
    build_schema,
    is_enum_type,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
    is_required_input_field,
)
from starlette.applications import Starlette

from gql.database import Database
from gql.kinds import Kind, Level
from gql.rest.route import RestRoute
from gql.rest.routes import ROUTES
from gql.schema.schema import schema
from tests.conftest import GraphQL
from tests.events.sse import following
from tests.limited_keys import key_for, only_refused
from tests.tenancy.marked_rows import mark_rows, marks_in, rows_of
from tests.tenancy.probes import leaves

SCHEMA = build_schema(str(schema))
Headers = dict[str, str]

CHANGES = {
    Kind.ASSISTANTS: {"createAssistant", "updateAssistant"},
    Kind.GRAPHS: {
        "createGraph",
        "updateGraph",
        "restoreGraphVersion",
        "deleteGraph",
        "updateGraphNode",
        "removeGraphNode",
        "addGraphEdge",
        "updateGraphEdge",
        "removeGraphEdge",
    },
    Kind.CALLS: {"updateCallMeta", "recordRecordings", "appendTranscript"},
    Kind.SMS: {
        "archiveSmsConversation",
        "clearSmsSessions",
        "cleanUpSmsSessions",
        "endSmsSession",
        "recordSms",
    },
    Kind.COSTS: {"setCostBudget", "removeCostBudget"},
}
"""By kind: the mutations for which it alone is enough."""

FOR_NO_KINDS = {
    "createApiKey",
    "revokeApiKey",
    "createHookEndpoint",
    "rotateHookSecret",
    "deleteHookEndpoint",
    "replayHookDeliveries",
    "createWebhookSubscription",
    "updateWebhookSubscription",
    "rotateWebhookSubscriptionSecret",
    "deleteWebhookSubscription",
    "replayWebhookDeliveries",
}
"""The mutations that no level allows."""

SUBSCRIPTIONS = {
    Kind.ASSISTANTS: set(),
    Kind.GRAPHS: {"graphSessionChanged", "graphChanged"},
    Kind.CALLS: {"callChanged", "transcriptChanged"},
    Kind.SMS: {"smsMessageAdded"},
    Kind.COSTS: set(),
}
"""By kind: the subscriptions for which it alone is enough."""

PREFIXES = {
    "/api/v1/assistants": Kind.ASSISTANTS,
    "/api/v1/assistant-graphs": Kind.GRAPHS,
    "/api/v1/calls": Kind.CALLS,
    "/api/v1/sms-conversations": Kind.SMS,
    "/api/v1/sms-sessions": Kind.SMS,
}
"""By the beginning of an address: the kind that is enough for it, but for those below."""

FOR_SEVERAL_KINDS = {
    ("DELETE", "/api/v1/assistants/{assistant_id}"),
    ("POST", "/api/v1/assistant-graphs"),
    # They show the descriptions of the assistants of nodes.
    ("GET", "/api/v1/assistant-graphs/{graph_id}"),
    ("PUT", "/api/v1/assistant-graphs/{graph_id}"),
    ("PUT", "/api/v1/assistant-graphs/{graph_id}/structure"),
    ("GET", "/api/v1/calls/{call_id}/webhook-logs"),
    ("GET", "/api/v1/sms-conversations/{conversation_id}/related"),
}
FOR_EVERYBODY = {
    ("GET", "/api/auth/me"),
    ("GET", "/api/auth/session/info"),
    ("GET", "/api/v1/assistants/me/organization"),
}
PARAMETERS = {
    "assistant_id": "1",
    "call_id": "101",
    "call_sid": "CA1234567890abcdef",
    "conversation_id": "102",
    "graph_id": "1",
    "key_id": "1",
    "phone_number": "+18000000001",
    "subscription_id": "1",
}
QUERIES = {"/api/v1/calls/search": "?q=15"}
BODIES: dict[tuple[str, str], Any] = {
    ("POST", "/api/v1/assistant-graphs/{graph_id}/test"): {"messages": ["hello"]},
}


@pytest.fixture
async def marked(fresh_database: Database) -> Database:
    """The test's own database with marked rows."""
    await mark_rows(fresh_database)
    return fresh_database


async def test_a_mutation_of_another_kind_is_refused_and_changes_nothing(
    marked: Database, fresh_graphql: GraphQL
) -> None:
    mutation = SCHEMA.mutation_type
    assert mutation is not None
    for kind in Kind:
        others = [each for each in Kind if each is not kind]
        before = [await rows_of(marked, each) for each in others]
        headers = await key_for(marked, {kind: Level.READ_WRITE})
        reader = await key_for(marked, {kind: Level.READ})
        passed = set()
        for name, field in mutation.fields.items():
            (argument,) = field.args.values()
            document = f"""mutation ($input: {argument.type}!) {{
                {name}(input: $input) {{ __typename userErrors {{ message }} }} }}""".replace(
                "!!", "!"
            )
            variables = {"input": value_for(argument.type)}
            assert only_refused(await fresh_graphql(document, variables, headers=reader))
            answer = await fresh_graphql(document, variables, headers=headers)
            if not only_refused(answer):
                assert "errors" not in answer, answer
                passed.add(name)
        assert passed == CHANGES[kind]
        if kind is not Kind.SMS:  # archiving ends what is said of the conversation's costs
            assert [await rows_of(marked, each) for each in others] == before


async def test_all_kinds_together_are_enough_for_all_but_administration(
    marked: Database, fresh_graphql: GraphQL
) -> None:
    headers = await key_for(marked, dict.fromkeys(Kind, Level.READ_WRITE))
    mutation = SCHEMA.mutation_type
    assert mutation is not None
    refused = set()
    for name, field in mutation.fields.items():
        (argument,) = field.args.values()
        document = f"""mutation ($input: {argument.type}) {{
            {name}(input: $input) {{ userErrors {{ message }} }} }}"""
        answer = await fresh_graphql(document, {"input": value_for(argument.type)}, headers=headers)
        if only_refused(answer):
            refused.add(name)
    assert refused == FOR_NO_KINDS


def value_for(of_type: Any) -> Any:
    """A value of an input type with whatever it requires."""
    if is_non_null_type(of_type):
        of_type = of_type.of_type
    if is_list_type(of_type):
        return [value_for(of_type.of_type)]
    if is_input_object_type(of_type):
        return {
            name: value_for(field.type)
            for name, field in of_type.fields.items()
            if is_required_input_field(field)
        }
    if is_enum_type(of_type):
        return next(iter(of_type.values))
    return {
        "ID": "1",
        "String": "x",
        "Int": 1,
        "Float": 1.0,
        "Boolean": True,
        "JSON": {},
        "Decimal": "1",
        "DateTime": "2026-01-01T00:00:00Z",
    }[of_type.name]


async def test_a_subscription_to_another_kind_is_refused(
    marked: Database, fresh_app: Starlette
) -> None:
    root = SCHEMA.subscription_type
    assert root is not None
    for kind in Kind:
        headers = await key_for(marked, {kind: Level.READ})
        begun = set()
        for name, field in root.fields.items():
            document = f"subscription {{ {name} {leaves(field)} }}"
            async with following(fresh_app, document, headers) as source:
                status = (await source.started)["status"]
            assert status in {200, 403}
            if status == 200:
                begun.add(name)
        assert begun == SUBSCRIPTIONS[kind]


async def test_no_route_gives_another_kind(
    marked: Database, fresh_client: httpx2.AsyncClient
) -> None:
    tried = [each for each in ROUTES if each.permission is not None]
    tried.sort(key=lambda each: each.method != "GET")
    for kind in Kind:
        others = [each for each in Kind if each is not kind]
        before = [await rows_of(marked, each) for each in others]
        headers = await key_for(marked, {kind: Level.READ_WRITE}, user=1)
        shown = set()
        for route in tried:
            answer = await ask(fresh_client, route, headers)
            is_refused = answer.status_code == 403
            assert is_refused is not allows(kind, route), (route.method, route.path, answer.text)
            assert marks_in(answer.text) <= {kind}, route.path
            shown |= marks_in(answer.text)
            assert answer.status_code < 500
        assert shown == (set() if kind is Kind.COSTS else {kind})
        if kind is not Kind.SMS:
            assert [await rows_of(marked, each) for each in others] == before


async def test_a_key_that_may_read_a_kind_changes_nothing_by_rest(
    marked: Database, fresh_client: httpx2.AsyncClient
) -> None:
    for kind in Kind:
        headers = await key_for(marked, {kind: Level.READ}, user=1)
        for route in ROUTES:
            if route.permission is not None and route.method != "GET":
                answer = await ask(fresh_client, route, headers)
                reads = route.path.endswith("/test") and kind is Kind.GRAPHS
                assert (answer.status_code == 403) is not reads, route.path


def allows(kind: Kind, route: RestRoute) -> bool:
    """Whether a kind alone is enough for a route."""
    address = route.method, route.path
    if address in FOR_EVERYBODY:
        return True
    own = (each for start, each in PREFIXES.items() if f"{route.path}/".startswith(f"{start}/"))
    return address not in FOR_SEVERAL_KINDS and next(own, None) is kind


async def ask(client: httpx2.AsyncClient, route: RestRoute, headers: Headers) -> httpx2.Response:
    path = route.path
    for name, value in PARAMETERS.items():
        path = path.replace(f"{{{name}}}", value)
    assert "{" not in path
    body = BODIES.get((route.method, route.path), {})
    json_body = None if route.method == "GET" else body
    path += QUERIES.get(route.path, "")
    return await client.request(route.method, path, json=json_body, headers=headers)
