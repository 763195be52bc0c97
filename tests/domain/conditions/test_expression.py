"""Expressions of mathematical conditions: read, evaluated, refused."""

import re
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from gql.domain.conditions.evaluation import holds
from gql.domain.conditions.syntax import ExpressionError, parse_expression, variables_of

VARIABLES = {"call_duration": 700, "turn_count": 3, "balance": 12.5, "vip": True, "name": "Ada"}


@pytest.mark.parametrize(
    "expression",
    [
        "call_duration > 600",
        "turn_count >= 3 and turn_count <= 3",
        "turn_count > 8 or balance * 2 == 25",
        "1 + 2 * 3 = 7",
        "(1 + 2) * 3 = 9",
        "10 - 4 - 3 == 3",
        "8 / 4 / 2 = 1",
        "-turn_count < 0 && 1 != 2",
        "vip",
        "vip and not turn_count > 8",
        "not (false or 1 > 2) AND True",
        "1 = 2 || 0.5 < 1",
        "0.1 * 3 = 0.3",
        "vip or missing > 1",
    ],
)
def test_true_expressions_hold(expression: str) -> None:
    assert holds(parse_expression(expression), VARIABLES)


@pytest.mark.parametrize(
    "expression", ["call_duration < 600", "turn_count - 3", "1 = 2 or 2 = 3", "not vip", "false"]
)
def test_false_expressions_do_not(expression: str) -> None:
    assert not holds(parse_expression(expression), VARIABLES)


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("", "ends too early"),
        ("1 +", "ends too early"),
        ("(1", "not closed"),
        ("((( call_duration >", "ends too early"),
        ("1 2", "has '2' at character 3, where it does not belong"),
        ("1 < 2 < 3", "has '<' at character 7"),
        ("__import__('os')", "has '(' at character 11"),
        ("name = 'Ada'", "cannot be read from \"'Ada'\" on"),
        ("9 ** 9", "has '*' at character 4"),
        ("9x > 1", "cannot be read from '9x > 1' on"),
        ("(" * 60 + "1" + ")" * 60 + " + -" + "-" * 60 + "1", "too deeply"),
        ("not " * 60 + "1", "too deeply"),
        ("1 + " * 300 + "1", "longer than"),
    ],
)
def test_what_cannot_be_read_says_why(expression: str, reason: str) -> None:
    with pytest.raises(ExpressionError, match=re.escape(reason)):
        parse_expression(expression)


@pytest.mark.parametrize(
    ("expression", "reason"),
    [("missing > 1", "'missing'"), ("name > 1", "'name'"), ("1 / 0", "divides by zero")],
)
def test_what_has_no_value_says_why(expression: str, reason: str) -> None:
    with pytest.raises(ExpressionError, match=re.escape(reason)):
        holds(parse_expression(expression), VARIABLES)


def test_the_longest_expression_is_evaluated() -> None:
    assert holds(parse_expression("+".join(["1"] * 500)), {})


def test_variables_are_named() -> None:
    expression = parse_expression("not (a.b > 1 or -c * 2 = order) and c")
    assert list(variables_of(expression)) == ["a.b", "c", "order", "c"]


@settings(derandomize=True)
@given(some.text(alphabet="abn1290.+-*/<>=!()&| \tortdu", max_size=60))
def test_whatever_is_written_is_true_false_or_refused(expression: str) -> None:
    with suppress(ExpressionError):
        assert holds(parse_expression(expression), {"a": 1, "b": 0.5, "n": -2}) in {True, False}
