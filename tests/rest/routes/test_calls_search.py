"""Calls found by a text, for callers that still have the search."""

from collections.abc import Callable
from typing import Any

import pytest

from gql.demo.tenant import Row
from tests.conftest import Counting
from tests.rest.conftest import Rest
from tests.rest.demo_rows import calls, wire

CALLS = "/api/v1/calls"

Passes = Callable[[Row], Any]


def name_of(row: Row) -> str:
    """What a call's assistant is called, in lower case."""
    return str(wire(row)["assistant_name"]).lower()


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("cad", lambda row: "cad" in row["call_sid"].lower()),
        ("TECHNICAL", lambda row: "technical" in name_of(row)),
        ("+49 30", lambda row: "4930" in row["customer_phone_digits"]),
        ("100", lambda row: "100" in row["call_sid"] or "100" in row["customer_phone_digits"]),
        ("%%%", lambda _row: False),
    ],
)
async def test_a_search_looks_at_sid_number_and_name(
    client: Any, owner: Any, text: str, passes: Passes
) -> None:
    answer = await client.get(f"{CALLS}/search", params={"q": text, "limit": 200}, headers=owner)

    assert answer.json() == [wire(row) for row in calls() if passes(row)]


async def test_a_search_gives_fifty_calls_in_one_statement(
    rest: Rest, statements: Counting
) -> None:
    await rest("GET", f"{CALLS}/search?q=+1555")

    with statements() as ran:
        answer = await rest("GET", f"{CALLS}/search?q=+1555")

    matching = [wire(row) for row in calls() if "1555" in row["customer_phone_digits"]]
    assert answer.json() == matching[:50]
    assert len(matching) > 50
    assert ran.count == 1


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("q=ab", "string_too_short"),
        ("", "missing"),
        ("q=abc&limit=201", "less_than_equal"),
        ("q=abc&limit=0", "greater_than_equal"),
    ],
)
async def test_a_search_that_does_not_fit_is_refused(rest: Rest, query: str, problem: str) -> None:
    answer = await rest("GET", f"{CALLS}/search?{query}")

    assert answer.status_code == 422
    assert [detail["type"] for detail in answer.json()["detail"]] == [problem]
