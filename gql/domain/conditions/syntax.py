"""Reads expressions such as `call_duration > 600 and turn_count < 8` into syntax trees.

The grammar is below; `docs/graph-conditions.md` explains the language. Lark makes an LALR(1) parser
of it (https://lark-parser.readthedocs.io), which takes linear time and no stack of Python's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal, TypeAlias, cast

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedToken

MAX_LENGTH = 1_000
"""Characters of an expression."""

MAX_DEPTH = 50
"""Parentheses, signs and negations inside each other."""

GRAMMAR = r"""
?start: disjunction
?disjunction: conjunction (_OR conjunction)*
?conjunction: negation (_AND negation)*
?negation: _NOT negation -> negated
         | comparison
?comparison: sum [COMPARATOR sum]
?sum: product ((PLUS | MINUS) product)*
?product: signed ((TIMES | DIVIDE) signed)*
?signed: MINUS signed -> negative
       | value
?value: NUMBER -> number
      | TRUE -> true
      | FALSE -> false
      | NAME -> variable
      | "(" disjunction ")"

_OR.2: /or(?![\w.])|\|\|/i
_AND.2: /and(?![\w.])|&&/i
_NOT.2: /not(?![\w.])/i
TRUE.2: /true(?![\w.])/i
FALSE.2: /false(?![\w.])/i
COMPARATOR: /<=|>=|==|!=|<|>|=/
PLUS: "+"
MINUS: "-"
TIMES: "*"
DIVIDE: "/"
NUMBER: /[0-9]+(\.[0-9]+)?(?![\w.])/
NAME: /[A-Za-z_][\w.]*/
%ignore /\s+/
"""

Number: TypeAlias = int | Fraction
"""Decimals are exact: `0.1 * 3 = 0.3` is true."""

Comparator: TypeAlias = Literal["<", "<=", ">", ">=", "==", "!="]


class ExpressionError(Exception):
    """An expression cannot be read, or has no value; the message says why, without a subject."""


@dataclass(frozen=True, slots=True)
class Constant:
    value: Number


@dataclass(frozen=True, slots=True)
class Variable:
    name: str


@dataclass(frozen=True, slots=True)
class Negative:
    """Minus an operand."""

    operand: "Expression"


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Operands of one precedence from left to right: `first`, then each sign with its operand."""

    first: "Expression"
    rest: tuple[tuple[str, "Expression"], ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    comparator: Comparator
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Not:
    operand: "Expression"


@dataclass(frozen=True, slots=True)
class And:
    operands: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Or:
    operands: tuple["Expression", ...]


Expression: TypeAlias = Constant | Variable | Negative | Arithmetic | Comparison | Not | And | Or


def parse_expression(text: str) -> Expression:
    """The syntax tree of an expression.

    Raises:
        ExpressionError: when it cannot be read, is too long, or is nested too deeply.
    """
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"is longer than {MAX_LENGTH} characters")
    try:
        tree: Any = _PARSER.parse(text)
    except UnexpectedCharacters as error:
        start = cast("int", error.pos_in_stream)
        raise ExpressionError(f"cannot be read from {text[start : start + 20]!r} on") from None
    except UnexpectedEOF:
        raise ExpressionError("ends too early") from None
    except UnexpectedToken as error:
        raise ExpressionError(_fault(error)) from None
    _check_depth(tree)
    expression: Expression = tree
    return expression


def operands_of(expression: Expression) -> tuple[Expression, ...]:
    match expression:
        case Negative(operand) | Not(operand):
            return (operand,)
        case Arithmetic(first, rest):
            return (first, *(operand for _, operand in rest))
        case Comparison(_, left, right):
            return (left, right)
        case And(operands) | Or(operands):
            return operands
    return ()


def variables_of(expression: Expression) -> Iterator[str]:
    """The names of its variables, repeated as they are in the text."""
    if isinstance(expression, Variable):
        yield expression.name
    for operand in operands_of(expression):
        yield from variables_of(operand)


class _Builder(Transformer[Token, Expression]):
    """Makes the nodes of the tree while Lark parses, innermost first."""

    def disjunction(self, operands: list[Expression]) -> Expression:
        return Or(tuple(operands))

    def conjunction(self, operands: list[Expression]) -> Expression:
        return And(tuple(operands))

    def negated(self, children: list[Expression]) -> Expression:
        return Not(children[0])

    def comparison(self, children: list[Any]) -> Expression:
        left, comparator, right = children
        return Comparison("==" if comparator == "=" else str(comparator), left, right)  # type: ignore[arg-type]

    def sum(self, children: list[Any]) -> Expression:
        signs = zip(children[1::2], children[2::2], strict=True)
        return Arithmetic(children[0], tuple((str(sign), operand) for sign, operand in signs))

    def product(self, children: list[Any]) -> Expression:
        return self.sum(children)

    def negative(self, children: list[Any]) -> Expression:
        return Negative(children[1])

    def number(self, children: list[Token]) -> Expression:
        value = Fraction(children[0])
        return Constant(int(value) if value.denominator == 1 else value)

    def true(self, _children: list[Token]) -> Expression:
        return Constant(1)

    def false(self, _children: list[Token]) -> Expression:
        return Constant(0)

    def variable(self, children: list[Token]) -> Expression:
        return Variable(str(children[0]))


_PARSER = Lark(GRAMMAR, parser="lalr", transformer=_Builder(), maybe_placeholders=False)


def _fault(error: UnexpectedToken) -> str:
    if error.token.type != "$END":
        text = f"has {str(error.token)[:20]!r} at character {(error.token.start_pos or 0) + 1}"
        return f"{text}, where it does not belong"
    if "RPAR" in error.expected:
        return "has a parenthesis that is not closed"
    return "ends too early"


def _check_depth(tree: Expression) -> None:
    """Refuse a tree that recursive functions could not walk; itself it is none."""
    stack = [(tree, 1)]
    while stack:
        expression, depth = stack.pop()
        if depth > MAX_DEPTH:
            raise ExpressionError("is nested too deeply")
        stack += [(operand, depth + 1) for operand in operands_of(expression)]
