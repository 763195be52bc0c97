"""Formulas of mathematical conditions."""

import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as some

from gql.domain.expression import FormulaError, evaluate_formula

VARIABLES = {"call_duration": 700, "turn_count": 3, "balance": 12.5, "vip": True, "name": "Ada"}


@pytest.mark.parametrize(
    "formula",
    [
        "call_duration > 600",
        "turn_count >= 3 and turn_count <= 3",
        "turn_count > 8 or balance * 2 == 25",
        "1 + 2 * 3 = 7",
        "(1 + 2) * 3 = 9",
        "10 - 4 - 3 == 3",
        "-turn_count < 0 && 1 != 2",
        "vip",
        "1 = 2 || 0.5 < 1",
    ],
)
def test_true_formulas_hold(formula: str) -> None:
    assert evaluate_formula(formula, VARIABLES)


@pytest.mark.parametrize("formula", ["call_duration < 600", "turn_count - 3", "1 = 2 or 2 = 3"])
def test_false_formulas_do_not(formula: str) -> None:
    assert not evaluate_formula(formula, VARIABLES)


@pytest.mark.parametrize(
    ("formula", "reason"),
    [
        ("", "ends too early"),
        ("1 +", "ends too early"),
        ("(1", "not closed"),
        ("1 2", "where it should end"),
        ("missing > 1", "'missing'"),
        ("name > 1", "'name'"),
        ("1 / 0", "divides by zero"),
        ("__import__('os')", "cannot be read"),
        ("9 ** 9", "'*'"),
        ("(" * 60 + "1" + ")" * 60, "too deeply"),
        ("1 + " * 300 + "1", "longer than"),
    ],
)
def test_what_cannot_be_evaluated_says_why(formula: str, reason: str) -> None:
    with pytest.raises(FormulaError, match=re.escape(reason)):
        evaluate_formula(formula, VARIABLES)


@given(some.text(alphabet="abn1290.+-*/<>=!()&| \t", max_size=60))
def test_whatever_is_written_is_true_false_or_unevaluable(formula: str) -> None:
    with suppress(FormulaError):
        assert evaluate_formula(formula, {"a": 1, "b": 0.5, "n": -2}) in {True, False}
