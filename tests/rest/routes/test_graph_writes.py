"""Assistant graphs over REST: created, changed, replaced and deleted."""

from typing import Any

import pytest

from tests.conftest import Counting
from tests.databases import Copy
from tests.rest.conftest import Rest

GRAPHS = "/api/v1/assistant-graphs"
NODES: list[dict[str, Any]] = [
    {"assistant_id": 1, "node_type": "entry", "position": {"x": 0, "y": 0.5}},
    {"assistant_id": 2, "configuration": {"max_session_duration": 15}},
]
EDGES: list[dict[str, Any]] = [
    {"from_node_id": 0, "to_node_id": 1, "condition_type": "intent", "intent_pattern": "buy"}
]


async def test_an_empty_graph_is_made(fresh_rest: Rest) -> None:
    answer = await fresh_rest("POST", GRAPHS, {"name": "Draft"})

    created = answer.json()
    assert answer.status_code == 201
    assert created == {
        "id": created["id"],
        "organization_id": 1,
        "name": "Draft",
        "description": None,
        "is_active": True,
        "configuration": {},
        "nodes": [],
        "edges": [],
        "total_nodes": 0,
        "total_edges": 0,
        "created_at": created["created_at"],
        "updated_at": created["created_at"],
    }


async def test_a_graph_is_made_with_defaults_and_read_back(fresh_rest: Rest) -> None:
    body = {"name": "Small", "configuration": {"b": 1, "a": None}, "nodes": NODES, "edges": EDGES}

    answer = await fresh_rest("POST", GRAPHS, body)

    created = answer.json()
    assert answer.status_code == 201
    assert created == (await fresh_rest("GET", f"{GRAPHS}/{created['id']}")).json()
    assert list(created["configuration"].items()) == [("b", 1), ("a", None)]
    first, second = created["nodes"]
    assert first["position"] == {"x": 0, "y": 0.5}
    assert (second["node_type"], second["position"]) == ("standard", {"x": 0, "y": 0})
    assert second["configuration"] == {"max_session_duration": 15}
    (edge,) = created["edges"]
    assert (edge["from_node_id"], edge["to_node_id"]) == (first["id"], second["id"])
    assert (edge["condition_logic"], edge["priority"], edge["is_active"]) == ("AND", 0, True)
    instants = {each["created_at"] for each in (created, first, second, edge)}
    assert instants == {created["updated_at"]}


async def test_a_taken_name_is_refused_whatever_its_graph(fresh_rest: Rest) -> None:
    """An inactive graph keeps its name, too; other letters are another name."""
    answer = await fresh_rest("POST", GRAPHS, {"name": "After Hours"})
    other = await fresh_rest("POST", GRAPHS, {"name": "after hours"})

    words = "Assistant graph with name 'After Hours' already exists in your organization"
    assert answer.status_code == 400
    assert answer.json() == {
        "detail": words,
        "errors": [{"type": "already_exists", "loc": ["body", "name"], "msg": words}],
    }
    assert other.status_code == 201


async def test_a_refused_graph_leaves_nothing(fresh_rest: Rest) -> None:
    before = (await fresh_rest("GET", f"{GRAPHS}?active_only=false")).json()

    answer = await fresh_rest("POST", GRAPHS, {"name": "Bad", "nodes": [{"assistant_id": 777}]})

    words = "nodes[0].assistant_id is 777, but your organization has no such assistant"
    assert answer.status_code == 400
    assert answer.json()["detail"] == words
    assert (await fresh_rest("GET", f"{GRAPHS}?active_only=false")).json() == before


async def test_another_organizations_assistant_is_no_assistant(
    fresh_rest: Rest, fresh: Copy
) -> None:
    stranger = {"Authorization": f"Bearer {fresh.organizations[1].api_key}"}
    body = {"name": "Theirs", "nodes": [{"assistant_id": 1}]}

    answer = await fresh_rest("POST", GRAPHS, body, headers=stranger)

    assert answer.status_code == 400


async def test_edges_need_nodes_and_a_condition_type_when_a_graph_is_made(
    fresh_rest: Rest,
) -> None:
    body = {"name": "Edges", "edges": [{"from_node_id": 0, "to_node_id": 0}]}

    answer = await fresh_rest("POST", GRAPHS, body)

    assert answer.status_code == 400
    assert [error["msg"] for error in answer.json()["errors"]] == [
        "edges[0].from_node_id is 0, but the request has no nodes",
        "edges[0].to_node_id is 0, but the request has no nodes",
        "edges[0].condition_type is required",
    ]


