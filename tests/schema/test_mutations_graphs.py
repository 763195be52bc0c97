"""Mutations of assistant graphs, over HTTP."""

import asyncio
from typing import Any

from tests.conftest import Counting, GraphQL, bearer
from tests.databases import Copy
from tests.domain.writes.executed_sql import verbs_and_tables

CREATE = """mutation ($input: CreateGraphInput!) { createGraph(input: $input) {
    graph { id name description isActive configuration version totalNodes totalEdges
        nodes { id nodeType position { x y } configuration assistant { databaseId name } }
        edges { id from { id } to { id } conditionType intentPattern naturalLanguageTrigger
            mathematicalExpression stateVariableCondition conditionLogic priority isActive
            handoffSentence description } }
    nodes { key id databaseId } edgeIds clientMutationId userErrors { message code path } } }"""
UPDATE = """mutation ($input: UpdateGraphInput!) { updateGraph(input: $input) {
    graph { id name description isActive configuration version }
    userErrors { message code path } } }"""
REPLACE = """mutation ($input: ReplaceGraphStructureInput!) {
    replaceGraphStructure(input: $input) {
        graph { id version nodes { id nodeType } edges { id from { id } to { id } }
            sessions { nodes { databaseId isActive } } }
        nodes { key id } edgeIds clearedSessions clientMutationId
        userErrors { message code path } } }"""
DELETE = """mutation ($input: DeleteGraphInput!) { deleteGraph(input: $input) {
    deletedId name clientMutationId userErrors { message code path } } }"""

NODES: list[dict[str, Any]] = [
    {"key": "in", "assistantId": 1, "nodeType": "ENTRY", "position": {"x": 0, "y": 0}},
    {"key": "sales", "assistantId": "assistant_2", "position": {"x": 200, "y": -100.0}},
    {"key": "help", "assistantId": "3", "position": {"x": 200, "y": 100}},
]
EDGES: list[dict[str, Any]] = [
    {
        "from": "in",
        "to": "sales",
        "conditionType": "INTENT",
        "intentPattern": "sales,purchase,buy",
        "priority": 1,
        "handoffSentence": "Let me connect you with our sales team.",
    },
    {
        "from": "in",
        "to": "help",
        "conditionType": "INTENT",
        "intentPattern": "support,help,issue,problem",
        "priority": 1,
        "handoffSentence": "I will transfer you to our support team.",
    },
]


async def change(graphql: GraphQL, query: str, **values: Any) -> Any:
    """The payload of a mutation that is alone in its document."""
    answer = await graphql(query, {"input": values})
    assert list(answer) == ["data"], answer
    [payload] = answer["data"].values()
    return payload


async def test_the_documented_graph_by_keys(
    fresh_graphql: GraphQL, fresh_statements: Counting
) -> None:
    description = "Routes customers to the appropriate department"
    with fresh_statements() as ran:
        payload = await change(
            fresh_graphql,
            CREATE,
            name="Another Router",
            description=description,
            nodes=NODES,
            edges=EDGES,
            clientMutationId="mine",
        )

    ids = [node["id"] for node in payload["nodes"]]
    assert payload == {
        "graph": {
            "id": payload["graph"]["id"],
            "name": "Another Router",
            "description": description,
            "isActive": True,
            "configuration": {},
            "version": 1,
            "totalNodes": 3,
            "totalEdges": 2,
            "nodes": [
                _node(ids[0], "ENTRY", (0, 0), 1, "Receptionist"),
                _node(ids[1], "STANDARD", (200, -100), 2, "Sales Specialist"),
                _node(ids[2], "STANDARD", (200, 100), 3, "Support Agent"),
            ],
            "edges": [
                _edge(payload["edgeIds"][0], ids[0], ids[1], EDGES[0]),
                _edge(payload["edgeIds"][1], ids[0], ids[2], EDGES[1]),
            ],
        },
        "nodes": [
            {"key": key, "id": node_id, "databaseId": int(node_id.removeprefix("node_"))}
            for key, node_id in zip(("in", "sales", "help"), ids, strict=True)
        ],
        "edgeIds": payload["edgeIds"],
        "clientMutationId": "mine",
        "userErrors": [],
    }
    assert verbs_and_tables(ran.texts)[:6] == [
        "SELECT assistant_graph",
        "SELECT assistant",
        "INSERT assistant_graph",
        "INSERT graph_node",
        "INSERT graph_edge",
        "INSERT audit_log",
    ]
    assert ran.count <= 12


