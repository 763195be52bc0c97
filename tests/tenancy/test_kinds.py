"""A key that is limited to one kind of objects reads nothing of another kind."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from graphql import GraphQLObjectType, build_schema, get_named_type

from gql.database import Database
from gql.kinds import Kind, Level
from gql.schema.schema import schema
from tests.conftest import GraphQL
from tests.limited_keys import key_for, only_refused
from tests.tenancy.marked_rows import mark_rows, marks_in
from tests.tenancy.probes import leaves, nested, paths

SCHEMA = build_schema(str(schema))

OWN_TYPES = {
    Kind.ASSISTANTS: {"Assistant"},
    Kind.GRAPHS: {
        "AssistantGraph",
        "GraphAnalytics",
        "GraphDiff",
        "GraphEdge",
        "GraphElementChange",
        "GraphFinding",
        "GraphNode",
        "GraphPathStep",
        "GraphSession",
        "GraphSimulation",
        "GraphTransition",
        "GraphVersion",
        "NodeAnalytics",
        "Position",
        "SimulatedStep",
        "TransitionCount",
    },
    Kind.CALLS: {"Call", "CallCost", "Message", "Recording", "Transcript"},
    Kind.SMS: {"Message", "SmsConversation", "SmsSessions"},
    Kind.COSTS: set(),
}
"""By kind: the types of what a key for it alone is shown, connections by the type they list."""

LISTED_TYPES = {"Assistant", "AssistantGraph", "GraphSession", "Call", "SmsConversation"}
"""The types among them that a root field lists."""

EVERYBODYS_TYPES = {
    "ApiKey",
    "Organization",
    "PageInfo",
    "Query",
    "RateLimit",
    "User",
    "Viewer",
}

OWN_IDS = {
    Kind.ASSISTANTS: {"assistant"},
    Kind.GRAPHS: {
        "graph",
        "node",
        "edge",
        "graph_session",
        "transition",
        "graph_version",
    },
    Kind.CALLS: {"call", "message", "recording", "transcript"},
    Kind.SMS: {"sms_conversation", "message"},
    Kind.COSTS: {"cost_entry", "cost_budget"},
}
"""By kind: what the global ids begin with that a key for it alone is shown."""

INVOICE = (
    '{source: "x", currency: "USD", lines: [], start: "2025-01-01T00:00:00Z",'
    ' end: "2025-02-01T00:00:00Z"}'
)
WITH_ARGUMENTS = {
    'graph(id: "1")': {Kind.GRAPHS},
    'graph(id: "1") { analytics(days: 30) { sessions nodes { visits } } }': {Kind.GRAPHS},
    'graph(id: "1") { diagram(format: MERMAID) }': {Kind.GRAPHS},
    'graph(id: "1") { asOf(version: 1) { structure } }': {Kind.GRAPHS},
    'diffGraphVersions(id: "1", fromVersion: 1, toVersion: 1)': {Kind.GRAPHS},
    'graphSession(callSid: "CA1234567890abcdef")': {Kind.GRAPHS},
    'graphSession(callSid: "CA1234567890abcdef") { call { id callSid } }': set(),
    'assistant(id: "1")': {Kind.ASSISTANTS},
    'assistant(id: "1") { calls { totalCount } }': set(),
    'assistant(id: "1") { graphs { totalCount } }': set(),
    'call(id: "101")': {Kind.CALLS},
    'call(id: "101") { graph { id } }': set(),
    'call(id: "101") { assistant { id } }': set(),
    'call(id: "101") { costEntries { totalCount } }': set(),
    'smsConversation(id: "102")': {Kind.SMS},
    'smsConversation(id: "102") { related { id } }': set(),
    "costs { groups { calls cost { total } } }": set(),
    "budgetStatus { spent }": set(),
    f"reconcile(invoice: {INVOICE}) {{ differenceCount }}": set(),
    "records { totalCount }": set(),
    'search(text: "hello") { nodes { kind snippet } }': set(),
    "smsSessions { activeSessions }": {Kind.SMS},
    'simulateGraph(candidate: {id: "1"}, messages: ["hello"]) { finalNode }': {Kind.GRAPHS},
    'replayGraph(graph: "1", candidate: {id: "1"}) { sessions }': set(),
    "auditLog { totalCount }": set(),
    "hookEndpoints { totalCount }": set(),
    "inbox { totalCount }": set(),
    "webhookSubscriptions { totalCount }": set(),
    "webhookDeliveries { totalCount }": set(),
    **{
        f"{field} {{ __typename id }}": kinds
        for prefix, kinds in {
            "assistant": {Kind.ASSISTANTS},
            "graph": {Kind.GRAPHS},
            "node": {Kind.GRAPHS},
            "edge": {Kind.GRAPHS},
            "graph_session": {Kind.GRAPHS},
            "transition": {Kind.GRAPHS},
            "graph_version": {Kind.GRAPHS},
            "call": {Kind.CALLS},
            "recording": {Kind.CALLS},
            "transcript": {Kind.CALLS},
            "sms_conversation": {Kind.SMS},
            "message": set(),
            "cost_entry": {Kind.COSTS},
            "cost_budget": {Kind.COSTS},
            "user": set(),
            "api_key": set(),
            "audit_entry": set(),
            "hook_endpoint": set(),
            "hook_delivery": set(),
            "webhook_subscription": set(),
            "webhook_delivery": set(),
            "organization": set(Kind),
        }.items()
        for field in (
            f'node(id: "{prefix}_1")',
            f'nodes(ids: ["organization_1", "{prefix}_1"])',
        )
    },
}
"""Fields with arguments, and the kinds of which one alone is enough for them."""

ENTRIES_OF_CALLS = "{ calls(first: 100) { nodes { costEntries { nodes { provider } } } } }"


class Edge(NamedTuple):
    """A field that leads to objects, at the end of a path."""

    parent: str
    field: str
    target: str
    document: str


def edges() -> Iterator[Edge]:
    """Every field of the schema that leads to objects without an argument."""
    query = SCHEMA.query_type
    assert query is not None
    for path, target in paths(query):
        if path:
            name = path[-1].partition("(")[0]
            field = query.fields[name] if len(path) == 1 else None
            parent = query
            for step in path[:-1]:
                of_type = get_named_type(parent.fields[step.partition("(")[0]].type)
                assert isinstance(of_type, GraphQLObjectType)
                parent = of_type
            field = parent.fields[name]
            yield Edge(parent.name, name, target.name, nested([*path], leaves(field)))


@pytest.fixture
async def marked(fresh_database: Database) -> Database:
    """The test's own database with marked rows."""
    await mark_rows(fresh_database)
    return fresh_database


