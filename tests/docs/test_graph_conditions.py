"""docs/graph-conditions.md: each of its examples is evaluated."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from gql.domain.conditions.evaluation import holds
from gql.domain.conditions.satisfiability import can_hold
from gql.domain.conditions.state import OPERATORS, read_state_condition
from gql.domain.conditions.syntax import (
    MAX_DEPTH,
    MAX_LENGTH,
    Expression,
    ExpressionError,
    parse_expression,
)
from gql.domain.graph_findings import FindingCode
from gql.domain.graph_reading import RECENT_SESSIONS
from tests.conftest import GraphQL

PAGE = Path("docs/graph-conditions.md").read_text()


def _examples(columns: int) -> list[tuple[str, ...]]:
    """The rows of tables that begin with code, without their backticks."""
    rows = re.findall(r"^\| `(.+?)` \|" + r" (.*?) \|" * columns + "$", PAGE, re.MULTILINE)
    return [tuple(cell.strip("`") for cell in row) for row in rows]


@pytest.mark.parametrize(("text", "variables", "result"), _examples(2))
def test_examples_have_the_results_that_they_show(text: str, variables: str, result: str) -> None:
    assert _result(text, json.loads(variables)) == result


def _result(text: str, variables: dict[str, Any]) -> str:
    if text.startswith("{"):
        return str(read_state_condition(json.loads(text)).holds(variables)).lower()
    try:
        expression: Expression = parse_expression(text)
    except ExpressionError as error:
        return f"refused: {error}"
    try:
        return str(holds(expression, variables)).lower()
    except ExpressionError as error:
        return f"no value: {error}"


def test_what_can_never_hold_is_marked() -> None:
    marked = [row for row in _examples(1) if row[1] in {"never", "perhaps"}]
    assert len(marked) == 6
    for text, mark in marked:
        assert can_hold(parse_expression(text)) is (mark == "perhaps")


def test_every_operator_has_an_example_and_limits_are_as_stated() -> None:
    for operator in OPERATORS:
        assert f'"{operator}"' in PAGE
    assert f"{MAX_LENGTH:,} characters, nested at most {MAX_DEPTH} deep" in PAGE


def test_every_code_of_a_finding_is_listed_once() -> None:
    table = PAGE.partition("## Findings")[2]
    rows = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    listed = re.findall(r"`([A-Z_]+)`", "".join(rows))
    assert sorted(listed) == sorted(code.name for code in FindingCode)
    assert f"the graph's {RECENT_SESSIONS} newest sessions" in table


@pytest.mark.parametrize(
    "document", re.findall(r"^```graphql\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
)
async def test_documents_are_answered(graphql: GraphQL, document: str) -> None:
    answer = await graphql(document)

    assert "errors" not in answer
    [result] = answer["data"].values()
    assert result.get("steps") or result.get("sessions") or result["diagram"].startswith("<svg")
