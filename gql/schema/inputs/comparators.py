"""Comparators that filters are made of.

A comparator that is null, and a set of them without any, is refused: it would let every object
pass, so that a page of one customer whose number is not there yet shows those of all customers.
A variable without a value leaves its field out of the object, as the specification says
(https://spec.graphql.org/September2025/#sec-Input-Objects.Input-Coercion).
"""

from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, TypeVar

import strawberry
from strawberry import UNSET
from strawberry.utils.str_converters import to_camel_case

from gql.engine.declaration import described
from gql.errors import BadInput
from gql.money import decimal_to_micros
from gql.query.filters import Condition
from gql.schema.enums import CallStatus, Direction, Role, Speaker

MAX_IN = 100
"""Most values of one `in`."""

Convert = Callable[[Any], Any]
"""Makes the column's value of a GraphQL value."""

T = TypeVar("T", bound="Comparators")


class Comparators:
    """The base of the inputs below: each field of one is a comparator of `gql/query/filters.py`.

    Attributes:
        comparators: The comparator of each field.
    """

    comparators: ClassVar[dict[str, str]]

    def conditions(self, criterion: str, convert: Convert | None = None) -> Iterator[Condition]:
        """A condition for every field that has a value.

        Args:
            criterion: The name of what is compared.
            convert: Applied to every value but that of `isNull`.

        Raises:
            BadInput: when there is no comparator, or a null one; when an `in` is too long or a
                value cannot be used.
        """
        convert = convert or self.convert
        written = {
            comparator: value
            for field, comparator in self.comparators.items()
            if (value := getattr(self, field)) is not UNSET
        }
        if not written:
            raise BadInput(
                f"`{to_camel_case(criterion)}` compares nothing: leave it out, or use"
                f" {self.choices()}."
            )
        for comparator, value in written.items():
            if value is None:
                raise BadInput(self.without_value(criterion, comparator))
            yield Condition(criterion, comparator, _converted(value, comparator, convert))

    @classmethod
    def choices(cls) -> str:
        """The names of the comparators as clients write them: `eq` or `in`."""
        *names, last = (f"`{to_camel_case(name)}`" for name in cls.comparators.values())
        return f"{', '.join(names)} or {last}" if names else last

    @classmethod
    def without_value(cls, criterion: str, comparator: str) -> str:
        """What is wrong with a comparator that is null."""
        path = f"{to_camel_case(criterion)}.{to_camel_case(comparator)}"
        names = cls.comparators.values()
        other = ", or use `isNull`" if "is_null" in {*names} - {comparator} else ""
        return f"`{path}` is null: leave it out{other}."

    @staticmethod
    def convert(value: Any) -> Any:
        """The column's value of a GraphQL value, where no other conversion is passed."""
        return value


def comparator(description: str, name: str | None = None) -> Any:
    """A comparator, which may be absent."""
    return strawberry.field(name=name, default=UNSET, description=description)


def comparators(cls: type[T]) -> type[T]:
    """Make a class a comparator input; its docstring is the description."""
    strawberry.input(cls, description=described(cls))
    names = [field.name for field in fields(cls)]  # type: ignore[arg-type]
    cls.comparators = {name: name.removesuffix("_") for name in names}
    return cls


EQ = "Equal to this."
IN = f"Equal to one of these, at most {MAX_IN}."
CONTAINS = "Contains this text, whatever the case; `%` and `_` stand for themselves."
STARTS = "Starts with this text, whatever the case; `%` and `_` stand for themselves."
IS_NULL = "Has no value (true), or has one (false)."
EARLIER, LATER = "Earlier than this.", "Later than this."
LESS, MORE = "Less than this.", "More than this."


@comparators
class IDFilter(Comparators):
    """Compares an id; takes global ids and documented integers."""

    eq: strawberry.ID | None = comparator(EQ)
    in_: list[strawberry.ID] | None = comparator(IN, "in")


@comparators
class StringFilter(Comparators):
    """Compares text."""

    eq: str | None = comparator("Equal to this, to the letter.")
    in_: list[str] | None = comparator(IN, "in")
    contains: str | None = comparator(CONTAINS)
    starts_with: str | None = comparator(STARTS)


@comparators
class PhoneFilter(Comparators):
    """Compares a phone number by its digits alone."""

    eq: str | None = comparator("Has exactly these digits.")
    contains: str | None = comparator(
        "Contains these digits in a row; without a digit nothing matches."
    )


@comparators
class IntFilter(Comparators):
    """Compares a whole number; objects without one never match."""

    eq: int | None = comparator(EQ)
    gt: int | None = comparator(MORE)
    gte: int | None = comparator("This or more.")
    lt: int | None = comparator(LESS)
    lte: int | None = comparator("This or less.")
    is_null: bool | None = comparator(IS_NULL)


@comparators
class DecimalFilter(Comparators):
    """Compares an amount; objects without one never match."""

    eq: Decimal | None = comparator(EQ)
    gt: Decimal | None = comparator(MORE)
    gte: Decimal | None = comparator("This or more.")
    lt: Decimal | None = comparator(LESS)
    lte: Decimal | None = comparator("This or less.")
    is_null: bool | None = comparator(IS_NULL)

    @staticmethod
    def convert(value: Decimal) -> int:
        """The amount in millionths, as amounts are stored."""
        return int(decimal_to_micros(value))


@comparators
class DateTimeFilter(Comparators):
    """Compares an instant; objects without one never match."""

    gt: datetime | None = comparator(LATER)
    gte: datetime | None = comparator("At this instant or later.")
    lt: datetime | None = comparator(EARLIER)
    lte: datetime | None = comparator("At this instant or earlier.")
    is_null: bool | None = comparator(IS_NULL)


@strawberry.input(description="Compares one top-level key of a JSON object.")
class JSONKeyFilter(Comparators):
    """Not a set of comparators but the two operands of one."""

    comparators: ClassVar[dict[str, str]] = {"eq": "key_equals"}

    key: str = strawberry.field(description="The key.")
    eq: str = strawberry.field(
        description="Its value as text; numbers and booleans as JSON prints them."
    )

    def conditions(self, criterion: str, _convert: Convert | None = None) -> Iterator[Condition]:
        yield Condition(criterion, "key_equals", (self.key, self.eq))


@comparators
class CallStatusFilter(Comparators):
    """Compares a status."""

    eq: CallStatus | None = comparator(EQ)
    in_: list[CallStatus] | None = comparator(IN, "in")


@comparators
class DirectionFilter(Comparators):
    """Compares a direction."""

    eq: Direction | None = comparator(EQ)


@comparators
class RoleFilter(Comparators):
    """Compares a message's role."""

    eq: Role | None = comparator(EQ)
    in_: list[Role] | None = comparator(IN, "in")


@comparators
class SpeakerFilter(Comparators):
    """Compares a speaker."""

    eq: Speaker | None = comparator(EQ)


def _converted(value: Any, comparator: str, convert: Convert) -> Any:
    if comparator == "is_null":
        return value
    if isinstance(value, list):
        if len(value) > MAX_IN:
            raise BadInput(f"`in` has {len(value)} values, but may have at most {MAX_IN}.")
        return tuple(convert(item) for item in value)
    return convert(value)
