"""Comparators that filters are made of. In every one, null is the same as absent."""

from collections.abc import Callable
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from typing import Any

import strawberry
from strawberry import UNSET

from gql.engine.declaration import MICRO
from gql.errors import BadInput
from gql.query.filters import Condition, Filter
from gql.query.global_id import read_id
from gql.schema.enums import CallStatus, Direction, NodeType, Role, Speaker

MAX_IN = 100
"""Most values of one `in`."""


def optional(description: str, name: str | None = None) -> Any:
    """An optional comparator."""
    return strawberry.field(name=name, default=UNSET, description=description)


EQ = "Equal to this."
IN = f"Equal to one of these, at most {MAX_IN}."
CONTAINS = "Contains this text, whatever the case; `%` and `_` stand for themselves."
STARTS = "Starts with this text, whatever the case; `%` and `_` stand for themselves."
IS_NULL = "Has no value (true), or has one (false)."
EARLIER, LATER = "Earlier than this.", "Later than this."
LESS, MORE = "Less than this.", "More than this."


@strawberry.input(description="Compares an id; takes global ids and documented integers.")
class IDFilter:
    """See the description."""

    eq: strawberry.ID | None = optional(EQ)
    in_: list[strawberry.ID] | None = optional(IN, "in")


@strawberry.input(description="Compares text.")
class StringFilter:
    """See the description."""

    eq: str | None = optional("Equal to this, to the letter.")
    in_: list[str] | None = optional(IN, "in")
    contains: str | None = optional(CONTAINS)
    starts_with: str | None = optional(STARTS)


@strawberry.input(description="Compares a phone number by its digits alone.")
class PhoneFilter:
    """See the description."""

    eq: str | None = optional("Has exactly these digits.")
    contains: str | None = optional(
        "Contains these digits in a row; without a digit nothing matches."
    )


@strawberry.input(description="Compares a whole number; objects without one never match.")
class IntFilter:
    """See the description."""

    eq: int | None = optional(EQ)
    gt: int | None = optional(MORE)
    gte: int | None = optional("This or more.")
    lt: int | None = optional(LESS)
    lte: int | None = optional("This or less.")
    is_null: bool | None = optional(IS_NULL)


@strawberry.input(description="Compares an amount; objects without one never match.")
class DecimalFilter:
    """See the description."""

    eq: Decimal | None = optional(EQ)
    gt: Decimal | None = optional(MORE)
    gte: Decimal | None = optional("This or more.")
    lt: Decimal | None = optional(LESS)
    lte: Decimal | None = optional("This or less.")
    is_null: bool | None = optional(IS_NULL)


@strawberry.input(description="Compares an instant; objects without one never match.")
class DateTimeFilter:
    """See the description."""

    gt: datetime | None = optional(LATER)
    gte: datetime | None = optional("At this instant or later.")
    lt: datetime | None = optional(EARLIER)
    lte: datetime | None = optional("At this instant or earlier.")
    is_null: bool | None = optional(IS_NULL)


@strawberry.input(description="Compares one top-level key of a JSON object.")
class JSONKeyFilter:
    """See the description."""

    key: str = strawberry.field(description="The key.")
    eq: str = strawberry.field(
        description="Its value as text; numbers and booleans as JSON prints them."
    )


@strawberry.input(description="Compares a status.")
class CallStatusFilter:
    """See the description."""

    eq: CallStatus | None = optional(EQ)
    in_: list[CallStatus] | None = optional(IN, "in")


@strawberry.input(description="Compares a direction.")
class DirectionFilter:
    """See the description."""

    eq: Direction | None = optional(EQ)


@strawberry.input(description="Compares a node's type.")
class NodeTypeFilter:
    """See the description."""

    eq: NodeType | None = optional(EQ)
    in_: list[NodeType] | None = optional(IN, "in")


@strawberry.input(description="Compares a message's role.")
class RoleFilter:
    """See the description."""

    eq: Role | None = optional(EQ)
    in_: list[Role] | None = optional(IN, "in")


@strawberry.input(description="Compares a speaker.")
class SpeakerFilter:
    """See the description."""

    eq: Speaker | None = optional(EQ)


def compared(field: str, comparators: Any, convert: Callable[[Any], Any] | None = None) -> Filter:
    """The conditions of one filter field.

    Args:
        field: A name in the resource's filters.
        comparators: One of the inputs above, or None.
        convert: From a GraphQL value to the column's; not for `isNull`.

    Raises:
        BadInput: when an `in` is too long or a value cannot be used.
    """
    if not comparators:
        return ()
    conditions = []
    for spec in fields(comparators):
        value = getattr(comparators, spec.name)
        if value is None or value is UNSET:
            continue
        conditions.append(
            Condition(field, spec.name.rstrip("_"), _plain(value, spec.name, convert))
        )
    return tuple(conditions)


def flag(field: str, value: bool | None) -> Filter:
    """The condition of a plain Boolean filter field."""
    return () if value is None or value is UNSET else (Condition(field, "eq", value),)


def key_equal(field: str, given_key: JSONKeyFilter | None) -> Filter:
    """The condition on one key of a JSON column."""
    if not given_key:
        return ()
    return (Condition(field, "eq", (given_key.key, given_key.eq)),)


def ids(resource: str) -> Callable[[str], int]:
    """Reads an id of the resource."""
    return lambda text: read_id(text, resource)


def micros(amount: Decimal) -> int:
    """An amount in micro-units."""
    return int(amount / MICRO)


def _plain(value: Any, comparator: str, convert: Callable[[Any], Any] | None) -> Any:
    if comparator == "is_null":
        return value
    if isinstance(value, list):
        if len(value) > MAX_IN:
            raise BadInput(f"`in` has {len(value)} values, but may have at most {MAX_IN}.")
        return tuple(_plain(item, "eq", convert) for item in value)
    return convert(value) if convert else value
