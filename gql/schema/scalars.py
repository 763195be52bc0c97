"""Scalars whose text is the same from Python and from a database."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NewType

import strawberry
from graphql import FloatValueNode, GraphQLError, IntValueNode, StringValueNode, ValueNode
from strawberry.types.scalar import ScalarDefinition

from gql.money import MAX_MICROS, SCALE, decimal_to_micros

BigInt = NewType("BigInt", int)
"""A whole number of 64 bits, as text outside: JavaScript's numbers are exact up to 2**53 only."""

_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,19}", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
"""https://www.rfc-editor.org/rfc/rfc3339#section-5.6"""
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_AMOUNT = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?")


def print_instant(value: datetime) -> str:
    """`2025-01-19T10:00:00Z`, with a fraction only when it is not zero, trailing zeros trimmed."""
    fraction = f".{value.microsecond:06d}".rstrip("0") if value.microsecond else ""
    value = value.astimezone(UTC)
    return f"{value.year:04d}-{value:%m-%dT%H:%M:%S}{fraction}Z"


def read_instant(value: Any) -> datetime:
    """An instant from text with a zone, or from a date, which is its first instant in UTC.

    Raises:
        GraphQLError: when it is not one, or lies outside the years 1 to 9999.
    """
    if isinstance(value, str) and _DATE.fullmatch(value):
        value += "T00:00:00Z"
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        try:
            return datetime.fromisoformat(value.upper().replace(" ", "T")).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise GraphQLError(
        f"{str(value)[:40]!r} is not a DateTime: write it like 2025-01-19T10:00:00Z."
    )


def print_decimal(value: Decimal) -> str:
    """Exactly six decimals, never an exponent: `0.050000`."""
    return f"{value:.{SCALE}f}"


def read_decimal(value: Any) -> Decimal:
    """An exact amount from text or a number; a float counts as the shortest text that gives it.

    Raises:
        GraphQLError: when it is not one, has more than six decimals or does not fit in 64 bits.
    """
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        text = str(value)
        if _AMOUNT.fullmatch(text) and _fits(Decimal(text)):
            return Decimal(text)
    raise GraphQLError(
        f"{str(value)[:40]!r} is not a Decimal: write it with at most six decimals, like 0.05."
    )


def read_decimal_literal(node: ValueNode, _variables: dict[str, Any] | None = None) -> Decimal:
    """An exact amount from a document, by its digits: a float in between would lose some.

    Raises:
        GraphQLError: as `read_decimal` does.
    """
    if isinstance(node, (IntValueNode, FloatValueNode, StringValueNode)):
        return read_decimal(node.value)
    return read_decimal(None)


def print_big_int(value: int) -> str:
    """Its digits."""
    return str(value)


def read_big_int(value: Any) -> int:
    """A whole number of 64 bits from its digits or from a number.

    Raises:
        GraphQLError: when it is not one.
    """
    if isinstance(value, (str, int)) and not isinstance(value, bool):
        text = str(value)
        if _WHOLE_NUMBER.fullmatch(text) and -(2**63) <= int(text) < 2**63:
            return int(text)
    raise GraphQLError(
        f"{str(value)[:40]!r} is not a BigInt: write the digits of 64 bits at most, like"
        ' "281474976710657".'
    )


def read_big_int_literal(node: ValueNode, _variables: dict[str, Any] | None = None) -> int:
    """A whole number of 64 bits from a document.

    Raises:
        GraphQLError: as `read_big_int` does.
    """
    return read_big_int(node.value if isinstance(node, (IntValueNode, StringValueNode)) else None)


def _fits(amount: Decimal) -> bool:
    if amount.adjusted() > len(str(MAX_MICROS)):
        return False
    micros = decimal_to_micros(amount)
    return micros == micros.to_integral_value() and abs(micros) <= MAX_MICROS


SCALARS: dict[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description=(
            "An instant: a `date-time` of RFC 3339. Answers are in UTC, with as many digits of a"
            " fraction as it takes, six at most: `2025-01-19T10:00:00Z`,"
            " `2025-01-19T10:00:00.25Z`. Arguments may have any offset; digits after the sixth are"
            " cut off. A bare date is its first instant in UTC. The years 1 to 9999; no leap"
            " seconds."
        ),
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
        serialize=print_instant,
        parse_value=read_instant,
    ),
    Decimal: strawberry.scalar(
        name="Decimal",
        description='An exact amount as text with six decimals, like `"0.050000"`.',
        serialize=print_decimal,
        parse_value=read_decimal,
        parse_literal=read_decimal_literal,
    ),
    BigInt: strawberry.scalar(
        name="BigInt",
        description=(
            'A whole number of 64 bits as text, like `"281474976710657"`: JavaScript rounds numbers'
            " beyond 2^53. Arguments may be text or numbers."
        ),
        serialize=print_big_int,
        parse_value=read_big_int,
        parse_literal=read_big_int_literal,
    ),
    strawberry.scalars.JSON: strawberry.scalar(
        name="JSON",
        description="Any JSON value: free-form objects that callers store with us.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259",
        serialize=lambda value: value,
        parse_value=lambda value: value,
    ),
}