def names_in(value: Any, key: str) -> Iterator[str]:
    """The texts under a key in an answer."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == key and isinstance(inner, str):
                yield inner
            else:
                yield from names_in(inner, key)
    elif isinstance(value, list):
        for each in value:
            yield from names_in(each, key)


def check_shown(kind: Kind, answer: Any, document: str) -> None:
    """Pass when what was answered is of the kind."""
    assert marks_in(json.dumps(answer)) <= {kind}, document
    types = {
        name.removesuffix("ConnectionEdge").removesuffix("Connection")
        for name in names_in(answer, "__typename")
    }
    assert types <= OWN_TYPES[kind] | EVERYBODYS_TYPES, document
    prefixes = {text.rpartition("_")[0] for text in names_in(answer, "id")}
    assert prefixes <= OWN_IDS[kind] | {"organization", "user", "api_key"}, document


async def test_no_path_of_the_schema_leads_to_another_kind(
    marked: Database, fresh_graphql: GraphQL
) -> None:
    """As many documents as there are fields that lead to objects, for a key of each kind."""
    documents = list(edges())
    assert len(documents) > 150
    for kind in Kind:
        headers = await key_for(marked, {kind: Level.READ})
        shown_types, shown_marks = set(), set()
        for edge in documents:
            answer = await fresh_graphql(edge.document, headers=headers)
            if only_refused(answer):
                continue
            assert "errors" not in answer, (edge, answer)
            check_shown(kind, answer["data"], edge.document)
            shown_types.add(edge.target.removesuffix("ConnectionEdge").removesuffix("Connection"))
            shown_marks |= marks_in(json.dumps(answer))
        assert shown_types <= OWN_TYPES[kind] | EVERYBODYS_TYPES
        own = OWN_TYPES[kind] & LISTED_TYPES
        assert shown_types >= own
        assert shown_marks == ({kind} if own else set())


async def test_the_marks_of_all_kinds_are_there_to_be_found(
    marked: Database, fresh_graphql: GraphQL
) -> None:
    """Else the test above could not fail."""
    every = await key_for(marked, dict.fromkeys(Kind, Level.READ))
    shown = set()
    for document in (ENTRIES_OF_CALLS, *(edge.document for edge in edges())):
        answer = await fresh_graphql(document, headers=every)
        shown |= marks_in(json.dumps(answer))
        if shown == set(Kind):
            return
    pytest.fail(f"only {shown} of all marks are shown")


@pytest.mark.parametrize("kind_of_key", Kind)
async def test_a_field_with_arguments_gives_no_other_kind(
    marked: Database, fresh_graphql: GraphQL, kind_of_key: Kind
) -> None:
    headers = await key_for(marked, {kind_of_key: Level.READ})
    for field, kinds in WITH_ARGUMENTS.items():
        document = f"{{ {field} }}" if "{ " in field else f"{{ {field} {{ __typename }} }}"
        answer = await fresh_graphql(document, headers=headers)
        assert only_refused(answer) is (kind_of_key not in kinds), (document, answer)
        assert marks_in(json.dumps(answer)) <= {kind_of_key}


async def test_root_fields_are_all_tried() -> None:
    query = SCHEMA.query_type
    assert query is not None
    tried = {field.partition("(")[0].partition(" ")[0] for field in WITH_ARGUMENTS}
    tried |= {edge.field for edge in edges() if edge.parent == "Query"}
    assert tried == set(query.fields)
