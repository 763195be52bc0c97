"""Evaluates formulas such as `call_duration > 600 and turn_count < 8`, without `eval`.

A recursive descent parser of this grammar, in EBNF:

formula     = conjunction { "or" conjunction }
conjunction = comparison { "and" comparison }
comparison  = sum [ ("<" | "<=" | ">" | ">=" | "==" | "=" | "!=") sum ]
sum         = product { ("+" | "-") product }
product     = value { ("*" | "/") value }
value       = number | name | "-" value | "(" formula ")"
"""

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

MAX_LENGTH = 1_000
"""Characters of a formula."""

_MAX_DEPTH = 50
"""Parentheses and signs inside each other, as each takes some calls of Python."""

_TOKEN = re.compile(
    r"\s*(?:(?P<number>[0-9]+(?:\.[0-9]+)?)|(?P<name>[A-Za-z_][\w.]*)"
    r"|(?P<operator>&&|\|\||[<>=!]=|[-+*/()<>=]))"
)
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "=": operator.eq,
    "!=": operator.ne,
}
_SUMS = {"+": operator.add, "-": operator.sub}
_PRODUCTS = {"*": operator.mul, "/": operator.truediv}
_CONNECTIVES = {"and": "and", "&&": "and", "or": "or", "||": "or"}


class FormulaError(Exception):
    """A formula is malformed, divides by zero, or names a variable that has no number."""


def evaluate_formula(formula: str, variables: Mapping[str, Any]) -> bool:
    """Whether a formula is true, or not zero, with these variables.

    Raises:
        FormulaError: when it has no value; the message says why.
    """
    if len(formula) > MAX_LENGTH:
        raise FormulaError(f"is longer than {MAX_LENGTH} characters")
    try:
        return bool(_Parser(formula, variables).formula())
    except ArithmeticError:
        raise FormulaError("divides by zero or is out of range") from None


class _Parser:
    """The tokens of a formula and the position of the next one; each method evaluates a rule."""

    def __init__(self, formula: str, variables: Mapping[str, Any]) -> None:
        self._tokens = _tokens(formula)
        self._position = 0
        self._depth = 0
        self._variables = variables

    def formula(self) -> float:
        value = self._disjunction()
        if self._position < len(self._tokens):
            raise FormulaError(f"has {self._tokens[self._position]!r} where it should end")
        return value

    def _disjunction(self) -> float:
        value = self._conjunction()
        while self._take("or"):
            other = self._conjunction()
            value = value or other
        return value

    def _conjunction(self) -> float:
        value = self._comparison()
        while self._take("and"):
            other = self._comparison()
            value = value and other
        return value

    def _comparison(self) -> float:
        value = self._sum()
        sign = self._take(*_COMPARISONS)
        if sign is None:
            return value
        other = self._sum()
        return _COMPARISONS[sign](value, other)

    def _sum(self) -> float:
        return self._operations(_SUMS, self._product)

    def _product(self) -> float:
        return self._operations(_PRODUCTS, self._value)

    def _operations(
        self, operators: Mapping[str, Callable[[Any, Any], float]], operand: Callable[[], float]
    ) -> float:
        """Operands of one precedence, from left to right."""
        value = operand()
        while sign := self._take(*operators):
            value = operators[sign](value, operand())
        return value

    def _value(self) -> float:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise FormulaError("is nested too deeply")
        try:
            return self._unary()
        finally:
            self._depth -= 1

    def _unary(self) -> float:
        if self._take("-"):
            return -self._value()
        if self._take("("):
            value = self._disjunction()
            if not self._take(")"):
                raise FormulaError("has a parenthesis that is not closed")
            return value
        if self._position == len(self._tokens):
            raise FormulaError("ends too early")
        token = self._tokens[self._position]
        self._position += 1
        if token[0].isdigit():
            return float(token)
        return self._variable(token)

    def _variable(self, name: str) -> float:
        value = self._variables.get(name)
        if isinstance(value, (int, float)):
            return value
        raise FormulaError(f"needs a number called {name!r}")

    def _take(self, *tokens: str) -> str | None:
        """Consume the next token if it is one of these, and return it; else None."""
        if self._position < len(self._tokens) and self._tokens[self._position] in tokens:
            self._position += 1
            return self._tokens[self._position - 1]
        return None


def _tokens(formula: str) -> list[str]:
    tokens: list[str] = []
    position = 0
    text = formula.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise FormulaError(f"cannot be read from {text[position : position + 20]!r} on")
        token = match[0].strip()
        tokens.append(_CONNECTIVES.get(token.lower(), token))
        position = match.end()
    return tokens
