"""Small formulas such as `call_duration > 600 and turn_count < 8`, evaluated without `eval`.

formula    = conjunction { "or" conjunction }
conjunction = comparison { "and" comparison }
comparison = sum [ ("<" | "<=" | ">" | ">=" | "==" | "=" | "!=") sum ]
sum        = product { ("+" | "-") product }
product    = value { ("*" | "/") value }
value      = number | name | "-" value | "(" formula ")"
"""

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

LONGEST = 1_000
"""Characters of a formula; it also bounds how deep parentheses nest."""

_DEEPEST = 50
_TOKEN = re.compile(
    r"\s*(?:(?P<number>[0-9]+(?:\.[0-9]+)?)|(?P<name>[A-Za-z_][\w.]*)"
    r"|(?P<sign>&&|\|\||[<>=!]=|[-+*/()<>=]))"
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
_WORDS = {"and": "and", "&&": "and", "or": "or", "||": "or"}


class Unevaluable(Exception):  # noqa: N818 -- a fact about a formula
    """The formula is malformed, or names a variable that has no number."""


def is_true(formula: str, variables: Mapping[str, Any]) -> bool:
    """Whether a formula is true (or not zero) with these variables.

    Raises:
        Unevaluable: when it is malformed or lacks a variable; the message says why.
    """
    if len(formula) > LONGEST:
        raise Unevaluable(f"is longer than {LONGEST} characters")
    try:
        return bool(_Formula(formula, variables).value())
    except ArithmeticError:
        raise Unevaluable("divides by zero or is out of range") from None


class _Formula:
    """A formula and how far it has been read."""

    def __init__(self, formula: str, variables: Mapping[str, Any]) -> None:
        self._tokens = _tokens(formula)
        self._at = 0
        self._depth = 0
        self._variables = variables

    def value(self) -> float:
        value = self._disjunction()
        if self._at < len(self._tokens):
            raise Unevaluable(f"has {self._tokens[self._at]!r} where it should end")
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
        value = self._chain(_SUMS, lambda: self._chain(_PRODUCTS, self._single))
        sign = self._take(*_COMPARISONS)
        if sign is None:
            return value
        other = self._chain(_SUMS, lambda: self._chain(_PRODUCTS, self._single))
        return _COMPARISONS[sign](value, other)

    def _chain(
        self, signs: Mapping[str, Callable[[Any, Any], float]], part: Callable[[], float]
    ) -> float:
        value = part()
        while sign := self._take(*signs):
            value = signs[sign](value, part())
        return value

    def _single(self) -> float:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Unevaluable("is nested too deeply")
        try:
            return self._inner()
        finally:
            self._depth -= 1

    def _inner(self) -> float:
        if self._take("-"):
            return -self._single()
        if self._take("("):
            value = self._disjunction()
            if not self._take(")"):
                raise Unevaluable("has a parenthesis that is not closed")
            return value
        if self._at == len(self._tokens):
            raise Unevaluable("ends too early")
        token = self._tokens[self._at]
        self._at += 1
        if token[0].isdigit():
            return float(token)
        return self._variable(token)

    def _variable(self, name: str) -> float:
        value = self._variables.get(name)
        if isinstance(value, (int, float)):
            return value
        raise Unevaluable(f"needs a number called {name!r}")

    def _take(self, *tokens: str) -> str | None:
        """The next token, when it is one of these; otherwise None, and it stays the next."""
        if self._at < len(self._tokens) and self._tokens[self._at] in tokens:
            self._at += 1
            return self._tokens[self._at - 1]
        return None


def _tokens(formula: str) -> list[str]:
    tokens: list[str] = []
    at = 0
    text = formula.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise Unevaluable(f"cannot be read from {text[at : at + 20]!r} on")
        token = match[0].strip()
        tokens.append(_WORDS.get(token.lower(), token))
        at = match.end()
    return tokens
