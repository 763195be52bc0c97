"""Findings of stored graphs and of changes: dry runs write nothing, publishing refuses."""

from typing import Any

from tests.conftest import Counting, GraphQL

FINDINGS = "findings { code severity message nodeIds edgeIds }"
ERRORS = "userErrors { message code path }"
CREATE = f"""mutation ($input: CreateGraphInput!) {{ createGraph(input: $input) {{
    graph {{ id }} nodes {{ key }} edgeIds {FINDINGS} {ERRORS} }} }}"""
REPLACE = f"""mutation ($input: ReplaceGraphStructureInput!) {{
    replaceGraphStructure(input: $input) {{ graph {{ id version totalNodes }} clearedSessions
    nodes {{ key }} {FINDINGS} {ERRORS} }} }}"""
STATE = "{ graph(id: 1) { version updatedAt nodes { id } edges { id } } auditLog { totalCount } }"

NODES = [
    {"key": "desk", "assistantId": "1"},
    {"key": "sales", "assistantId": "2", "nodeType": "EXIT"},
]
EDGES: list[dict[str, Any]] = [
    {
        "from": "desk",
        "to": "sales",
        "conditionType": "MATHEMATICAL",
        "mathematicalExpression": "((( call_duration >",
    },
    {"from": "desk", "to": "sales", "conditionType": "STATE_VARIABLE", "priority": 1},
]
EXPECTED = [
    {
        "code": "NO_ENTRY_NODE",
        "severity": "ERROR",
        "message": "No node is the entry, so no conversation can start: give one node the type"
        " entry.",
        "nodeIds": [],
        "edgeIds": [],
    },
    {
        "code": "MISSING_CONDITION",
        "severity": "ERROR",
        "message": "Edges[1] has the type state_variable, but no state_variable_condition: write"
        " one, or change its type.",
        "nodeIds": [],
        "edgeIds": ["1"],
    },
    {
        "code": "INVALID_EXPRESSION",
        "severity": "ERROR",
        "message": "Edges[0] has an expression that ends too early: correct it.",
        "nodeIds": [],
        "edgeIds": ["0"],
    },
]


async def _change(graphql: GraphQL, query: str, **values: Any) -> Any:
    answer = await graphql(query, {"input": values})
    assert list(answer) == ["data"], answer
    [payload] = answer["data"].values()
    return payload


async def test_the_documented_graph_has_no_findings(graphql: GraphQL) -> None:
    answer = await graphql(f"{{ graph(id: 1) {{ {FINDINGS} }} }}")

    assert answer["data"]["graph"] == {"findings": []}


async def test_any_number_of_graphs_takes_the_same_statements(
    graphql: GraphQL, statements: Counting
) -> None:
    with statements() as ran:
        answer = await graphql(f"{{ graphs(first: 50) {{ nodes {{ name {FINDINGS} }} }} }}")

    codes = {
        graph["name"]: [each["code"] for each in graph["findings"]]
        for graph in answer["data"]["graphs"]["nodes"]
    }
    assert len(codes) >= 10
    assert codes["Draft: spring campaign"] == ["NO_ENTRY_NODE"]
    assert "CYCLE" in codes["Technical Triage"]
    assert ran.count == 5


async def test_a_dry_run_tells_what_would_be_found_and_writes_nothing(
    fresh_graphql: GraphQL,
) -> None:
    before = await fresh_graphql(STATE)

    payload = await _change(
        fresh_graphql, REPLACE, id=1, nodes=NODES, edges=EDGES, dryRun=True, publish=True
    )

    assert payload["findings"] == EXPECTED
    assert [error["path"] for error in payload["userErrors"]] == [["input", "publish"]] * 3
    assert payload["graph"] == {"id": "graph_1", "version": 1, "totalNodes": 3}
    assert (payload["nodes"], payload["clearedSessions"]) == ([], 1)
    assert await fresh_graphql(STATE) == before


async def test_a_dry_run_of_a_new_graph_leaves_none(fresh_graphql: GraphQL) -> None:
    values = {"name": "New", "nodes": NODES, "edges": EDGES}

    payload = await _change(fresh_graphql, CREATE, **values, dryRun=True)

    assert payload == {
        "graph": None,
        "nodes": [],
        "edgeIds": [],
        "findings": EXPECTED,
        "userErrors": [],
    }
    created = await _change(fresh_graphql, CREATE, **values)
    assert created["graph"] is not None
    assert [each["code"] for each in created["findings"]] == [each["code"] for each in EXPECTED]
    assert created["findings"][2]["edgeIds"] == created["edgeIds"][:1]


async def test_publishing_refuses_errors_and_only_these(fresh_graphql: GraphQL) -> None:
    before = await fresh_graphql(STATE)

    refused = await _change(
        fresh_graphql, REPLACE, id=1, nodes=NODES, edges=EDGES[:1], publish=True
    )

    assert refused["userErrors"] == [
        {"message": each["message"], "code": "INVALID", "path": ["input", "publish"]}
        for each in (EXPECTED[0], EXPECTED[2])
    ]
    assert (refused["graph"], refused["findings"]) == (None, [])
    assert await fresh_graphql(STATE) == before
    entry = [{**NODES[0], "nodeType": "ENTRY"}, {**NODES[1], "nodeType": "STANDARD"}]
    published = await _change(fresh_graphql, REPLACE, id=1, nodes=entry, edges=[], publish=True)
    assert published["userErrors"] == []
    assert [each["code"] for each in published["findings"]] == ["UNREACHABLE_NODE"]


async def test_single_edits_are_tried_too(fresh_graphql: GraphQL) -> None:
    before = await fresh_graphql(STATE)
    added = await _change(
        fresh_graphql,
        f"""mutation ($input: AddGraphNodeInput!) {{ addGraphNode(input: $input) {{
            node {{ id }} graph {{ version }} {FINDINGS} {ERRORS} }} }}""",
        graphId=1,
        assistantId="1",
        dryRun=True,
    )
    assert added == {
        "node": None,
        "graph": {"version": 1},
        "findings": [
            {
                "code": "UNREACHABLE_NODE",
                "severity": "WARNING",
                "message": "The new node (Receptionist) cannot be reached from the entry over"
                " active edges: lead an edge to it, or remove it.",
                "nodeIds": ["new"],
                "edgeIds": [],
            }
        ],
        "userErrors": [],
    }
    edge = await _change(
        fresh_graphql,
        f"""mutation ($input: AddGraphEdgeInput!) {{ addGraphEdge(input: $input) {{
            edge {{ id }} {FINDINGS} {ERRORS} }} }}""",
        **{"from": "node_102", "to": "node_102", "conditionType": "INTENT", "intentPattern": "x"},
        dryRun=True,
    )
    assert (edge["edge"], [each["edgeIds"] for each in edge["findings"]]) == (None, [["new"]])
    removed = await _change(
        fresh_graphql,
        f"""mutation ($input: RemoveGraphNodeInput!) {{ removeGraphNode(input: $input) {{
            removedId removedEdgeIds {FINDINGS} {ERRORS} }} }}""",
        id="node_101",
        publish=True,
    )
    assert removed["removedId"] is None
    assert [error["path"] for error in removed["userErrors"]] == [["input", "publish"]]
    assert await fresh_graphql(STATE) == before