async def test_it_equals_the_graph_of_the_demo_data(fresh_graphql: GraphQL) -> None:
    description = "Routes customers to the appropriate department"
    created = await change(
        fresh_graphql, CREATE, name="Copy", description=description, nodes=NODES, edges=EDGES
    )
    fields = CREATE[CREATE.index("graph { id") : CREATE.index("nodes { key")]
    answer = await fresh_graphql("{ " + fields.replace("graph {", 'graph(id: "1") {', 1) + " }")

    assert _nameless(answer["data"]["graph"]) == _nameless(created["graph"])


async def test_a_whole_number_of_more_than_64_bits_is_refused_not_rounded(
    fresh_graphql: GraphQL,
) -> None:
    problem = {
        "message": "configuration has a number that is outside of 64 bits at /a",
        "code": "INVALID",
        "path": ["input", "configuration"],
    }
    for number in (2**63, 10**19, 10**30):
        payload = await change(fresh_graphql, CREATE, name="Big", configuration={"a": number})
        literal = CREATE.replace("($input: CreateGraphInput!)", "").replace(
            "$input", f'{{name: "Big", configuration: {{a: {number}}}}}'
        )
        answer = await fresh_graphql(literal)

        assert problem in payload["userErrors"]
        assert problem in answer["data"]["createGraph"]["userErrors"]


async def test_every_problem_of_an_input_has_its_path(fresh_graphql: GraphQL) -> None:
    nodes = [
        {"key": "a", "assistantId": "graph_1", "nodeType": "ENTRY"},
        {"key": "a", "assistantId": 999, "nodeType": "ENTRY", "configuration": []},
    ]
    edges = [
        {"from": "a", "to": "b", "conditionType": "INTENT", "stateVariableCondition": "x"},
    ]

    payload = await change(
        fresh_graphql, CREATE, name=" ", configuration=5, nodes=nodes, edges=edges
    )

    assert payload["graph"] is None
    assert (payload["nodes"], payload["edgeIds"]) == ([], [])
    assert payload["userErrors"] == [
        {
            "message": "nodes[1].key is 'a', but nodes[0] has that key already",
            "code": "ALREADY_EXISTS",
            "path": ["input", "nodes", "1", "key"],
        },
        {
            "message": "`graph_1` is not the id of an assistant: this needs `assistant_...`.",
            "code": "INVALID",
            "path": ["input", "nodes", "0", "assistantId"],
        },
        {
            "message": "edges[0].to is 'b', but no node of the input has that key",
            "code": "NOT_FOUND",
            "path": ["input", "edges", "0", "to"],
        },
        {"message": "name must not be blank", "code": "REQUIRED", "path": ["input", "name"]},
        {
            "message": "configuration must be a JSON object",
            "code": "INVALID",
            "path": ["input", "configuration"],
        },
        {
            "message": "nodes[1].assistantId is 999, but your organization has no such assistant",
            "code": "NOT_FOUND",
            "path": ["input", "nodes", "1", "assistantId"],
        },
        {
            "message": "nodes[1].configuration must be a JSON object",
            "code": "INVALID",
            "path": ["input", "nodes", "1", "configuration"],
        },
        {
            "message": "nodes[1].nodeType is 'entry', but nodes[0] is the entry node, and a graph"
            " has at most one",
            "code": "INVALID",
            "path": ["input", "nodes", "1", "nodeType"],
        },
        {
            "message": "edges[0].stateVariableCondition must be a JSON object",
            "code": "INVALID",
            "path": ["input", "edges", "0", "stateVariableCondition"],
        },
    ]


async def test_a_taken_name(fresh_graphql: GraphQL) -> None:
    payload = await change(fresh_graphql, CREATE, name="Customer Service Router")

    assert payload["userErrors"] == [
        {
            "message": "Assistant graph with name 'Customer Service Router' already exists in your"
            " organization",
            "code": "ALREADY_EXISTS",
            "path": ["input", "name"],
        }
    ]


