"""Answers in two dialects are the same exactly when they say the same."""

from typing import Any

import pytest

from benchmarks.normal import difference, normal

JACKFIELD = {
    "calls": {
        "totalCount": 2,
        "nodes": [
            {
                "id": "call_7",
                "status": "COMPLETED",
                "startedAt": "2025-01-19T10:00:00.5Z",
                "cost": {"total": "0.050000", "llm": None, "currency": "USD"},
            }
        ],
    }
}
THEIRS: Any = {
    "calls": {
        "totalCount": 2,
        "nodes": [
            {
                "id": "7",
                "status": "completed",
                "startedAt": "2025-01-19T11:00:00.500+01:00",
                "total": "50000",
                "llm": None,
                "currency": "USD",
            }
        ],
    }
}


def test_dialects_level_out() -> None:
    assert difference(normal(JACKFIELD), normal(THEIRS)) is None


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("id", "8", ".calls.nodes[0].id: 7 and 8"),
        ("total", "50001", ".calls.nodes[0].total: 50000 and 50001"),
        ("llm", "0", ".calls.nodes[0].llm: None and 0"),
        ("status", "failed", ".calls.nodes[0].status: 'completed' and 'failed'"),
    ],
)
def test_a_difference_is_found_and_named(name: str, value: Any, expected: str) -> None:
    (call,) = THEIRS["calls"]["nodes"]
    other = {"calls": {"totalCount": 2, "nodes": [{**call, name: value}]}}

    assert difference(normal(JACKFIELD), normal(other)) == expected


def test_missing_items_and_keys_are_differences() -> None:
    assert difference({"a": [1]}, {"a": [1, 2]}) == ".a: 1 and 2 items"
    assert difference({"a": 1}, {"b": 1}) == ": keys ['a'] and ['b']"


def test_a_connection_of_nodes_alone_is_a_list_without_system_prompts() -> None:
    messages = {"nodes": [{"role": "system"}, {"role": "USER"}]}

    assert normal({"messages": messages}) == {"messages": [{"role": "user"}]}
