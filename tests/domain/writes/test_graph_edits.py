"""Single nodes and edges of a graph, edited over HTTP while its conversations go on."""

import asyncio
from typing import Any

from gql.database import Database
from gql.models.audit_log import AuditLog
from gql.models.graph import GraphEdge, GraphNode
from gql.models.graph_session import GraphSession, GraphTransition
from tests.conftest import Counting, GraphQL, bearer
from tests.databases import Copy
from tests.domain.writes.conftest import all_rows, rows
from tests.domain.writes.executed_sql import verbs_and_tables

ERRORS = "userErrors { message code path }"
NODE = "id nodeType position { x y } configuration assistant { name }"
EDGE = (
    "id from { id } to { id } conditionType intentPattern naturalLanguageTrigger conditionLogic"
    " priority isActive handoffSentence description"
)
FIELDS = {
    "addGraphNode": f"node {{ {NODE} }} graph {{ version totalNodes }}",
    "updateGraphNode": f"node {{ {NODE} }} graph {{ version }}",
    "removeGraphNode": (
        "removedId removedEdgeIds clearedSessions graph { version nodes { id } edges { id } }"
    ),
    "addGraphEdge": f"edge {{ {EDGE} }} graph {{ version totalEdges }}",
    "updateGraphEdge": f"edge {{ {EDGE} }} graph {{ version }}",
    "removeGraphEdge": "removedId graph { version edges { id } }",
}
SESSIONS = """{ graph(id: 1) { sessions(orderBy: {field: STARTED_AT, direction: ASC}) { nodes {
    callSid isActive graphName currentAssistantName currentNode { id assistant { name } } } } } }"""
SALES_EDGE = {
    "id": "edge_201",
    "from": {"id": "node_101"},
    "to": {"id": "node_102"},
    "conditionType": "INTENT",
    "intentPattern": "sales,purchase,buy",
    "naturalLanguageTrigger": None,
    "conditionLogic": "AND",
    "priority": 1,
    "isActive": True,
    "handoffSentence": "Let me connect you with our sales team.",
    "description": None,
}


async def edit(graphql: GraphQL, name: str, headers: Any = None, **values: Any) -> Any:
    """The payload of a mutation."""
    input_type = name[0].upper() + name[1:] + "Input"
    query = f"mutation ($input: {input_type}!) {{ {name}(input: $input) {{"
    answer = await graphql(
        f"{query} {FIELDS[name]} {ERRORS} }} }}", {"input": values}, headers or None
    )
    assert list(answer) == ["data"], answer
    return answer["data"][name]


async def problems(graphql: GraphQL, name: str, **values: Any) -> Any:
    """Why a mutation is refused: message, code and path of each problem."""
    payload = await edit(graphql, name, **values)
    errors = payload.pop("userErrors")
    assert not any(payload.values())
    return [(each["message"], each["code"], ".".join(each["path"])) for each in errors]


async def test_a_node_is_moved(
    fresh_graphql: GraphQL, fresh_database: Database, fresh_statements: Counting
) -> None:
    """Nothing but its position, its graph's version and the audit log changes."""
    before = await all_rows(fresh_database)
    with fresh_statements() as ran:
        payload = await edit(
            fresh_graphql, "updateGraphNode", id=102, position={"x": 240.5, "y": 80}
        )
    after = await all_rows(fresh_database)

    assert payload == {
        "node": {
            "id": "node_102",
            "nodeType": "STANDARD",
            "position": {"x": 240.5, "y": 80.0},
            "configuration": {},
            "assistant": {"name": "Sales Specialist"},
        },
        "graph": {"version": 2},
        "userErrors": [],
    }
    changed = {table for table in before if before[table] != after[table]}
    rows_of_its_own = {"graph_node", "graph_version", "assistant_graph", "audit_log"}
    by_triggers = {"event", "event_head", "change_stamp"}
    assert changed - {"api_key"} == rows_of_its_own | by_triggers
    assert await rows(fresh_database, GraphNode, "position", id=102) == [({"x": 240.5, "y": 80},)]
    assert await rows(fresh_database, AuditLog, "action", "object_id", "before", "after") == [
        (
            "graph.update_node",
            1,
            {"node_id": 102, "version": 1, "position": ["x", "y"]},
            {"node_id": 102, "version": 2, "position": ["x", "y"]},
        )
    ]
    assert verbs_and_tables(ran.texts)[:9] == [
        "SELECT assistant_graph",
        "SELECT graph_node",
        "SELECT graph_node",
        "SELECT graph_edge",
        "SELECT assistant",
        "INSERT graph_version",
        "UPDATE assistant_graph",
        "UPDATE graph_node",
        "INSERT audit_log",
    ]
    assert ran.count == 12