async def test_absent_is_not_null(fresh_graphql: GraphQL) -> None:
    payload = await change(fresh_graphql, UPDATE, id="graph_1", isActive=False)
    assert payload["graph"]["description"] == "Routes customers to the appropriate department"

    payload = await change(fresh_graphql, UPDATE, id=1, description=None, configuration={"a": 1})
    assert payload == {
        "graph": {
            "id": "graph_1",
            "name": "Customer Service Router",
            "description": None,
            "isActive": False,
            "configuration": {"a": 1},
            "version": 1,
        },
        "userErrors": [],
    }

    payload = await change(fresh_graphql, UPDATE, id=1, name=None)
    assert payload == {
        "graph": None,
        "userErrors": [
            {"message": "name must be text", "code": "INVALID", "path": ["input", "name"]}
        ],
    }


async def test_a_structure_is_replaced_and_read_back(fresh_graphql: GraphQL) -> None:
    payload = await change(
        fresh_graphql, REPLACE, id="graph_1", nodes=NODES[:2], edges=EDGES[:1], expectedVersion=1
    )

    first, second = (node["id"] for node in payload["nodes"])
    [edge] = payload["edgeIds"]
    assert payload == {
        "graph": {
            "id": "graph_1",
            "version": 2,
            "nodes": [{"id": first, "nodeType": "ENTRY"}, {"id": second, "nodeType": "STANDARD"}],
            "edges": [{"id": edge, "from": {"id": first}, "to": {"id": second}}],
            "sessions": {"nodes": [{"databaseId": 500, "isActive": False}]},
        },
        "nodes": [{"key": "in", "id": first}, {"key": "sales", "id": second}],
        "edgeIds": [edge],
        "clearedSessions": 1,
        "clientMutationId": None,
        "userErrors": [],
    }


async def test_a_version_that_is_not_the_expected_one(fresh_graphql: GraphQL) -> None:
    payload = await change(
        fresh_graphql, REPLACE, id="graph_1", nodes=[], edges=[], expectedVersion=7
    )

    assert payload["graph"] is None
    assert payload["clearedSessions"] is None
    assert payload["userErrors"] == [
        {
            "message": "The graph has version 1 now, and you expect 7: somebody changed its"
            " structure since you read it.",
            "code": "VERSION_CONFLICT",
            "path": ["input", "expectedVersion"],
        }
    ]


async def test_two_replacements_at_once(fresh_graphql: GraphQL) -> None:
    values = {"id": 1, "nodes": NODES, "edges": EDGES}
    both = await asyncio.gather(*(change(fresh_graphql, REPLACE, **values) for _ in range(2)))

    assert sorted(payload["clearedSessions"] for payload in both) == [0, 1]
    answer = await fresh_graphql("{ graph(id: 1) { version nodes { id } } }")
    assert answer["data"]["graph"]["version"] == 3
    last = max(both, key=lambda payload: int(payload["nodes"][0]["id"].split("_")[1]))
    assert [node["id"] for node in answer["data"]["graph"]["nodes"]] == [
        node["id"] for node in last["nodes"]
    ]


async def test_a_dry_run_changes_nothing(fresh_graphql: GraphQL) -> None:
    graph = (
        "{ graph(id: 1) { version updatedAt nodes { id } edges { id } } auditLog { totalCount } }"
    )
    before = await fresh_graphql(graph)

    values = {"id": 1, "nodes": NODES, "edges": EDGES, "dryRun": True, "idempotencyKey": "dry"}
    payload = await change(fresh_graphql, REPLACE, **values)

    assert payload["clearedSessions"] == 1
    assert payload["graph"]["version"] == 1
    assert (payload["nodes"], payload["edgeIds"], payload["userErrors"]) == ([], [], [])
    assert await fresh_graphql(graph) == before
    wet = await change(fresh_graphql, REPLACE, **values | {"dryRun": False})
    assert wet["graph"]["version"] == 2


