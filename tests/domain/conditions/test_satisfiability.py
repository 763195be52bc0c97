"""Expressions that can never hold are found, and no other is called so."""

from contextlib import suppress
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from gql.domain.conditions.evaluation import holds
from gql.domain.conditions.satisfiability import can_hold
from gql.domain.conditions.syntax import ExpressionError, parse_expression

NEVER = [
    "call_duration < 0",
    "turn_count = 2.5",
    "turn_count > 3 and turn_count < 4",
    "turn_count >= 3 and turn_count <= 3 and turn_count != 3",
    "call_duration > 600 and call_duration < 300",
    "call_duration > 600 and not call_duration > 500",
    "600 < call_duration and 300 > call_duration",
    "call_duration / 60 > 10 and call_duration * 2 < 1200",
    "-score > 3 and score >= -3",
    "score = 1 and score = 2",
    "score > 1 and score < 1 or score > 2 and score < 2",
    "score - score > 0",
    "1 > 2",
    "false",
    "not true",
    "1 / 0 > 1",
    "call_duration + turn_count < 0",
    "a + b > 10 and a < 5 and b <= 5",
    "a - b = 0 and a > 1 and b < 1",
]
SOMETIMES = [
    "call_duration > 600",
    "call_duration = 2.5",
    "turn_count > 3 and turn_count < 5",
    "call_duration >= 600 and call_duration <= 600",
    "score < 0",
    "score != 1 and score != 2",
    "score * score < 0",
    "vip",
    "not vip",
    "a > 1 and a < 1 or b",
    "call_duration < 0 or turn_count",
    "a + b > 10 and a < 5 and b <= 6",
    "(a > 1) + 1 > 1",
    "a > b and b > a - 1",
]


@pytest.mark.parametrize("expression", NEVER)
def test_what_can_never_hold_is_found(expression: str) -> None:
    assert not can_hold(parse_expression(expression))


@pytest.mark.parametrize("expression", SOMETIMES)
def test_what_may_hold_is_left_alone(expression: str) -> None:
    assert can_hold(parse_expression(expression))


def test_many_alternatives_are_not_looked_at() -> None:
    pairs = " and ".join(f"(a > {n} or b > {n})" for n in range(40))
    assert can_hold(parse_expression(pairs))
    assert not can_hold(parse_expression(f"{pairs} and turn_count < 0"))


_sums = some.sampled_from(["a", "b", "turn_count", "a + b", "a - 2 * b", "-a", "b / 2", "a * b"])
_comparisons = some.builds(
    "{} {} {}".format,
    _sums,
    some.sampled_from(["<", "<=", ">", ">=", "=", "!="]),
    some.integers(-3, 3),
)
_expressions = some.recursive(
    _comparisons,
    lambda inner: some.one_of(
        some.builds("({} and {})".format, inner, inner),
        some.builds("({} or {})".format, inner, inner),
        some.builds("not {}".format, some.builds("({})".format, inner)),
    ),
    max_leaves=6,
)
_VALUES = [
    {"a": a, "b": b, "turn_count": count, "call_duration": 0}
    for a, b, count in product((-3, -1, -0.5, 0, 1, 2, 4), (-4, -1, 0, 0.5, 1, 3), (0, 1, 3))
]


@settings(derandomize=True)
@given(_expressions)
def test_what_holds_for_some_values_can_hold(text: str) -> None:
    expression = parse_expression(text)
    if not can_hold(expression):
        with suppress(ExpressionError):
            assert not [values for values in _VALUES if holds(expression, values)]
