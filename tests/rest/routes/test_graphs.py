"""Assistant graphs over REST: what is read, in which shape, and at what cost."""

from typing import Any

from tests.conftest import Counting
from tests.rest.conftest import Rest

GRAPHS = "/api/v1/assistant-graphs"
GRAPH_KEYS = [
    *("id", "organization_id", "name", "description", "is_active", "configuration", "nodes"),
    *("edges", "total_nodes", "total_edges", "created_at", "updated_at"),
]
NODE_KEYS = [
    *("id", "graph_id", "assistant_id", "node_type", "position", "configuration", "created_at"),
    *("assistant_name", "assistant_description"),
]
EDGE_KEYS = [
    *("id", "graph_id", "from_node_id", "to_node_id", "condition_type", "intent_pattern"),
    *("natural_language_trigger", "mathematical_expression", "state_variable_condition"),
    *("condition_logic", "priority", "is_active", "handoff_sentence", "description"),
    *("created_at", "updated_at"),
]


async def every_graph(rest: Rest) -> list[dict[str, Any]]:
    graphs: list[dict[str, Any]] = (await rest("GET", f"{GRAPHS}?active_only=false")).json()
    return graphs


async def test_keys_come_in_documented_order_and_null_ones_too(rest: Rest) -> None:
    for listed in await every_graph(rest):
        graph = (await rest("GET", f"{GRAPHS}/{listed['id']}")).json()
        assert list(listed) == list(graph) == GRAPH_KEYS
        assert all(list(node) == NODE_KEYS for node in graph["nodes"])
        assert all(list(edge) == EDGE_KEYS for edge in graph["edges"])


async def test_a_list_has_empty_structures_and_right_totals(rest: Rest) -> None:
    listed = await every_graph(rest)

    assert len(listed) > 10
    assert {graph["total_nodes"] for graph in listed} > {0, 1, 6}
    for graph in listed:
        whole = (await rest("GET", f"{GRAPHS}/{graph['id']}")).json()
        assert len(whole["nodes"]) == whole["total_nodes"]
        assert len(whole["edges"]) == whole["total_edges"]
        assert graph == {**whole, "nodes": [], "edges": []}


async def test_graphs_are_listed_by_id(rest: Rest) -> None:
    ids = [graph["id"] for graph in await every_graph(rest)]

    assert ids == sorted(ids)
    assert ids[0] == 1


async def test_pages_together_are_the_list(rest: Rest) -> None:
    listed = await every_graph(rest)

    pages = [
        (await rest("GET", f"{GRAPHS}?active_only=false&skip={skip}&limit=4")).json()
        for skip in range(0, len(listed) + 4, 4)
    ]

    assert [graph for page in pages for graph in page] == listed
    assert [len(page) for page in pages[:2]] == [4, 4]


async def test_inactive_graphs_are_listed_only_when_asked_for(rest: Rest) -> None:
    active = (await rest("GET", GRAPHS)).json()
    every = await every_graph(rest)

    assert active == [graph for graph in every if graph["is_active"]]
    assert len(active) < len(every)


async def test_an_inactive_graph_is_read_by_id(rest: Rest) -> None:
    (inactive,) = [graph for graph in await every_graph(rest) if not graph["is_active"]]

    answer = await rest("GET", f"{GRAPHS}/{inactive['id']}")

    assert answer.status_code == 200
    assert answer.json()["is_active"] is False


async def test_positions_are_numbers_as_they_were_sent(rest: Rest) -> None:
    text = (await rest("GET", f"{GRAPHS}/1")).text

    assert '"position":{"x":0,"y":0}' in text
    assert '"position":{"x":200,"y":-100}' in text


async def test_another_organizations_graph_is_not_there(
    rest: Rest, stranger: dict[str, str]
) -> None:
    for method, path, body in (
        ("GET", f"{GRAPHS}/1", None),
        ("PUT", f"{GRAPHS}/1", {"name": "Mine"}),
        ("PUT", f"{GRAPHS}/1/structure", {"nodes": [], "edges": []}),
        ("DELETE", f"{GRAPHS}/1", None),
        ("GET", f"{GRAPHS}/1/sessions", None),
        ("GET", f"{GRAPHS}/1/analytics", None),
        ("POST", f"{GRAPHS}/1/test", ["Hello"]),
    ):
        answer = await rest(method, path, body, headers=stranger)
        assert answer.status_code == 404
        assert answer.json() == {"detail": "There is no graph 1 in your organization."}
    theirs = await rest("GET", f"{GRAPHS}?active_only=false", headers=stranger)
    assert {graph["organization_id"] for graph in theirs.json()} == {2}


async def test_a_graph_and_a_list_of_them_cost_one_statement(
    rest: Rest, statements: Counting
) -> None:
    with statements() as reading:
        graph = (await rest("GET", f"{GRAPHS}/1003")).json()
    with statements() as listing:
        graphs = await every_graph(rest)

    assert len(graph["nodes"]) == 6
    assert len(graphs) > 10
    assert (reading.count, listing.count) == (1, 1)


async def test_what_is_refused_for_its_form_costs_none(rest: Rest, statements: Counting) -> None:
    await rest("GET", GRAPHS)
    with statements() as ran:
        for address in ("?limit=0", "/abc", "/99999999999999999999"):
            await rest("GET", GRAPHS + address)

    assert ran.count == 0