async def test_what_changes_nothing_raises_no_version(fresh_graphql: GraphQL) -> None:
    same = await edit(fresh_graphql, "updateGraphNode", id=102, position={"x": 200, "y": -100})
    edge = await edit(fresh_graphql, "updateGraphEdge", id="edge_201", priority=1)

    assert same["graph"] == edge["graph"] == {"version": 1}


async def test_the_text_of_an_edge_is_changed(
    fresh_graphql: GraphQL, fresh_database: Database
) -> None:
    sessions = await rows(fresh_database, GraphSession, "id", "is_active", graph_id=1)
    changes = {"intentPattern": "sales,offer", "handoffSentence": None, "priority": 2}
    payload = await edit(fresh_graphql, "updateGraphEdge", id=201, **changes)

    assert payload == {
        "edge": SALES_EDGE | changes,
        "graph": {"version": 2},
        "userErrors": [],
    }
    assert await rows(fresh_database, GraphSession, "id", "is_active", graph_id=1) == sessions
    [(created, updated)] = await rows(fresh_database, GraphEdge, "created_at", "updated_at", id=201)
    assert updated > created


async def test_a_node_and_its_edges_are_added_led_elsewhere_and_removed(
    fresh_graphql: GraphQL, fresh_database: Database
) -> None:
    node = await edit(
        fresh_graphql, "addGraphNode", graphId="graph_1", assistantId=4, nodeType="ESCALATION"
    )
    node_id = node["node"]["id"]
    edge = await edit(
        fresh_graphql,
        "addGraphEdge",
        **{"from": 102, "to": node_id, "conditionType": "INTENT", "intentPattern": "human"},
        expectedVersion=2,
    )
    edge_id = edge["edge"]["id"]
    loop = await edit(fresh_graphql, "updateGraphEdge", id=edge_id, **{"from": node_id})
    unlinked = await edit(fresh_graphql, "removeGraphEdge", id=202)
    removed = await edit(fresh_graphql, "removeGraphNode", id=node_id, expectedVersion=5)

    assert node == {
        "node": {
            "id": node_id,
            "nodeType": "ESCALATION",
            "position": {"x": 0.0, "y": 0.0},
            "configuration": {},
            "assistant": {"name": "Human Agent Router"},
        },
        "graph": {"version": 2, "totalNodes": 4},
        "userErrors": [],
    }
    assert edge == {
        "edge": {
            **SALES_EDGE,
            "id": edge_id,
            "from": {"id": "node_102"},
            "to": {"id": node_id},
            "intentPattern": "human",
            "priority": 0,
            "handoffSentence": None,
        },
        "graph": {"version": 3, "totalEdges": 3},
        "userErrors": [],
    }
    assert (loop["edge"]["from"], loop["graph"]) == ({"id": node_id}, {"version": 4})
    assert unlinked == {
        "removedId": "edge_202",
        "graph": {"version": 5, "edges": [{"id": "edge_201"}, {"id": edge_id}]},
        "userErrors": [],
    }
    assert removed == {
        "removedId": node_id,
        "removedEdgeIds": [edge_id],
        "clearedSessions": 0,
        "graph": {
            "version": 6,
            "nodes": [{"id": "node_101"}, {"id": "node_102"}, {"id": "node_103"}],
            "edges": [{"id": "edge_201"}],
        },
        "userErrors": [],
    }
    assert [action for (action,) in await rows(fresh_database, AuditLog, "action")] == [
        "graph.add_node",
        "graph.add_edge",
        "graph.update_edge",
        "graph.remove_edge",
        "graph.remove_node",
    ]


