"""What expressions amount to, with the variables of a conversation."""

import math
import operator
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from gql.domain.conditions.syntax import (
    And,
    Arithmetic,
    Comparison,
    Constant,
    Expression,
    ExpressionError,
    Negative,
    Not,
    Number,
    Or,
    Variable,
)

COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


def holds(expression: Expression, variables: Mapping[str, Any]) -> bool:
    """Whether an expression is true, or not zero.

    `and` and `or` look at their operands from the left, and no further than they need to.

    Raises:
        ExpressionError: when it divides by zero, or names a variable that has no number.
    """
    return bool(_value(expression, variables))


def _value(expression: Expression, variables: Mapping[str, Any]) -> Number:  # noqa: PLR0911
    match expression:
        case Constant(value):
            return value
        case Variable(name):
            return exact_number(name, variables.get(name))
        case Negative(operand):
            return -_value(operand, variables)
        case Arithmetic(first, rest):
            return _arithmetic(_value(first, variables), rest, variables)
        case Comparison(comparator, left, right):
            return COMPARE[comparator](_value(left, variables), _value(right, variables))
        case Not(operand):
            return not _value(operand, variables)
        case And(operands):
            return all(_value(operand, variables) for operand in operands)
        case Or(operands):
            return any(_value(operand, variables) for operand in operands)


def exact_number(name: str, value: Any) -> Number:
    """The value of a variable; a float is the decimal that JSON shows."""
    if isinstance(value, int):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return Fraction(repr(value))
    raise ExpressionError(f"needs a number called {name!r}")


def _arithmetic(
    value: Number, rest: tuple[tuple[str, Expression], ...], variables: Mapping[str, Any]
) -> Number:
    for sign, operand in rest:
        other = _value(operand, variables)
        if sign == "+":
            value += other
        elif sign == "-":
            value -= other
        elif sign == "*":
            value *= other
        elif other:
            value = Fraction(value) / other
        else:
            raise ExpressionError("divides by zero")
    return value
