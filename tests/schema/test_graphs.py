"""Assistant graphs: the documented one, its structure both ways, and the lists of graphs."""

from typing import Any

from sqlalchemy import update

from gql.database import Database
from gql.models.graph import GraphEdge, GraphNode
from gql.models.scope import owned, table_of
from gql.schema.scalars import print_instant
from tests.conftest import Counting, GraphQL
from tests.schema.lists import GRAPHS, ids, read, rows_of

CREATED = "2025-01-19T10:00:00Z"


async def test_the_documented_graph(graphql: GraphQL) -> None:
    query = """{ graph(id: 1) { id databaseId name description isActive configuration version
        createdAt updatedAt totalNodes totalEdges entryNode { id }
        nodes { id databaseId nodeType position { x y } configuration createdAt
            assistant { id name description } graph { id } }
        edges { id databaseId conditionType intentPattern naturalLanguageTrigger
            mathematicalExpression stateVariableCondition conditionLogic priority isActive
            handoffSentence description createdAt updatedAt
            from { id } to { id } graph { id } } } }"""

    answer = await graphql(query)

    graph = {"graph": {"id": "graph_1"}}
    node = {"configuration": {}, "createdAt": CREATED, **graph}
    edge = {
        "conditionType": "INTENT",
        "naturalLanguageTrigger": None,
        "mathematicalExpression": None,
        "stateVariableCondition": None,
        "conditionLogic": "AND",
        "priority": 1,
        "isActive": True,
        "description": None,
        "createdAt": CREATED,
        "updatedAt": CREATED,
        "from": {"id": "node_101"},
        **graph,
    }
    assert answer["data"]["graph"] == {
        "id": "graph_1",
        "databaseId": 1,
        "name": "Customer Service Router",
        "description": "Routes customers to the appropriate department",
        "isActive": True,
        "configuration": {},
        "version": 1,
        "createdAt": CREATED,
        "updatedAt": CREATED,
        "totalNodes": 3,
        "totalEdges": 2,
        "entryNode": {"id": "node_101"},
        "nodes": [
            {
                "id": f"node_{number}",
                "databaseId": number,
                "nodeType": kind,
                "position": {"x": x, "y": y},
                "assistant": {"id": f"assistant_{assistant}", "name": name, "description": about},
                **node,
            }
            for number, kind, x, y, assistant, name, about in (
                (101, "ENTRY", 0, 0, 1, "Receptionist", "Greets callers and routes to departments"),
                (102, "STANDARD", 200, -100, 2, "Sales Specialist", "Handles sales inquiries"),
                (103, "STANDARD", 200, 100, 3, "Support Agent", "Handles support requests"),
            )
        ],
        "edges": [
            {
                "id": "edge_201",
                "databaseId": 201,
                "intentPattern": "sales,purchase,buy",
                "handoffSentence": "Let me connect you with our sales team.",
                "to": {"id": "node_102"},
                **edge,
            },
            {
                "id": "edge_202",
                "databaseId": 202,
                "intentPattern": "support,help,issue,problem",
                "handoffSentence": "I will transfer you to our support team.",
                "to": {"id": "node_103"},
                **edge,
            },
        ],
    }


async def test_structures_are_the_rows_of_their_graphs(
    graphql: GraphQL, database: Database
) -> None:
    """For every graph at once: nodes and edges by id, edges of a node by priority."""
    nodes, edges = await read(database, GraphNode), await read(database, GraphEdge)
    query = """{ graphs(first: 100) { nodes { databaseId totalNodes totalEdges
        entryNode { databaseId }
        nodes { databaseId outgoing { databaseId } incoming { databaseId } }
        edges { databaseId from { databaseId } to { databaseId } } } } }"""

    def tried(column: str, node_id: int) -> list[dict[str, int]]:
        outgoing = [edge for edge in edges if edge[column] == node_id]
        outgoing.sort(key=lambda edge: (edge["priority"], edge["id"]))
        return [{"databaseId": edge["id"]} for edge in outgoing]

    answer = await graphql(query)

    for graph in answer["data"]["graphs"]["nodes"]:
        own = [node for node in nodes if node["graph_id"] == graph["databaseId"]]
        own_edges = [edge for edge in edges if edge["graph_id"] == graph["databaseId"]]
        entries = [node for node in own if node["node_type"] == "entry"]
        assert graph == {
            "databaseId": graph["databaseId"],
            "totalNodes": len(own),
            "totalEdges": len(own_edges),
            "entryNode": {"databaseId": entries[0]["id"]} if entries else None,
            "nodes": [
                {
                    "databaseId": node["id"],
                    "outgoing": tried("from_node_id", node["id"]),
                    "incoming": tried("to_node_id", node["id"]),
                }
                for node in own
            ],
            "edges": [
                {
                    "databaseId": edge["id"],
                    "from": {"databaseId": edge["from_node_id"]},
                    "to": {"databaseId": edge["to_node_id"]},
                }
                for edge in own_edges
            ],
        }


