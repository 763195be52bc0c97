"""Each fault of a structure is found, and only that; the documents' own graphs have none."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gql.domain.graph_findings import Finding, FindingCode, Severity, findings
from gql.domain.graph_paths import cycles_of
from gql.domain.graph_structure import (
    AssistantState,
    GraphStructure,
    StructureEdge,
    StructureNode,
)
from tests.domain.graph_drafts import draft, expression, language, state

EXAMPLES = Path("tests/examples/graphs")
CLEAN = "a:entry b c:exit"
ON = {"a>b": "sales", "b>c": "bye"}


SENTENCES = """\
Node d cannot be reached from the entry over active edges: lead an edge to it, or remove it.
Node c is an exit, which ends the call, so edge 3 can never be taken: remove what leaves it, or \
change its type.
Edge 2 has the ends and the condition of edge 0, which is tried before: remove one of them.
A conversation can go round between node a, node b and node c: see to it that a condition\
 ends that.\
"""


def _short(each: Finding) -> tuple[str, str, str, str]:
    nodes, edges = (" ".join(map(str, keys)) for keys in (each.node_ids, each.edge_ids))
    return (each.severity.name, each.code.name, nodes, edges)


BROKEN: Mapping[str, tuple[GraphStructure, list[tuple[str, str, str, str]]]] = {
    "nothing": (draft("", {}), [("ERROR", "NO_ENTRY_NODE", "", "")]),
    "no entry": (draft("a b", {"a>b": "sales"}), [("ERROR", "NO_ENTRY_NODE", "", "")]),
    "two entries": (
        draft("a:entry b:entry", {"a>b": "sales"}),
        [("ERROR", "SEVERAL_ENTRY_NODES", "0 1", "")],
    ),
    "an island": (
        draft(f"{CLEAN} d", ON),
        [("WARNING", "UNREACHABLE_NODE", "3", "")],
    ),
    "two nodes that only lead to each other": (
        draft("a:entry b c", {"b>c": "sales", "c>b": "back"}),
        [
            ("WARNING", "UNREACHABLE_NODE", "1", ""),
            ("WARNING", "UNREACHABLE_NODE", "2", ""),
            ("INFORMATION", "CYCLE", "1 2", "0 1"),
        ],
    ),
    "a node behind an inactive edge": (
        draft("a:entry b", {"a>b": {"intent_pattern": "sales", "is_active": False}}),
        [("WARNING", "UNREACHABLE_NODE", "1", "")],
    ),
    "a dead end": (
        draft(f"{CLEAN} d", {**ON, "a>d": "help"}),
        [("WARNING", "DEAD_END", "3", "")],
    ),
    "a circle without a way out": (
        draft(f"{CLEAN} d e", {**ON, "a>d": "help", "d>e": "more", "e>d": "less"}),
        [
            ("WARNING", "DEAD_END", "3", ""),
            ("WARNING", "DEAD_END", "4", ""),
            ("INFORMATION", "CYCLE", "3 4", "3 4"),
        ],
    ),
    "an exit that goes on": (
        draft(CLEAN, {**ON, "c>a": "again"}),
        [
            ("WARNING", "EXIT_WITH_OUTGOING_EDGES", "2", "2"),
            ("INFORMATION", "CYCLE", "0 1 2", "0 1 2"),
        ],
    ),
    "an edge to no node": (
        draft(CLEAN, {**ON, "b>z": "help"}),
        [("ERROR", "DANGLING_EDGE", "1", "2")],
    ),
    "an edge between no nodes": (
        draft(CLEAN, {**ON, "y>z": "help"}),
        [("ERROR", "DANGLING_EDGE", "", "2")],
    ),
    "the same edge twice": (
        draft(CLEAN, {**ON, "a>b again": {"intent_pattern": "sales", "priority": 3}}),
        [("WARNING", "DUPLICATE_EDGE", "0 1", "0 2")],
    ),
    "an edge back to its node": (
        draft(CLEAN, {**ON, "b>b": {"intent_pattern": "repeat", "priority": 1}}),
        [("WARNING", "SELF_EDGE", "1", "2")],
    ),
    "an intent without keywords": (
        draft(CLEAN, {"a>b": " , ", "b>c": "bye"}),
        [("ERROR", "MISSING_CONDITION", "", "0")],
    ),
    "a state edge without a condition": (
        draft(CLEAN, {"a>b": {"condition_type": "state_variable"}, "b>c": "bye"}),
        [("ERROR", "MISSING_CONDITION", "", "0")],
    ),
    "a type without its condition, beside another condition": (
        draft(
            CLEAN,
            {"a>b": {"condition_type": "mathematical", "intent_pattern": "sales"}, "b>c": "bye"},
        ),
        [("WARNING", "MISSING_CONDITION", "", "0")],
    ),
    "an expression that cannot be read": (
        draft(CLEAN, {"a>b": expression("((( call_duration >"), "b>c": "bye"}),
        [("ERROR", "INVALID_EXPRESSION", "", "0")],
    ),
    "an inactive edge with an expression that cannot be read": (
        draft(CLEAN, {**ON, "a>c": expression("1 +", is_active=False)}),
        [("INFORMATION", "INVALID_EXPRESSION", "", "2")],
    ),
    "an expression that can never hold": (
        draft(CLEAN, {"a>b": expression("turn_count > 5 and turn_count < 3"), "b>c": "bye"}),
        [("ERROR", "NEVER_HOLDS", "", "0")],
    ),
    "an expression that can never hold, or keywords": (
        draft(
            CLEAN,
            {
                "a>b": expression("call_duration < 0", intent_pattern="x", condition_logic="OR"),
                "b>c": "bye",
            },
        ),
        [("WARNING", "NEVER_HOLDS", "", "0")],
    ),
    "a state condition that can never hold": (
        draft(CLEAN, {"a>b": state("call_duration", "long"), "b>c": "bye"}),
        [("ERROR", "NEVER_HOLDS", "", "0")],
    ),
    "two conditions that exclude each other": (
        draft(
            CLEAN,
            {
                "a>b": {
                    **expression("call_duration > 600"),
                    **state("call_duration", 300, "less_than"),
                },
                "b>c": "bye",
            },
        ),
        [("ERROR", "NEVER_HOLDS", "", "0")],
    ),
    "an operator that there is not": (
        draft(CLEAN, {"a>b": state("tier", "gold", "resembles"), "b>c": "bye"}),
        [("ERROR", "INVALID_STATE_CONDITION", "", "0")],
    ),
    "a variable that nothing sets": (
        draft(CLEAN, {"a>b": state("teir", "gold"), "b>c": expression("tier = 1 or mood > 2")}),
        [
            ("WARNING", "UNSET_VARIABLE", "", "0"),
            ("WARNING", "UNSET_VARIABLE", "", "1"),
        ],
    ),
    "a variable, before any session": (
        draft(CLEAN, {"a>b": state("tier", "gold"), "b>c": "bye"}, session_variables=None),
        [("INFORMATION", "UNSET_VARIABLE", "", "0")],
    ),
    "one priority and a common keyword": (
        draft("a:entry b c", {"a>b": "sales,help", "a>c": "Help, support"}),
        [("WARNING", "EQUAL_PRIORITIES", "0", "0 1")],
    ),
    "one priority and two triggers, beside keywords": (
        draft("a:entry b c", {"a>b": language("wants to buy"), "a>c": language("is angry")}),
        [("WARNING", "EQUAL_PRIORITIES", "0", "0 1")],
    ),
    "one priority and overlapping numbers": (
        draft(
            "a:entry b c",
            {"a>b": expression("call_duration > 600"), "a>c": expression("call_duration > 300")},
        ),
        [("WARNING", "EQUAL_PRIORITIES", "0", "0 1")],
    ),
    "an inactive assistant": (
        draft(CLEAN, ON, {"b": 2}),
        [("WARNING", "INACTIVE_ASSISTANT", "1", "")],
    ),
    "a deleted assistant": (
        draft(CLEAN, ON, {"b": 3}),
        [("ERROR", "DELETED_ASSISTANT", "1", "")],
    ),
    "a circle with a way out": (
        draft(CLEAN, {**ON, "b>a": {"intent_pattern": "back", "priority": 2}}),
        [("INFORMATION", "CYCLE", "0 1", "0 2")],
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_each_fault_is_found_and_nothing_else(name: str) -> None:
    structure, expected = BROKEN[name]
    assert [_short(each) for each in findings(structure)] == expected


def test_every_code_is_among_the_broken_graphs() -> None:
    assert {code for _, expected in BROKEN.values() for _, code, *_ in expected} == {
        code.name for code in FindingCode
    }


@pytest.mark.parametrize("example", ["create", "replace_structure"])
def test_graphs_of_the_documents_have_none(example: str) -> None:
    body = json.loads((EXAMPLES / f"{example}.request.json").read_text())
    assert findings(_documented(body)) == []


def _documented(body: dict[str, Any]) -> GraphStructure:
    return GraphStructure(
        [
            StructureNode(index, node["assistant_id"], node["node_type"])
            for index, node in enumerate(body["nodes"])
        ],
        [
            StructureEdge(index, edge.pop("from_node_id"), edge.pop("to_node_id"), **edge)
            for index, edge in enumerate(body["edges"])
        ],
        {key: AssistantState("", is_active=True) for key in (1, 2, 3, 4)},
    )


@pytest.mark.parametrize(
    "structure",
    [
        draft(CLEAN, ON),
        draft("a:entry", {}),
        draft("a:entry b c:escalation", {"a>b": "sales", "b>c": "human", "c>a": "back"}),
        draft("a:entry b c", {"a>b": "sales", "a>c": "support"}),
        draft("a:entry b", {"a>b": "sales", "a>b too": state("tier", "gold")}),
        draft("a:entry b c", {"a>b": state("tier", "gold"), "a>c": state("tier", "silver")}),
        draft(
            "a:entry b c",
            {"a>b": expression("call_duration > 600"), "a>c": expression("call_duration <= 600")},
        ),
        draft(
            "a:entry b",
            {"a>b": state("mood", "good")},
            configuration={"variables": [{"mood": "how the customer feels"}]},
        ),
    ],
)
def test_sound_graphs_have_none_that_matter(structure: GraphStructure) -> None:
    matter = [each for each in findings(structure) if each.severity is not Severity.INFORMATION]
    assert matter == []


def test_sentences_say_what_to_do() -> None:
    structure = draft(f"{CLEAN} d", {**ON, "a>b again": "sales", "c>a": "again"})
    assert "\n".join(each.message for each in findings(structure)) == SENTENCES


def test_cycles_of_long_chains_need_no_deep_stack() -> None:
    ring = {number: [(number + 1) % 2_000] for number in range(2_000)}
    assert cycles_of(range(2_000), ring) == [tuple(range(2_000))]
