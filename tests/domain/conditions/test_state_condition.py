"""State conditions: when they hold, when they cannot, and what is wrong with them."""

from typing import Any

import pytest

from gql.domain.conditions.state import read_state_condition


def _condition(variable: str, operator: str, value: Any) -> dict[str, Any]:
    return {"variable": variable, "operator": operator, "value": value}


@pytest.mark.parametrize(
    ("operator", "value", "actual", "holds"),
    [
        ("equals", "gold", "gold", True),
        ("equals", 1, True, True),
        ("not_equals", "gold", "silver", True),
        ("greater_than", 3, 4, True),
        ("greater_than", 3, "four", False),
        ("greater_than_or_equal", 4, 4, True),
        ("less_than", 3, 4, False),
        ("less_than_or_equal", 4, 4, True),
        ("contains", "ol", "gold", True),
        ("contains", "gold", ["gold", "silver"], True),
        ("in", ["gold", "silver"], "gold", True),
        ("in", ["gold", "silver"], "tin", False),
        ("in", 5, "tin", False),
    ],
)
def test_operators(operator: str, value: Any, actual: Any, *, holds: bool) -> None:
    condition = read_state_condition(_condition("tier", operator, value))
    assert condition.holds({"tier": actual}) is holds
    assert not condition.holds({})


@pytest.mark.parametrize(
    "condition",
    [
        _condition("call_duration", "less_than", 0),
        _condition("call_duration", "equals", "600"),
        _condition("turn_count", "equals", 1.5),
        _condition("turn_count", "contains", 1),
        _condition("turn_count", "in", ["one", "two"]),
        _condition("tier", "in", []),
        _condition("tier", "in", 5),
        _condition("tier", "greater_than", None),
    ],
)
def test_what_no_value_meets_can_never_hold(condition: dict[str, Any]) -> None:
    assert not read_state_condition(condition).can_hold


@pytest.mark.parametrize(
    ("condition", "fault"),
    [
        ([], "is no object with variable, operator and value"),
        ({}, "names no variable"),
        ({"variable": " ", "value": 1}, "names no variable"),
        ({"variable": "tier"}, "has no value to compare with"),
    ],
)
def test_incomplete_conditions_say_what_is_missing(condition: Any, fault: str) -> None:
    assert read_state_condition(condition).fault == fault


def test_an_operator_that_there_is_not_names_those_that_there_are() -> None:
    fault = read_state_condition(_condition("tier", "resembles", "gold")).fault
    assert fault is not None
    assert fault.startswith("has the operator 'resembles', which is none of equals, not_equals,")


@pytest.mark.parametrize(
    ("one", "other", "excludes"),
    [
        (("equals", "gold"), ("equals", "silver"), True),
        (("equals", "gold"), ("equals", "gold"), False),
        (("equals", "gold"), ("in", ["silver"]), True),
        (("not_equals", "gold"), ("equals", "gold"), True),
        (("not_equals", "gold"), ("not_equals", "silver"), False),
    ],
)
def test_conditions_on_one_variable_exclude_each_other(
    one: tuple[str, Any], other: tuple[str, Any], *, excludes: bool
) -> None:
    first, second = (read_state_condition(_condition("tier", *each)) for each in (one, other))
    assert first.excludes(second) is excludes
    assert second.excludes(first) is excludes
