"""Versions of a graph's structure, over HTTP: kept, compared, restored, and left to sessions."""

import json
from typing import Any

import httpx2

from gql.domain.writes import graph_versions
from tests.conftest import Counting, GraphQL, bearer
from tests.databases import Copy

VERSIONS = """{ graph(id: 1) { version versions { totalCount nodes {
    version structure user { name } apiKey { name } graph { id } } } } }"""
REPLACE = """mutation ($input: ReplaceGraphStructureInput!) { replaceGraphStructure(input: $input) {
    graph { version nodes { id } edges { id } } userErrors { message code path } } }"""
EDIT = """mutation ($input: UpdateGraphEdgeInput!) { updateGraphEdge(input: $input) {
    graph { version } userErrors { message code path } } }"""
RESTORE = """mutation ($input: RestoreGraphVersionInput!) { restoreGraphVersion(input: $input) {
    graph { version nodes { id nodeType position { x y } assistant { name } }
        edges { from { assistant { name } } to { assistant { name } } intentPattern priority
            handoffSentence conditionType isActive } }
    clearedSessions userErrors { message code path } } }"""
STRUCTURE = """{ graph(id: 1) { version nodes { nodeType position { x y } assistant { name } }
    edges { from { assistant { name } } to { assistant { name } } intentPattern priority
        handoffSentence conditionType isActive } } }"""
DIFF = """query ($from: Int!, $to: Int!) { diffGraphVersions(id: 1, fromVersion: $from, toVersion:
    $to) { fromVersion toVersion nodes { kind label fields before after }
      edges { kind label fields before after } } }"""

EARLY, LATE = "2025-01-19T10:00:00Z", "2090-01-19T10:00:00Z"
ROUTER: dict[str, Any] = {
    "nodes": [
        {
            "id": node_id,
            "key": None,
            "node_type": node_type,
            "assistant_id": assistant_id,
            "assistant_name": name,
            "position": {"x": x, "y": y},
            "configuration": {},
        }
        for node_id, node_type, assistant_id, name, x, y in (
            (101, "entry", 1, "Receptionist", 0, 0),
            (102, "standard", 2, "Sales Specialist", 200, -100),
            (103, "standard", 3, "Support Agent", 200, 100),
        )
    ],
    "edges": [
        {
            "id": edge_id,
            "from_node_id": 101,
            "to_node_id": to,
            "condition_type": "intent",
            "intent_pattern": pattern,
            "natural_language_trigger": None,
            "mathematical_expression": None,
            "state_variable_condition": None,
            "condition_logic": "AND",
            "priority": 1,
            "is_active": True,
            "handoff_sentence": sentence,
            "description": None,
        }
        for edge_id, to, pattern, sentence in (
            (201, 102, "sales,purchase,buy", "Let me connect you with our sales team."),
            (202, 103, "support,help,issue,problem", "I will transfer you to our support team."),
        )
    ],
}
"""The documented graph."""


async def _change(graphql: GraphQL, query: str, **values: Any) -> Any:
    answer = await graphql(query, {"input": values})
    assert list(answer) == ["data"], answer
    [payload] = answer["data"].values()
    return payload


async def test_each_change_keeps_the_former_structure(
    fresh_graphql: GraphQL, fresh_statements: Counting
) -> None:
    assert (await fresh_graphql(VERSIONS))["data"]["graph"] == {
        "version": 1,
        "versions": {"totalCount": 0, "nodes": []},
    }

    await _change(fresh_graphql, EDIT, id="edge_201", priority=5)
    replaced = await _change(
        fresh_graphql, REPLACE, id="1", nodes=[{"key": "a", "assistantId": "1"}], edges=[]
    )

    assert replaced["graph"]["version"] == 3
    edited = [ROUTER["edges"][0] | {"priority": 5}, ROUTER["edges"][1]]
    by = {"user": {"name": "Ada"}, "apiKey": None, "graph": {"id": "graph_1"}}
    with fresh_statements() as ran:
        answer = await fresh_graphql(VERSIONS)
    [latest, first] = answer["data"]["graph"]["versions"]["nodes"]
    assert answer["data"]["graph"]["versions"]["totalCount"] == 2
    by = {name: first[name] for name in ("user", "apiKey", "graph")}
    assert by["graph"] == {"id": "graph_1"}
    assert by["apiKey"] is not None
    assert first == {"version": 1, "structure": ROUTER, **by}
    assert latest == {"version": 2, "structure": {**ROUTER, "edges": edited}, **by}
    assert ran.count <= 6

    as_of = await fresh_graphql(
        "{ graph(id: 1) { one: asOf(version: 1) { structure } asOf(version: 3) { id } } }"
    )
    assert as_of["data"]["graph"] == {"one": {"structure": ROUTER}, "asOf": None}


