"""Null in an input of a graph's nodes and edges means what leaving it out means."""

from tests.conftest import GraphQL
from tests.schema.test_mutations_graphs import CREATE, change


async def test_null_means_the_default(fresh_graphql: GraphQL) -> None:
    node_nulls = dict.fromkeys(("nodeType", "position", "configuration"))
    edge_nulls = dict.fromkeys(("conditionLogic", "priority", "isActive", "handoffSentence"))
    without = {"key": "a", "assistantId": 1}, {"key": "b", "assistantId": 2}
    edge = {"from": "a", "to": "b", "conditionType": "INTENT", "intentPattern": "sales"}

    left_out = await change(fresh_graphql, CREATE, name="Left out", nodes=without, edges=[edge])
    nulls = await change(
        fresh_graphql,
        CREATE,
        name="Nulls",
        nodes=[node | node_nulls for node in without],
        edges=[edge | edge_nulls],
    )

    assert (left_out["userErrors"], nulls["userErrors"]) == ([], [])
    for payload in (left_out, nulls):
        for each in (*payload["graph"]["nodes"], *payload["graph"]["edges"]):
            for key in ("id", "from", "to"):
                each.pop(key, None)
    assert nulls["graph"]["nodes"] == left_out["graph"]["nodes"]
    assert nulls["graph"]["edges"] == left_out["graph"]["edges"]