async def test_a_removed_node_takes_active_sessions_and_leaves_names_to_ended_ones(
    fresh_graphql: GraphQL, fresh_database: Database
) -> None:
    transitions = await rows(fresh_database, GraphTransition, "id", graph_session_id=500)
    sales = await edit(fresh_graphql, "removeGraphNode", id="node_102")
    support = await edit(fresh_graphql, "removeGraphNode", id="node_103")

    assert (sales["clearedSessions"], sales["removedEdgeIds"]) == (1, ["edge_201"])
    assert (support["clearedSessions"], support["removedEdgeIds"]) == (0, ["edge_202"])
    columns = "id", "current_node_id", "current_assistant_name"
    assert await rows(fresh_database, GraphSession, *columns, graph_id=1) == [
        (500, None, "Support Agent")
    ]
    remaining = await rows(fresh_database, GraphTransition, "id", graph_session_id=500)
    assert remaining == transitions != []


async def test_active_sessions_follow_names_and_ended_ones_keep_theirs(
    fresh_graphql: GraphQL,
) -> None:
    await fresh_graphql('mutation { updateGraph(input: {id: 1, name: "Desk"}) { graph { id } } }')
    rename = """mutation ($id: ID!, $name: String!) {
        updateAssistant(input: {id: $id, name: $name}) { assistant { id } } }"""
    await fresh_graphql(rename, {"id": 2, "name": "Seller"})
    await fresh_graphql(rename, {"id": 3, "name": "Helper"})
    renamed = await fresh_graphql(SESSIONS)
    await edit(fresh_graphql, "updateGraphNode", id=102, assistantId="assistant_4")
    moved = await fresh_graphql(SESSIONS)

    def active(speaker: str) -> dict[str, Any]:
        return {
            "callSid": "CA1234567890abcdef",
            "isActive": True,
            "graphName": "Desk",
            "currentAssistantName": speaker,
            "currentNode": {"id": "node_102", "assistant": {"name": speaker}},
        }

    ended = {
        "callSid": "CA0987654321fedcba",
        "isActive": False,
        "graphName": "Customer Service Router",
        "currentAssistantName": "Support Agent",
        "currentNode": {"id": "node_103", "assistant": {"name": "Helper"}},
    }
    assert renamed["data"]["graph"]["sessions"]["nodes"] == [ended, active("Seller")]
    assert moved["data"]["graph"]["sessions"]["nodes"] == [ended, active("Human Agent Router")]


async def test_what_cannot_be_edited(fresh_graphql: GraphQL, fresh_database: Database) -> None:
    before = await all_rows(fresh_database)

    assert await problems(fresh_graphql, "addGraphNode", graphId=1, assistantId=999) == [
        (
            "assistantId is 999, but your organization has no such assistant",
            "NOT_FOUND",
            "input.assistantId",
        )
    ]
    assert await problems(
        fresh_graphql, "updateGraphNode", id=102, nodeType="ENTRY", configuration=[], position=None
    ) == [
        ("position must have x and y", "INVALID", "input.position"),
        ("configuration must be a JSON object", "INVALID", "input.configuration"),
        (
            "nodeType is 'entry', but node 101 is the entry node, and a graph has at most one",
            "INVALID",
            "input.nodeType",
        ),
    ]
    edge: dict[str, Any] = {"from": "node_101", "to": "edge_1", "conditionType": "INTENT"}
    assert await problems(fresh_graphql, "addGraphEdge", **edge) == [
        ("`edge_1` is not the id of a node: this needs `node_...`.", "INVALID", "input.to")
    ]
    kinds = "'intent', 'natural_language', 'mathematical' or 'state_variable'"
    assert await problems(fresh_graphql, "updateGraphEdge", id=201, conditionType=None, to=9) == [
        (f"conditionType is not text, but must be {kinds}", "INVALID", "input.conditionType"),
        ("to is 9, but your organization has no such node", "NOT_FOUND", "input.to"),
    ]
    missing = "There is no graph 999 in your organization."
    assert await problems(fresh_graphql, "addGraphNode", graphId=999, assistantId=1) == [
        (missing, "NOT_FOUND", "input.graphId")
    ]
    message = "The graph has version 1 now, and you expect 7: somebody changed its structure"
    stale = (f"{message} since you read it.", "VERSION_CONFLICT", "input.expectedVersion")
    edge = {"from": 101, "to": 102, "conditionType": "INTENT"}
    for name, values in (
        ("addGraphNode", {"graphId": 1, "assistantId": 1}),
        ("updateGraphNode", {"id": 101}),
        ("removeGraphNode", {"id": 101}),
        ("addGraphEdge", edge),
        ("updateGraphEdge", {"id": 201}),
        ("removeGraphEdge", {"id": 201}),
    ):
        assert await problems(fresh_graphql, name, **values, expectedVersion=7) == [stale]
    after = await all_rows(fresh_database)
    assert {table for table in before if before[table] != after[table]} <= {"api_key"}