async def test_a_change_that_is_refused_or_changes_nothing_keeps_nothing(
    fresh_graphql: GraphQL,
) -> None:
    refused = await _change(fresh_graphql, EDIT, id="edge_201", priority=5, expectedVersion=7)
    assert [each["code"] for each in refused["userErrors"]] == ["VERSION_CONFLICT"]
    await _change(fresh_graphql, EDIT, id="edge_201", priority=1)
    await _change(fresh_graphql, REPLACE, id="1", nodes=[], edges=[], dryRun=True)

    answer = await fresh_graphql(VERSIONS)
    assert answer["data"]["graph"]["version"] == 1
    assert answer["data"]["graph"]["versions"]["nodes"] == []


async def test_a_former_version_is_restored_as_a_new_one(fresh_graphql: GraphQL) -> None:
    before = (await fresh_graphql(STRUCTURE))["data"]["graph"]
    await _change(fresh_graphql, REPLACE, id="1", nodes=[], edges=[])

    tried = await _change(fresh_graphql, RESTORE, id="1", version=1, dryRun=True)
    assert tried["graph"]["version"] == 2
    late = await _change(fresh_graphql, RESTORE, id="1", version=1, expectedVersion=1)
    assert [each["path"] for each in late["userErrors"]] == [["input", "expectedVersion"]]
    restored = await _change(fresh_graphql, RESTORE, id="graph_1", version=1, expectedVersion=2)

    assert restored["userErrors"] == []
    assert restored["clearedSessions"] == 0
    assert (await fresh_graphql(STRUCTURE))["data"]["graph"] == before | {"version": 3}
    listed = await fresh_graphql("{ graph(id: 1) { versions { nodes { version } } } }")
    assert listed["data"]["graph"]["versions"]["nodes"] == [{"version": 2}, {"version": 1}]


async def test_a_version_that_cannot_be_restored_is_refused(
    fresh_graphql: GraphQL, fresh: Copy
) -> None:
    unknown = await _change(fresh_graphql, RESTORE, id="1", version=9)
    assert unknown == {
        "graph": None,
        "clearedSessions": None,
        "userErrors": [
            {
                "message": "Version 9 of the graph is not stored; it has version 1 now, and"
                " `versions` lists the former ones.",
                "code": "NOT_FOUND",
                "path": ["input", "version"],
            }
        ],
    }
    await _change(fresh_graphql, REPLACE, id="1", nodes=[], edges=[])
    deleted = await fresh_graphql(
        'mutation { deleteAssistant(input: {id: "3"}) { userErrors { message } } }'
    )
    assert deleted["data"]["deleteAssistant"]["userErrors"] == []

    refused = await _change(fresh_graphql, RESTORE, id="1", version=1)

    assert refused["userErrors"] == [
        {
            "message": "version 1: nodes[2].assistant_id is 3, but your organization has no such"
            " assistant",
            "code": "NOT_FOUND",
            "path": ["input", "version"],
        }
    ]
    stranger = bearer(fresh.organizations[1])
    for query in (VERSIONS, DIFF):
        answer = await fresh_graphql(query, {"from": 1, "to": 2}, stranger)
        assert list(answer["data"].values()) == [None]