async def test_two_entry_nodes_are_refused(fresh_rest: Rest) -> None:
    entry = {"assistant_id": 1, "node_type": "entry"}

    answer = await fresh_rest("POST", GRAPHS, {"name": "Two", "nodes": [entry, entry]})

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["loc"] == ["body", "nodes", 1, "node_type"]


async def test_a_structure_needs_both_arrays(fresh_rest: Rest) -> None:
    bodies: list[dict[str, Any]] = [
        {},
        {"nodes": []},
        {"edges": []},
        {"nodes": None, "edges": []},
    ]
    answers = [await fresh_rest("PUT", f"{GRAPHS}/1/structure", body) for body in bodies]

    assert [answer.status_code for answer in answers] == [400] * 4
    assert [answer.json()["detail"] for answer in answers] == [
        "nodes: Field required; edges: Field required",
        "edges: Field required",
        "nodes: Field required",
        "nodes: Input should be a valid list",
    ]


async def test_a_structure_is_replaced_by_new_rows(fresh_rest: Rest) -> None:
    before = (await fresh_rest("GET", f"{GRAPHS}/1")).json()
    edges = [{"from_node_id": 0, "to_node_id": 1, "natural_language_trigger": "Wants a person"}]

    body = {"nodes": NODES, "edges": edges}
    answer = await fresh_rest("PUT", f"{GRAPHS}/1/structure", body)

    after = answer.json()
    assert answer.status_code == 200
    assert after == (await fresh_rest("GET", f"{GRAPHS}/1")).json()
    unchanged = ("id", "organization_id", "name", "description", "is_active", "configuration")
    assert {key: after[key] for key in unchanged} == {key: before[key] for key in unchanged}
    assert after["created_at"] == before["created_at"]
    assert after["updated_at"] > before["updated_at"]
    assert {node["created_at"] for node in after["nodes"]} == {after["updated_at"]}
    assert after["edges"][0]["condition_type"] == "natural_language"
    assert not {node["id"] for node in after["nodes"]} & {node["id"] for node in before["nodes"]}


async def test_replacing_clears_active_sessions_and_keeps_ended_ones(fresh_rest: Rest) -> None:
    await fresh_rest("PUT", f"{GRAPHS}/1/structure", {"nodes": [], "edges": []})

    sessions = (await fresh_rest("GET", f"{GRAPHS}/1/sessions")).json()
    cleared = await fresh_rest("GET", f"{GRAPHS}/sessions/CA1234567890abcdef")
    assert cleared.status_code == 404
    assert [
        (each["id"], each["current_node_id"], each["current_assistant_name"], each["graph_name"])
        for each in sessions
    ] == [(500, None, "Support Agent", "Customer Service Router")]


async def test_only_what_is_given_changes(fresh_rest: Rest) -> None:
    before = (await fresh_rest("GET", f"{GRAPHS}/1")).json()

    renamed = (await fresh_rest("PUT", f"{GRAPHS}/1", {"name": "Router", "nodes": []})).json()
    cleared = (await fresh_rest("PUT", f"{GRAPHS}/1", {"description": None})).json()
    same = (await fresh_rest("PUT", f"{GRAPHS}/1", {"name": None, "is_active": None})).json()
    off = await fresh_rest("PUT", f"{GRAPHS}/1", {"is_active": False, "configuration": {"a": 1}})

    assert renamed == {**before, "name": "Router", "updated_at": renamed["updated_at"]}
    assert cleared == {**renamed, "description": None, "updated_at": cleared["updated_at"]}
    assert same == cleared
    assert off.json() == {
        **cleared,
        "is_active": False,
        "configuration": {"a": 1},
        "updated_at": off.json()["updated_at"],
    }


async def test_a_graph_may_keep_its_own_name_but_take_no_other(fresh_rest: Rest) -> None:
    own = await fresh_rest("PUT", f"{GRAPHS}/1", {"name": "Customer Service Router"})
    other = await fresh_rest("PUT", f"{GRAPHS}/1", {"name": "After Hours"})
    blank = await fresh_rest("PUT", f"{GRAPHS}/1", {"name": " "})

    assert [answer.status_code for answer in (own, other, blank)] == [200, 400, 400]
    assert other.json()["detail"] == (
        "Assistant graph with name 'After Hours' already exists in your organization"
    )


