"""What is wrong with a structure is reported all at once, each problem with its path."""

from dataclasses import replace
from typing import Any

import pytest

from gql.database import Database
from gql.domain.writes.drafts import EdgeDraft, NodeDraft
from gql.domain.writes.graphs import create_graph
from gql.domain.writes.replacement import replace_structure
from gql.errors import Invalid, Problem
from gql.query.context import Context
from tests.conftest import Counting
from tests.domain.writes.conftest import all_rows
from tests.domain.writes.drafts import ROUTER, ROUTER_EDGES, ROUTER_NODES

NODE = NodeDraft(1)
EDGE = EdgeDraft(0, 0, "intent")

NODES: list[tuple[NodeDraft, str]] = [
    (NodeDraft(9999), "nodes[0].assistant_id is 9999, but your organization has no such assistant"),
    (
        NodeDraft(2**70),
        f"nodes[0].assistant_id is {2**70}, but your organization has no such assistant",
    ),
    (
        NodeDraft(1, "assistant"),
        (
            "nodes[0].node_type is 'assistant', but must be 'entry', 'standard', 'exit' or"
            " 'escalation'"
        ),
    ),
    (NodeDraft(1, position={"x": 1}), "nodes[0].position.y is required"),
    (NodeDraft(1, position={"x": "1", "y": 0}), "nodes[0].position.x must be a number"),
    (NodeDraft(1, position={"x": True, "y": 0}), "nodes[0].position.x must be a number"),
    (NodeDraft(1, position={"x": 0, "y": float("nan")}), "nodes[0].position.y is not finite"),
    (NodeDraft(1, position={"x": 2**80, "y": 0}), "nodes[0].position.x is outside of 64 bits"),
    (
        NodeDraft(1, configuration={"a": ["b\0"]}),
        "nodes[0].configuration has a NUL character at /a/0",
    ),
    (
        NodeDraft(1, configuration={"a": float("inf")}),
        "nodes[0].configuration has a number that is not finite at /a",
    ),
]

EDGES: list[tuple[dict[str, Any], str]] = [
    ({"to_index": 7}, "edges[0].to_node_id is 7, but the request has 4 nodes (0-3)"),
    ({"from_index": -1}, "edges[0].from_node_id is -1, but the request has 4 nodes (0-3)"),
    ({"to_index": True}, "edges[0].to_node_id is true, but the request has 4 nodes (0-3)"),
    (
        {"condition_type": "always"},
        (
            "edges[0].condition_type is 'always', but must be 'intent', 'natural_language',"
            " 'mathematical' or 'state_variable'"
        ),
    ),
    ({"condition_logic": "XOR"}, "edges[0].condition_logic is 'XOR', but must be 'AND' or 'OR'"),
    (
        {"priority": 2**31},
        "edges[0].priority is 2147483648, but must be between -2147483648 and 2147483647",
    ),
    ({"is_active": None}, "edges[0].is_active must be true or false"),
    ({"intent_pattern": "a\0"}, "edges[0].intent_pattern has a NUL character"),
    ({"description": "\ud800"}, "edges[0].description has half of a surrogate pair"),
    ({"state_variable_condition": []}, "edges[0].state_variable_condition must be a JSON object"),
]


@pytest.mark.parametrize(("node", "message"), NODES)
async def test_a_node_that_cannot_be_made(member: Context, node: NodeDraft, message: str) -> None:
    with pytest.raises(Invalid) as refused:
        await replace_structure(member, 1, [node], [])

    assert refused.value.message == message


