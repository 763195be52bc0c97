"""Finds expressions that can never hold, such as `call_duration > 600 and call_duration < 300`.

An expression is split into alternatives, each of which is a list of comparisons that all have to
hold. A comparison of one variable with constants bounds that variable by an interval; when an
interval is empty, or a sum of several variables cannot reach what it is compared with, the
alternative cannot hold. What is not linear, like a product of variables, is taken to hold: so
nothing is called impossible that is not.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import chain, product
from math import ceil, floor
from typing import TypeAlias

from gql.domain.conditions.evaluation import COMPARE
from gql.domain.conditions.syntax import (
    And,
    Arithmetic,
    Comparator,
    Comparison,
    Constant,
    Expression,
    Negative,
    Not,
    Number,
    Or,
    Variable,
)

CALL_DURATION = "call_duration"
MESSAGE_COUNT = "turn_count"
BUILT_IN = (CALL_DURATION, MESSAGE_COUNT)
"""Variables that every conversation has: seconds, and messages of the customer. Neither is less
than 0, and turns are whole."""

_MAX_ALTERNATIVES = 64

_OPPOSITE: Mapping[Comparator, Comparator] = {
    "<": ">=",
    "<=": ">",
    ">": "<=",
    ">=": "<",
    "==": "!=",
    "!=": "==",
}
_MIRRORED: Mapping[Comparator, Comparator] = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


class _DividesByZeroError(Exception):
    """Something is divided by a constant that is 0, so that there is no value."""


_Alternatives: TypeAlias = list[tuple[Comparison, ...]]


def can_hold(*expressions: Expression) -> bool:
    """Whether all the expressions together may be true; True where that cannot be decided."""
    alternatives = _alternatives(And(expressions), negated=False)
    return alternatives is None or any(map(_is_possible, alternatives))


def _is_possible(comparisons: tuple[Comparison, ...]) -> bool:
    """Whether some values of the variables may meet all the comparisons."""
    try:
        return _have_solution(comparisons)
    except _DividesByZeroError:
        return False


def _alternatives(expression: Expression, *, negated: bool) -> _Alternatives | None:
    """The disjunctive normal form, or a weaker one; None when there are too many alternatives."""
    match expression:
        case Not(operand):
            return _alternatives(operand, negated=not negated)
        case And(operands) | Or(operands):
            parts = [_alternatives(operand, negated=negated) for operand in operands]
            short = [part for part in parts if part is not None]
            if isinstance(expression, And) is not negated:
                return _combined(short)
            return list(chain.from_iterable(short)) if len(short) == len(parts) else None
        case Comparison(comparator, left, right):
            return [(Comparison(_OPPOSITE[comparator] if negated else comparator, left, right),)]
    return [(Comparison("==" if negated else "!=", expression, Constant(0)),)]


def _combined(parts: Iterable[_Alternatives]) -> _Alternatives | None:
    """One alternative of each part at a time; parts that would be too many are left out."""
    combined: _Alternatives = [()]
    for part in sorted(parts, key=len):
        if len(combined) * len(part) > _MAX_ALTERNATIVES:
            break
        combined = [before + after for before, after in product(combined, part)]
    return combined


@dataclass(slots=True)
class _Interval:
    """The values that a variable may still have."""

    lowest: Number | None = None
    highest: Number | None = None
    without_lowest: bool = False
    without_highest: bool = False
    excluded: set[Number] = field(default_factory=set)

    def bound(self, comparator: Comparator, limit: Number) -> None:
        if comparator == "!=":
            self.excluded.add(limit)
        if comparator in {">", ">=", "=="}:
            is_open = comparator == ">"
            if self.lowest is None or (limit, is_open) > (self.lowest, self.without_lowest):
                self.lowest, self.without_lowest = limit, is_open
        if comparator in {"<", "<=", "=="}:
            is_open = comparator == "<"
            if self.highest is None or (-limit, is_open) > (-self.highest, self.without_highest):
                self.highest, self.without_highest = limit, is_open

    def round_inwards(self) -> None:
        """Leave only what a whole number can be."""
        if self.lowest is not None:
            up = floor(self.lowest) + 1 if self.without_lowest else ceil(self.lowest)
            self.lowest, self.without_lowest = up, False
            while self.lowest in self.excluded:
                self.lowest += 1
        if self.highest is not None:
            down = ceil(self.highest) - 1 if self.without_highest else floor(self.highest)
            self.highest, self.without_highest = down, False

    @property
    def is_empty(self) -> bool:
        if self.lowest is None or self.highest is None or self.lowest < self.highest:
            return False
        is_one_value = self.lowest == self.highest
        is_out = self.without_lowest or self.without_highest or self.lowest in self.excluded
        return not is_one_value or is_out


@dataclass(frozen=True, slots=True)
class _Linear:
    """A sum of variables, each times a factor, and a constant."""

    factors: Mapping[str, Number]
    constant: Number = 0

    def plus(self, other: "_Linear", times: Number) -> "_Linear":
        factors = dict(self.factors)
        for name, factor in other.factors.items():
            factors[name] = factors.get(name, 0) + times * factor
        used = {name: factor for name, factor in factors.items() if factor}
        return _Linear(used, self.constant + times * other.constant)

    def times(self, factor: Number) -> "_Linear":
        return _Linear({}).plus(self, factor)


def _have_solution(comparisons: tuple[Comparison, ...]) -> bool:
    intervals = {name: _Interval(lowest=0) for name in BUILT_IN}
    of_several: list[tuple[Comparator, _Linear]] = []
    for comparison in comparisons:
        left, right = _linear(comparison.left), _linear(comparison.right)
        if left is None or right is None:
            continue
        difference = left.plus(right, -1)
        if not difference.factors:
            if not COMPARE[comparison.comparator](difference.constant, 0):
                return False
        elif len(difference.factors) == 1:
            ((name, factor),) = difference.factors.items()
            comparator = comparison.comparator
            if factor < 0:
                comparator = _MIRRORED.get(comparator, comparator)
            limit = Fraction(-difference.constant) / factor
            intervals.setdefault(name, _Interval()).bound(comparator, limit)
        else:
            of_several.append((comparison.comparator, difference))
    intervals[MESSAGE_COUNT].round_inwards()
    if any(interval.is_empty for interval in intervals.values()):
        return False
    return all(_can_reach(comparator, form, intervals) for comparator, form in of_several)


def _can_reach(comparator: Comparator, form: _Linear, intervals: Mapping[str, _Interval]) -> bool:
    """Whether a sum of variables within their intervals can compare so with 0."""
    sides = [form] if comparator in {"<", "<=", "=="} else []
    sides += [form.times(-1)] if comparator in {">", ">=", "=="} else []
    is_open = comparator in {"<", ">"}
    return all(_can_be_low(side, intervals, is_open=is_open) for side in sides)


def _can_be_low(form: _Linear, intervals: Mapping[str, _Interval], *, is_open: bool) -> bool:
    """Whether the lowest value of a sum is below 0, or 0 itself where that is enough."""
    lowest = form.constant
    for name, factor in form.factors.items():
        interval = intervals.get(name, _Interval())
        end = interval.lowest if factor > 0 else interval.highest
        if end is None:
            return True
        lowest += factor * end
        is_open = is_open or (interval.without_lowest if factor > 0 else interval.without_highest)
    return lowest < 0 or (lowest == 0 and not is_open)


def _linear(expression: Expression) -> _Linear | None:
    """An expression as a sum; None when it is none, like a product of variables."""
    match expression:
        case Constant(value):
            return _Linear({}, value)
        case Variable(name):
            return _Linear({name: 1})
        case Negative(operand):
            form = _linear(operand)
            return form and form.times(-1)
        case Arithmetic(first, rest):
            form = _linear(first)
            for sign, operand in rest:
                other = _linear(operand)
                if form is None or other is None:
                    return None
                form = _applied(sign, form, other)
            return form
    return None


def _applied(sign: str, form: _Linear, other: _Linear) -> _Linear | None:
    if sign in {"+", "-"}:
        return form.plus(other, 1 if sign == "+" else -1)
    if sign == "*" and not form.factors:
        return other.times(form.constant)
    if sign == "*" and not other.factors:
        return form.times(other.constant)
    if sign == "/" and not other.factors:
        if not other.constant:
            raise _DividesByZeroError
        return form.times(1 / Fraction(other.constant))
    return None