async def test_versions_are_compared_across_edits_and_replacements(fresh_graphql: GraphQL) -> None:
    await _change(fresh_graphql, EDIT, id="edge_201", priority=5)
    edited = (await fresh_graphql(DIFF, {"from": 1, "to": 2}))["data"]["diffGraphVersions"]
    [sales, _] = ROUTER["edges"]
    assert edited == {
        "fromVersion": 1,
        "toVersion": 2,
        "nodes": [],
        "edges": [
            {
                "kind": "CHANGED",
                "label": "Receptionist → Sales Specialist",
                "fields": ["priority"],
                "before": sales,
                "after": sales | {"priority": 5},
            }
        ],
    }

    nodes = [
        {"key": "in", "assistantId": "1", "nodeType": "ENTRY"},
        {"key": "help", "assistantId": "3", "position": {"x": 200, "y": 100}},
        {"key": "bill", "assistantId": "4"},
    ]
    edge = {"conditionType": "INTENT", "priority": 1}
    helping = "I will transfer you to our support team."
    edges = [
        {**edge, "from": "in", "to": "help", "handoffSentence": helping, "intentPattern": "help"},
        {**edge, "from": "help", "to": "bill", "intentPattern": "bill"},
    ]
    await _change(fresh_graphql, REPLACE, id="1", nodes=nodes, edges=edges)
    replaced = (await fresh_graphql(DIFF, {"from": 2, "to": 3}))["data"]["diffGraphVersions"]

    assert [(each["kind"], each["label"], each["fields"]) for each in replaced["nodes"]] == [
        ("ADDED", "Human Agent Router", []),
        ("REMOVED", "Sales Specialist", []),
    ]
    assert [(each["kind"], each["label"], each["fields"]) for each in replaced["edges"]] == [
        ("CHANGED", "Receptionist → Support Agent", ["intent_pattern"]),
        ("ADDED", "Support Agent → Human Agent Router", []),
        ("REMOVED", "Receptionist → Sales Specialist", []),
    ]
    missing = await fresh_graphql(DIFF, {"from": 1, "to": 7})
    assert missing["errors"][0]["message"].startswith("Version 7 of the graph is not stored;")


async def test_so_many_versions_are_kept(fresh_graphql: GraphQL, monkeypatch: Any) -> None:
    monkeypatch.setattr(graph_versions, "MOST_VERSIONS", 2)
    for priority in range(2, 6):
        await _change(fresh_graphql, EDIT, id="edge_201", priority=priority)

    answer = await fresh_graphql(VERSIONS)
    versions = answer["data"]["graph"]["versions"]["nodes"]
    assert [(each["version"], each["structure"]["edges"][0]["priority"]) for each in versions] == [
        (4, 4),
        (3, 3),
    ]


async def test_a_session_has_the_version_that_it_started_on(
    fresh_graphql: GraphQL, fresh_client: httpx2.AsyncClient, fresh: Copy
) -> None:
    """Also one that is heard of after the structure was changed."""
    await _change(fresh_graphql, EDIT, id="edge_201", priority=5)
    item = {"source": "manual", "occurredAt": "2025-01-19T10:00:00Z"}
    lines = [{"kind": "call", "externalId": name, **item} for name in ("early", "late")] + [
        {
            "kind": "session",
            "externalId": name,
            "call": name,
            "graph": {"externalId": "1"},
            "startedAt": started_at,
            **item,
        }
        for name, started_at in (("early", EARLY), ("late", LATE))
    ]
    sent = await fresh_client.post(
        "/api/v1/ingest",
        content=b"".join(json.dumps(line).encode() + b"\n" for line in lines),
        headers={**bearer(fresh.organizations[0]), "content-type": "application/x-ndjson"},
    )
    assert sent.status_code == 200, sent.text
    assert '"refused":0,' in sent.text, sent.text

    answer = await fresh_graphql("{ graph(id: 1) { sessions { nodes { callSid graphVersion } } } }")
    sessions = answer["data"]["graph"]["sessions"]["nodes"]
    assert {each["callSid"]: each["graphVersion"] for each in sessions} == {
        "early": 1,
        "late": 2,
        "CA0987654321fedcba": 1,
        "CA1234567890abcdef": 1,
    }