async def test_the_limits_are_user_errors(fresh_graphql: GraphQL) -> None:
    nodes = [{"key": str(number), "assistantId": 1} for number in range(501)]

    payload = await change(fresh_graphql, REPLACE, id=1, nodes=nodes, edges=[])

    assert payload["userErrors"] == [
        {
            "message": "nodes has 501 entries, but a graph may have at most 500",
            "code": "TOO_MANY",
            "path": ["input", "nodes"],
        }
    ]


async def test_a_graph_is_deleted_once(fresh_graphql: GraphQL) -> None:
    payload = await change(fresh_graphql, DELETE, id=1, clientMutationId="")
    assert payload == {
        "deletedId": "graph_1",
        "name": "Customer Service Router",
        "clientMutationId": "",
        "userErrors": [],
    }

    assert await change(fresh_graphql, DELETE, id="graph_1") == {
        "deletedId": None,
        "name": None,
        "clientMutationId": None,
        "userErrors": [
            {
                "message": "There is no graph 1 in your organization.",
                "code": "NOT_FOUND",
                "path": ["input", "id"],
            }
        ],
    }


async def test_fields_of_one_document_run_one_after_another(fresh_graphql: GraphQL) -> None:
    query = """mutation {
        a: updateGraph(input: {id: 1, name: "A"}) { graph { name } }
        b: createGraph(input: {name: "A"}) { graph { name } userErrors { code } }
        c: updateGraph(input: {id: 1, name: "C"}) { graph { name } }
        d: createGraph(input: {name: "A"}) { graph { name } userErrors { code } }
    }"""

    assert await fresh_graphql(query) == {
        "data": {
            "a": {"graph": {"name": "A"}},
            "b": {"graph": None, "userErrors": [{"code": "ALREADY_EXISTS"}]},
            "c": {"graph": {"name": "C"}},
            "d": {"graph": {"name": "A"}, "userErrors": []},
        }
    }


async def test_a_stranger_finds_nothing_to_change(fresh_graphql: GraphQL, fresh: Copy) -> None:
    seen = "{ graph(id: 1) { name version updatedAt nodes { id } } auditLog { totalCount } }"
    before = await fresh_graphql(seen)
    stranger = bearer(fresh.organizations[1])
    for query, values in (
        (UPDATE, {"id": "graph_1", "name": "Mine"}),
        (REPLACE, {"id": "graph_1", "nodes": [], "edges": []}),
        (DELETE, {"id": "graph_1"}),
    ):
        answer = await fresh_graphql(query, {"input": values}, stranger)
        [payload] = answer["data"].values()
        assert payload["userErrors"] == [
            {
                "message": "There is no graph 1 in your organization.",
                "code": "NOT_FOUND",
                "path": ["input", "id"],
            }
        ]
    assert await fresh_graphql(seen) == before


def _node(
    node_id: str, node_type: str, position: tuple[int, int], assistant: int, name: str
) -> dict[str, Any]:
    return {
        "id": node_id,
        "nodeType": node_type,
        "position": {"x": position[0], "y": position[1]},
        "configuration": {},
        "assistant": {"databaseId": assistant, "name": name},
    }


def _edge(edge_id: str, start: str, end: str, values: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": edge_id,
        "from": {"id": start},
        "to": {"id": end},
        "conditionType": "INTENT",
        "intentPattern": values["intentPattern"],
        "naturalLanguageTrigger": None,
        "mathematicalExpression": None,
        "stateVariableCondition": None,
        "conditionLogic": "AND",
        "priority": 1,
        "isActive": True,
        "handoffSentence": values["handoffSentence"],
        "description": None,
    }


def _nameless(graph: dict[str, Any]) -> Any:
    """A graph but for names and ids."""
    index_of = {node["id"]: index for index, node in enumerate(graph["nodes"])}
    return {
        **{name: value for name, value in graph.items() if name not in {"id", "name"}},
        "nodes": [{**node, "id": None} for node in graph["nodes"]],
        "edges": [
            {
                **edge,
                "id": None,
                "from": index_of[edge["from"]["id"]],
                "to": index_of[edge["to"]["id"]],
            }
            for edge in graph["edges"]
        ],
    }
