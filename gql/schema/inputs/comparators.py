"""Comparators that filters are made of.

A comparator that is null, and a set of them without any, is refused: it would let every object
pass, so that a page of one customer whose number is not there yet shows those of all customers.
A variable without a value leaves its field out of the object, as the specification says
(https://spec.graphql.org/September2025/#sec-Input-Objects.Input-Coercion).
"""

from collections.abc import Callable
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
from gql.query.search_words import LONGEST_SEARCH
from gql.schema.enums import (
    CallStatus,
    Channel,
    DeliveryState,
    Direction,
    EndedReasonKind,
    Role,
    Speaker,
    WebhookDeliveryState,
)

MAX_IN = 100
"""Most values of one `in` or `notIn`."""

Convert = Callable[[Any], Any]
"""Makes the column's value of a GraphQL value."""

T = TypeVar("T", bound="Comparators")


class Comparators:
    """The base of the inputs below: each field of one is a comparator of `gql/query/filters.py`.

    Attributes:
        comparators: The comparator of each field.
    """

    comparators: ClassVar[dict[str, str]]

    def conditions(self, criterion: str, convert: Convert | None = None) -> list[Condition]:
        """A condition for every field that has a value.

        Args:
            criterion: The name of what is compared.
            convert: Applied to every value but that of `isNull`.

        Raises:
            BadInput: when there is no comparator, or a null one; when an `in` is too long or a
                value cannot be used.
        """
        conditions = []
        present = vars(self)  # where a field is absent, its default may be on the class alone
        for field in self.comparators:
            value = present.get(field, UNSET)
            if value is UNSET:
                continue
            if value is None:
                raise BadInput(self._without_value(criterion, field))
            conditions.append(self.condition(criterion, field, value, convert))
        if not conditions:
            raise BadInput(
                f"`{to_camel_case(criterion)}` compares nothing: leave it out, or use"
                f" {self._choices()}."
            )
        return conditions

    @classmethod
    def condition(
        cls, criterion: str, field: str, value: Any, convert: Convert | None = None
    ) -> Condition:
        """The condition of one field, which has a value.

        Raises:
            BadInput: when an `in` is too long, or the value cannot be used.
        """
        converted = _converted(value, field, convert or cls.convert)
        return Condition(criterion, cls.comparators[field], converted)

    @staticmethod
    def convert(value: Any) -> Any:
        """The column's value of a GraphQL value, where no other conversion is passed."""
        return value

    def _choices(self) -> str:
        *names, last = (f"`{_graphql_name(field)}`" for field in self.comparators)
        return f"{', '.join(names)} or {last}" if names else last

    def _without_value(self, criterion: str, field: str) -> str:
        other = ", or use `isNull`" if "is_null" in {*self.comparators} - {field} else ""
        path = f"{to_camel_case(criterion)}.{_graphql_name(field)}"
        return f"`{path}` is null: leave it out{other}."


def comparator(description: str, name: str | None = None) -> Any:
    """A comparator, which may be absent."""
    return strawberry.field(name=name, default=UNSET, description=description)


def comparators(
    of: Any = None, *, eq: str = "Equal to this.", prefix: str = ""
) -> Callable[[type[T]], type[T]]:
    """Make a class a comparator input; its docstring is the description.

    Args:
        of: The type of the values that `eq`, `ne`, `in` and `notIn` take; None for a class that
            has none of these.
        eq: The description of `eq`.
        prefix: What the criterion calls each comparator begins with.
    """

    def decorate(cls: type[T]) -> type[T]:
        own = {} if of is None else _equality(of, eq)
        for name, declaration in own.items():
            setattr(cls, name, declaration[1])
        types = {name: declaration[0] for name, declaration in own.items()}
        cls.__annotations__ = {**types, **cls.__annotations__}
        strawberry.input(cls, description=described(cls))
        names = [field.name for field in fields(cls) if field.default is UNSET]  # type: ignore[arg-type]
        cls.comparators = {name: prefix + name.removesuffix("_") for name in names}
        return cls

    return decorate


def _equality(of: Any, eq: str) -> dict[str, tuple[Any, Any]]:
    """The type and the declaration of each comparator with whole values."""
    return {
        "eq": (of | None, comparator(eq)),
        "ne": (of | None, comparator("Has a value, which is another one.")),
        "in_": (list[of] | None, comparator(f"One of these, at most {MAX_IN}.", "in")),
        "not_in": (
            list[of] | None,
            comparator(f"Has a value, which is none of these, at most {MAX_IN}."),
        ),
    }


def _graphql_name(field: str) -> str:
    return to_camel_case(field.removesuffix("_"))