async def test_a_graph_is_deleted_with_its_sessions(fresh_rest: Rest) -> None:
    answer = await fresh_rest("DELETE", f"{GRAPHS}/1")

    assert answer.status_code == 200
    assert answer.json() == {
        "success": True,
        "message": "Assistant graph 'Customer Service Router' deleted successfully",
    }
    paths = ("/1", "/1/sessions", "/sessions/CA0987654321fedcba")
    assert [(await fresh_rest("GET", GRAPHS + path)).status_code for path in paths] == [404] * 3
    assert (await fresh_rest("DELETE", f"{GRAPHS}/1")).status_code == 404


async def test_a_retried_write_is_done_once(fresh_rest: Rest) -> None:
    key = {"Idempotency-Key": "create-1"}
    body = {"name": "Once", "nodes": NODES, "edges": EDGES}

    first = await fresh_rest("POST", GRAPHS, body, more=key)
    again = await fresh_rest("POST", GRAPHS, body, more=key)
    other = await fresh_rest("POST", GRAPHS, {**body, "name": "Twice"}, more=key)

    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert other.status_code == 422
    assert isinstance(other.json()["detail"], str)


async def test_a_refused_write_may_be_mended_under_its_key(fresh_rest: Rest) -> None:
    key = {"Idempotency-Key": "create-2"}

    refused = await fresh_rest("POST", GRAPHS, {"name": "After Hours"}, more=key)
    mended = await fresh_rest("POST", GRAPHS, {"name": "After Lunch"}, more=key)

    assert (refused.status_code, mended.status_code) == (400, 201)


@pytest.mark.parametrize("key", ["k" * 256, "", "   ", "a\tb"])
async def test_a_key_that_cannot_be_kept_is_refused(rest: Rest, key: str) -> None:
    answer = await rest("DELETE", f"{GRAPHS}/1", more={"Idempotency-Key": key})

    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["header", "idempotency-key"]
    assert (await rest("GET", f"{GRAPHS}/1")).status_code == 200


async def test_statements_do_not_grow_with_the_structure(
    fresh_rest: Rest, fresh_statements: Counting
) -> None:
    """Replaced by 2 nodes, then by 100 nodes and 200 edges."""
    path = f"{GRAPHS}/1/structure"
    many = {
        "nodes": [{"assistant_id": 1 + at % 4} for at in range(100)],
        "edges": [{"from_node_id": at % 100, "to_node_id": at % 7} for at in range(200)],
    }
    counts = []
    for body in ({"nodes": NODES, "edges": EDGES}, many):
        with fresh_statements() as ran:
            answer = await fresh_rest("PUT", path, body)
        assert answer.status_code == 200
        counts.append(ran.count)

    assert counts[1] <= counts[0] + 5
    assert max(counts) <= 30


async def test_null_is_the_default(fresh_rest: Rest) -> None:
    """A canvas sends every field of its form, those that are empty as null."""
    nodes = [{"assistant_id": 1, "node_type": None, "position": None, "configuration": None}]
    edge = {"from_node_id": 0, "to_node_id": 0, "condition_type": "intent", "intent_pattern": "a"}
    nulls = dict.fromkeys(("condition_logic", "priority", "is_active", "description"))
    body = {"name": "Nulls", "description": None, "nodes": nodes, "edges": [{**edge, **nulls}]}
    created = (await fresh_rest("POST", GRAPHS, body)).json()
    structure = {"nodes": nodes, "edges": [{**edge, **nulls, "condition_type": None}]}
    path = f"{GRAPHS}/{created['id']}"
    replaced = (await fresh_rest("PUT", f"{path}/structure", structure)).json()
    walked = await fresh_rest(
        "POST", "/api/v1/assistant-graphs/1/test", {"test_messages": ["buy"], "context": None}
    )

    for graph, condition_type in ((created, "intent"), (replaced, "natural_language")):
        [node], [link] = graph["nodes"], graph["edges"]
        assert (node["node_type"], node["position"]) == ("standard", {"x": 0, "y": 0})
        assert node["configuration"] == {}
        assert (link["condition_logic"], link["priority"], link["is_active"]) == ("AND", 0, True)
        assert (link["description"], link["condition_type"]) == (None, condition_type)
    assert walked.status_code == 200