async def test_a_stranger_edits_nothing(fresh_graphql: GraphQL, fresh: Copy) -> None:
    stranger = bearer(fresh.organizations[1])
    for name, noun, values in (
        ("updateGraphNode", "node 101", {"id": 101}),
        ("removeGraphNode", "node 101", {"id": 101}),
        ("updateGraphEdge", "edge 201", {"id": 201}),
        ("removeGraphEdge", "edge 201", {"id": 201}),
    ):
        payload = await edit(fresh_graphql, name, stranger, **values)
        assert payload["userErrors"] == [
            {
                "message": f"There is no {noun} in your organization.",
                "code": "NOT_FOUND",
                "path": ["input", "id"],
            }
        ]
    added = await edit(
        fresh_graphql, "addGraphEdge", stranger, **{"from": 101, "to": 102}, conditionType="INTENT"
    )
    assert [(each["code"], each["path"][1]) for each in added["userErrors"]] == [
        ("NOT_FOUND", "from"),
        ("NOT_FOUND", "to"),
    ]


async def test_an_edge_joins_nodes_of_one_graph(fresh_graphql: GraphQL) -> None:
    other = await fresh_graphql(
        'mutation { createGraph(input: {name: "Other", nodes: [{key: "a", assistantId: 1}]}) {'
        " graph { databaseId } nodes { databaseId } } }"
    )
    created = other["data"]["createGraph"]
    graph_id, node_id = created["graph"]["databaseId"], created["nodes"][0]["databaseId"]
    edge = {"from": 101, "to": node_id, "conditionType": "INTENT"}

    assert await problems(fresh_graphql, "addGraphEdge", **edge) == [
        (
            f"to is {node_id}, a node of graph {graph_id}, but the edge is of graph 1",
            "INVALID",
            "input.to",
        )
    ]


async def test_the_limits_are_those_of_a_replacement(fresh_graphql: GraphQL) -> None:
    nodes = [{"key": str(number), "assistantId": 1} for number in range(500)]
    edges = [
        {"from": str(number % 500), "to": "0", "conditionType": "INTENT"} for number in range(2_000)
    ]
    replaced = await fresh_graphql(
        "mutation ($nodes: [GraphNodeInput!]!, $edges: [GraphEdgeInput!]!) {"
        " replaceGraphStructure(input: {id: 1, nodes: $nodes, edges: $edges}) {"
        " nodes { databaseId } userErrors { message } } }",
        {"nodes": nodes, "edges": edges},
    )
    first = replaced["data"]["replaceGraphStructure"]["nodes"][0]["databaseId"]
    edge = {"from": first, "to": first, "conditionType": "INTENT"}

    assert await problems(fresh_graphql, "addGraphNode", graphId=1, assistantId=1) == [
        ("The graph has 500 nodes already, which is the most it may have.", "TOO_MANY", "input")
    ]
    assert await problems(fresh_graphql, "addGraphEdge", **edge) == [
        ("The graph has 2,000 edges already, which is the most it may have.", "TOO_MANY", "input")
    ]


async def test_of_two_editors_of_one_version_one_is_refused(fresh_graphql: GraphQL) -> None:
    payloads = await asyncio.gather(
        edit(
            fresh_graphql, "updateGraphNode", id=102, position={"x": 1, "y": 1}, expectedVersion=1
        ),
        edit(fresh_graphql, "removeGraphEdge", id=202, expectedVersion=1),
    )

    codes = [[each["code"] for each in payload["userErrors"]] for payload in payloads]
    assert sorted(codes) == [[], ["VERSION_CONFLICT"]]