@pytest.mark.parametrize(("field", "message"), EDGES)
async def test_an_edge_that_cannot_be_made(
    member: Context, field: dict[str, Any], message: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await replace_structure(member, 1, [NODE] * 4, [replace(EDGE, **field)])

    assert refused.value.message == message


async def test_all_problems_are_told_at_once_and_nothing_is_changed(
    member: Context, fresh_database: Database, fresh_statements: Counting
) -> None:
    before = await all_rows(fresh_database)
    nodes = [NodeDraft(1, "entry"), NodeDraft(77, "entry"), NodeDraft(78, "exit")]
    edges = [EdgeDraft(0, 1, "intent"), EdgeDraft(3, 5, priority=2**40)]

    with fresh_statements() as ran, pytest.raises(Invalid) as refused:
        await replace_structure(member, 1, nodes, edges)

    assert refused.value.problems == (
        Problem(
            ("nodes", 1, "assistant_id"),
            "nodes[1].assistant_id is 77, but your organization has no such assistant",
            "NOT_FOUND",
        ),
        Problem(
            ("nodes", 2, "assistant_id"),
            "nodes[2].assistant_id is 78, but your organization has no such assistant",
            "NOT_FOUND",
        ),
        Problem(
            ("nodes", 1, "node_type"),
            "nodes[1].node_type is 'entry', but nodes[0] is the entry node, and a graph has at"
            " most one",
        ),
        Problem(
            ("edges", 1, "from_node_id"),
            "edges[1].from_node_id is 3, but the request has 3 nodes (0-2)",
            "OUT_OF_RANGE",
        ),
        Problem(
            ("edges", 1, "to_node_id"),
            "edges[1].to_node_id is 5, but the request has 3 nodes (0-2)",
            "OUT_OF_RANGE",
        ),
        Problem(
            ("edges", 1, "priority"),
            "edges[1].priority is 1099511627776, but must be between -2147483648 and 2147483647",
            "OUT_OF_RANGE",
        ),
    )
    assert refused.value.message == "; ".join(problem.message for problem in refused.value.problems)
    assert ran.count == 2
    assert await all_rows(fresh_database) == before


async def test_edges_without_nodes(member: Context) -> None:
    with pytest.raises(Invalid, match=r"^edges\[0\]\.from_node_id is 0, but the request has no"):
        await replace_structure(member, 1, [], [EDGE])


async def test_more_than_the_limits(member: Context) -> None:
    with pytest.raises(Invalid) as refused:
        await replace_structure(member, 1, [NODE] * 501, [EDGE] * 2_001)

    assert refused.value.problems == (
        Problem(("nodes",), "nodes has 501 entries, but a graph may have at most 500", "TOO_MANY"),
        Problem(
            ("edges",), "edges has 2,001 entries, but a graph may have at most 2,000", "TOO_MANY"
        ),
    )


async def test_at_most_a_hundred_problems_are_listed(member: Context) -> None:
    with pytest.raises(Invalid) as refused:
        await replace_structure(member, 1, [], [EDGE] * 1_000)

    assert len(refused.value.problems) == 101
    assert refused.value.problems[-1] == Problem((), "and 1,900 more problems", "TOO_MANY")


async def test_an_edge_may_lead_to_where_it_starts(member: Context) -> None:
    replaced = await replace_structure(member, 1, [NODE], [EDGE])

    assert len(replaced.edge_ids) == 1


async def test_assistants_of_another_organization_are_unknown(stranger: Context) -> None:
    with pytest.raises(Invalid, match="is 1, but your organization has no such assistant"):
        await create_graph(stranger, ROUTER, ROUTER_NODES, ROUTER_EDGES)


async def test_problems_of_columns_and_of_the_structure_are_reported_together(
    member: Context, fresh_database: Database
) -> None:
    before = await all_rows(fresh_database)

    with pytest.raises(Invalid) as refused:
        await create_graph(
            member,
            {"name": "Customer Service Router", "configuration": {"\0": 1}},
            [NODE],
            [EdgeDraft(0, 1)],
            problems=[Problem(("before",), "before is wrong")],
        )

    assert [(problem.message, problem.code) for problem in refused.value.problems] == [
        ("before is wrong", "INVALID"),
        ("configuration has a NUL character in a key", "INVALID"),
        (
            (
                "Assistant graph with name 'Customer Service Router' already exists in your"
                " organization"
            ),
            "ALREADY_EXISTS",
        ),
        ("edges[0].to_node_id is 1, but the request has 1 node (0)", "OUT_OF_RANGE"),
        ("edges[0].condition_type is required", "REQUIRED"),
    ]
    assert await all_rows(fresh_database) == before