async def test_every_kind_of_condition_and_node_is_a_word(
    graphql: GraphQL, database: Database
) -> None:
    query = """{ graphs(first: 100) { nodes { nodes { databaseId nodeType }
        edges { databaseId conditionType conditionLogic } } } }"""
    graphs = (await graphql(query))["data"]["graphs"]["nodes"]

    kinds = {node["databaseId"]: node["nodeType"] for each in graphs for node in each["nodes"]}
    conditions = {
        edge["databaseId"]: (edge["conditionType"], edge["conditionLogic"])
        for each in graphs
        for edge in each["edges"]
    }

    assert kinds == {row["id"]: row["node_type"].upper() for row in await read(database, GraphNode)}
    assert conditions == {
        row["id"]: (row["condition_type"].upper(), row["condition_logic"])
        for row in await read(database, GraphEdge)
    }
    assert {"ENTRY", "STANDARD", "ESCALATION"} <= set(kinds.values())
    assert {kind for kind, _ in conditions.values()} == {
        *("INTENT", "NATURAL_LANGUAGE", "MATHEMATICAL", "STATE_VARIABLE")
    }


async def test_a_list_of_graphs_is_filtered(graphql: GraphQL, database: Database) -> None:
    rows = await rows_of(database, GRAPHS)
    instants = sorted(row["created_at"] for row in rows)
    changed = sorted(row["updated_at"] for row in rows)
    name = rows[3]["name"]
    cases: list[tuple[Any, Any]] = [
        ({"isActive": True}, lambda row: row["is_active"]),
        ({"isActive": False}, lambda row: not row["is_active"]),
        ({"name": {"eq": name}}, lambda row: row["name"] == name),
        ({"name": {"in": [name, "?"]}}, lambda row: row["name"] == name),
        ({"name": {"contains": "SUPPORT"}}, lambda row: "support" in row["name"].lower()),
        ({"name": {"startsWith": "f"}}, lambda row: row["name"].lower().startswith("f")),
        (
            {"createdAt": {"lte": print_instant(instants[4])}},
            lambda row: row["created_at"] <= instants[4],
        ),
        (
            {"updatedAt": {"gt": print_instant(changed[4])}, "isActive": True},
            lambda row: row["updated_at"] > changed[4] and row["is_active"],
        ),
    ]
    for filter_, passes in cases:
        assert await ids(graphql, GRAPHS, filter_) == [row["id"] for row in rows if passes(row)]


async def test_the_same_node_asked_twice_is_read_once(
    graphql: GraphQL, statements: Counting
) -> None:
    """Under other names and in other places: one statement for all that ask for the same."""
    query = """{ a: graph(id: 1) { nodes { id } } b: graph(id: "graph_1") { nodes { nodeType }
        more: nodes { assistant { id } } }
        c: node(id: "graph_1") { ... on AssistantGraph { name } } }"""
    await graphql(query)

    with statements() as ran:
        answer = await graphql(query)

    assert answer["data"]["c"] == {"name": "Customer Service Router"}
    assert ran.count == 3


async def test_a_node_has_the_key_of_the_platform_that_it_came_from(
    fresh_graphql: GraphQL, fresh_database: Database
) -> None:
    table = table_of(GraphNode)
    async with fresh_database.transaction() as connection:
        own = update(table).where(owned(table, 1), table.c.id == 101)
        await connection.execute(own.values(key="greeting"))

    answer = await fresh_graphql('{ graph(id: "graph_1") { nodes { fullDatabaseId key } } }')

    nodes = answer["data"]["graph"]["nodes"]
    keys = {node["fullDatabaseId"]: node["key"] for node in nodes}
    assert keys == {node["fullDatabaseId"]: None for node in nodes} | {"101": "greeting"}
