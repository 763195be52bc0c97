"""State conditions: `{"variable": "tier", "operator": "equals", "value": "gold"}`."""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gql.domain.conditions.evaluation import exact_number
from gql.domain.conditions.satisfiability import BUILT_IN, can_hold
from gql.domain.conditions.syntax import (
    Comparator,
    Comparison,
    Constant,
    Expression,
    ExpressionError,
    Or,
    Variable,
)

EQUALS = "equals"
"""The operator without which a condition compares."""

OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    EQUALS: operator.eq,
    "not_equals": operator.ne,
    "greater_than": operator.gt,
    "greater_than_or_equal": operator.ge,
    "less_than": operator.lt,
    "less_than_or_equal": operator.le,
    "contains": operator.contains,
    "in": lambda actual, value: actual in value,
}

_COMPARATORS: Mapping[str, Comparator] = {
    EQUALS: "==",
    "not_equals": "!=",
    "greater_than": ">",
    "greater_than_or_equal": ">=",
    "less_than": "<",
    "less_than_or_equal": "<=",
}


@dataclass(frozen=True, slots=True)
class StateCondition:
    """What a state condition compares.

    Attributes:
        variable: Empty when the condition names none.
        operator: A key of `OPERATORS`, or what is there instead.
        fault: Why it cannot be met; None when it is complete.
    """

    variable: str
    operator: str
    value: Any
    fault: str | None

    def __str__(self) -> str:
        return f"{self.variable} {self.operator} {self.value}"

    def holds(self, variables: Mapping[str, Any]) -> bool:
        """Whether a conversation with these variables meets it."""
        compare = OPERATORS.get(self.operator)
        if compare is None or self.variable not in variables:
            return False
        try:
            return bool(compare(variables[self.variable], self.value))
        except TypeError:  # text is not less than a number
            return False

    @property
    def expression(self) -> Expression | None:
        """The same comparison as an expression, where it is one of numbers."""
        variable = Variable(self.variable)
        try:
            if self.operator == "in" and isinstance(self.value, list) and self.value:
                constants = [Constant(exact_number("", value)) for value in self.value]
                return Or(tuple(Comparison("==", variable, constant) for constant in constants))
            comparator = _COMPARATORS[self.operator]
            return Comparison(comparator, variable, Constant(exact_number("", self.value)))
        except (ExpressionError, KeyError):
            return None

    @property
    def can_hold(self) -> bool:
        """Whether some value of the variable could meet it, as far as numbers and types tell."""
        if self.fault or not self._fits_types:
            return False
        return self.expression is None or can_hold(self.expression)

    @property
    def _fits_types(self) -> bool:
        if self.operator in {EQUALS, "not_equals"}:
            return self.operator != EQUALS or self._may_equal(self.value)
        if self.operator == "contains":
            return self.variable not in BUILT_IN
        if self.operator == "in":
            if isinstance(self.value, str):
                return bool(self.value) and self.variable not in BUILT_IN
            is_list = isinstance(self.value, (list, dict))
            return is_list and any(map(self._may_equal, self.value))
        if isinstance(self.value, (int, float)):
            return True
        return isinstance(self.value, (str, list)) and self.variable not in BUILT_IN

    def excludes(self, other: "StateCondition") -> bool:
        """Whether never both hold, as each needs another value of one variable."""
        if self.variable != other.variable:
            return False
        if self.operator == EQUALS:
            return not other.holds({self.variable: self.value})
        return other.operator == EQUALS and not self.holds({self.variable: other.value})

    def _may_equal(self, value: Any) -> bool:
        return self.variable not in BUILT_IN or isinstance(value, (int, float))


def read_state_condition(condition: Any) -> StateCondition:
    """A state condition as it is stored, which may be any JSON."""
    if not isinstance(condition, Mapping):
        return StateCondition("", EQUALS, None, "is no object with variable, operator and value")
    name = condition.get("variable")
    sign = condition.get("operator") or EQUALS
    fault = None
    if not isinstance(name, str) or not name.strip():
        fault = "names no variable"
    elif sign not in OPERATORS:
        fault = f"has the operator {str(sign)[:40]!r}, which is none of {', '.join(OPERATORS)}"
    elif "value" not in condition:
        fault = "has no value to compare with"
    return StateCondition(str(name), str(sign), condition.get("value"), fault)