_LETTERS = (
    "Each letter is compared by its own lower case, so `É` is `é`, while `SS` is not `ß` and `ς` is"
    " not `Σ`. `%` and `_` stand for themselves."
)
CONTAINS = f"Contains this text. {_LETTERS}"
STARTS = f"Starts with this text. {_LETTERS}"
IS_NULL = "Has no value (true), or has one (false)."
EARLIER, LATER = "Earlier than this.", "Later than this."
LESS, MORE = "Less than this.", "More than this."


@comparators(strawberry.ID)
class IDFilter(Comparators):
    """Compares an id; takes global ids and documented integers."""


@comparators(str, eq="Equal to this, to the letter.")
class StringFilter(Comparators):
    """Compares text; objects without one never match."""

    contains: str | None = comparator(CONTAINS)
    starts_with: str | None = comparator(STARTS)


@comparators(str, eq="Equal to this, to the letter.")
class WordFilter(Comparators):
    """Compares a word or a code as a whole; objects without one never match."""


@comparators()
class SaidFilter(Comparators):
    """Finds words in texts, as `search` does."""

    contains: str | None = comparator(
        'One text has these words, all of them: `"next friday" deliver*` has a phrase and the'
        f" beginning of a word. At most {LONGEST_SEARCH} characters."
    )


@comparators(str, eq="Has exactly these digits.")
class PhoneFilter(Comparators):
    """Compares a phone number by its digits alone; no number is equal to a text without any."""

    contains: str | None = comparator(
        "Contains these digits in a row; without a digit nothing matches."
    )


@comparators(int)
class IntFilter(Comparators):
    """Compares a whole number; objects without one never match."""

    gt: int | None = comparator(MORE)
    gte: int | None = comparator("This or more.")
    lt: int | None = comparator(LESS)
    lte: int | None = comparator("This or less.")
    is_null: bool | None = comparator(IS_NULL)


@comparators(Decimal)
class DecimalFilter(Comparators):
    """Compares an amount; objects without one never match."""

    gt: Decimal | None = comparator(MORE)
    gte: Decimal | None = comparator("This or more.")
    lt: Decimal | None = comparator(LESS)
    lte: Decimal | None = comparator("This or less.")
    is_null: bool | None = comparator(IS_NULL)

    @staticmethod
    def convert(value: Decimal) -> int:
        """The amount in millionths, as amounts are stored."""
        return int(decimal_to_micros(value))


@comparators()
class DateTimeFilter(Comparators):
    """Compares an instant; a bare date, `2026-06-01`, is its first instant in UTC.

    So a month is `{gte: "2026-06-01", lt: "2026-07-01"}`. Objects without an instant never match.
    """

    gt: datetime | None = comparator(LATER)
    gte: datetime | None = comparator("At this instant or later.")
    lt: datetime | None = comparator(EARLIER)
    lte: datetime | None = comparator("At this instant or earlier.")
    is_null: bool | None = comparator(IS_NULL)


@comparators(str, eq="Has this value.", prefix="key_")
class JSONKeyFilter(Comparators):
    """Compares the value of one top-level key as text; objects without the key never match.

    Numbers and booleans are compared as JSON prints them.
    """

    key: str = strawberry.field(description="The key.")

    def conditions(self, criterion: str, convert: Convert | None = None) -> list[Condition]:
        conditions = super().conditions(criterion, convert)
        return [each._replace(value=(self.key, each.value)) for each in conditions]


@comparators(CallStatus)
class CallStatusFilter(Comparators):
    """Compares a status."""


@comparators(EndedReasonKind)
class EndedReasonKindFilter(Comparators):
    """Compares why a call ended; calls of which that is not known never match."""


@comparators(Channel)
class ChannelFilter(Comparators):
    """Compares a channel."""


@comparators(Direction)
class DirectionFilter(Comparators):
    """Compares a direction."""


@comparators(DeliveryState)
class DeliveryStateFilter(Comparators):
    """Compares what became of a delivery."""


@comparators(WebhookDeliveryState)
class WebhookDeliveryStateFilter(Comparators):
    """Compares what became of a delivery to a webhook subscription."""


@comparators(Role)
class RoleFilter(Comparators):
    """Compares a message's role."""


@comparators(Speaker)
class SpeakerFilter(Comparators):
    """Compares a speaker."""


def _converted(value: Any, field: str, convert: Convert) -> Any:
    if field == "is_null":
        return value
    if isinstance(value, list):
        if len(value) > MAX_IN:
            raise BadInput(
                f"`{_graphql_name(field)}` has {len(value)} values, but may have at most {MAX_IN}."
            )
        return tuple(convert(item) for item in value)
    return convert(value)
