"""What calls would cost under other prices: those of a rate card, for what calls have used.

A rate is the price of one service by what is counted of it. What a call used of a service is what
the lines of its bill say, where each line of that service that counts has a quantity in the unit of
the rate; else what is stored of the call itself: its duration, the tokens and the segments of its
messages. Where neither is there, nothing is known and nothing is guessed.

Each amount (a line of a bill, or what the call itself tells) is rounded once to millionths, half of
one to the even neighbour, as the lines that sources send are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    FromClause,
    Text,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    not_,
    null,
    select,
)

from gql.models.cost_entry import CostEntry
from gql.models.enums import CostService, Role
from gql.models.message import ChatMessage
from gql.models.rollup import SERVICES
from gql.models.scope import owned, table_of
from gql.sql.aggregates import priced, sum_of_micros, sum_of_units, whole_amount
from gql.sql.aliases import alias_of
from gql.sql.json_sql import literal_text

Expression = ColumnElement[Any]


class RateUnit(StrEnum):
    """What a rate is the price of."""

    CALL = "call"
    MINUTE = "minute"
    TOKEN = "token"  # noqa: S105 -- a part of a word
    CHARACTER = "character"
    SEGMENT = "segment"


_USAGE_TYPES: dict[RateUnit, dict[str, int]] = {
    RateUnit.CALL: {},
    RateUnit.MINUTE: {"minutes": 1, "minute": 1, "seconds": 60, "second": 60},
    RateUnit.TOKEN: {"tokens": 1, "token": 1},
    RateUnit.CHARACTER: {"characters": 1, "character": 1},
    RateUnit.SEGMENT: {"segments": 1, "segment": 1, "sms": 1},
}
"""What lines of bills call a unit, and how many of those are one."""

_MILLISECONDS = 1_000
_MINUTE = 60 * _MILLISECONDS


class Rate(NamedTuple):
    """The price of a service.

    Attributes:
        service: One of `SERVICES`.
        unit: What is counted.
        price: Millionths of the card's currency, zero or more.
        per: For how many units: 1,000,000 tokens.
    """

    service: str
    unit: RateUnit
    price: int
    per: int


@dataclass(frozen=True)
class RateCard:
    """Other prices.

    Attributes:
        currency: Of the prices.
        rates: One of a service at most, in the order of `SERVICES`; a service without one costs
            what was paid for it.
    """

    currency: str
    rates: tuple[Rate, ...]

    @property
    def units(self) -> "RatedUnits":
        """All that the SQL depends on."""
        return tuple((rate.service, rate.unit) for rate in self.rates)

    def values(self) -> dict[str, Any]:
        """The values of `RateCardParameters`, by their names there."""
        return {
            "card_currency": self.currency,
            **{f"{rate.service}_price": rate.price for rate in self.rates},
            **{f"{rate.service}_per": rate.per for rate in self.rates},
        }


RatedUnits = tuple[tuple[str, RateUnit], ...]
"""The services of a rate card, and what is counted of each."""


@dataclass(frozen=True)
class RateCardParameters:
    """The parameters of a rate card, with values or still to be filled.

    Attributes:
        prices: By service, and `pers` for how many units.
    """

    currency: BindParameter[str]
    prices: Mapping[str, BindParameter[int]]
    pers: Mapping[str, BindParameter[int]]

    @classmethod
    def named(cls, prefix: str) -> "RateCardParameters":
        """Parameters to be filled, whose names begin with `prefix`."""
        return cls(
            bindparam(f"{prefix}_card_currency", type_=Text()),
            {name: bindparam(f"{prefix}_{name}_price", type_=BigInteger()) for name in SERVICES},
            {name: bindparam(f"{prefix}_{name}_per", type_=BigInteger()) for name in SERVICES},
        )

    @classmethod
    def of(cls, card: RateCard | None) -> "RateCardParameters":
        """Parameters that have the values of a card."""
        currency, rates = ("", ()) if card is None else (card.currency, card.rates)
        return cls(
            bindparam(None, currency, type_=Text()),
            {rate.service: bindparam(None, rate.price, type_=BigInteger()) for rate in rates},
            {rate.service: bindparam(None, rate.per, type_=BigInteger()) for rate in rates},
        )


def listed_amounts(
    call: FromClause, units: RatedUnits, parameters: RateCardParameters
) -> dict[str, Expression]:
    """By service, what a call would cost in millionths; NULL where its quantity is not known."""
    return {
        service: func.coalesce(
            _of_lines(call, service, unit, parameters), _of_call(call, service, unit, parameters)
        )
        for service, unit in units
    }


def _of_lines(
    call: FromClause, service: str, unit: RateUnit, parameters: RateCardParameters
) -> Expression:
    """What the lines of a service cost; NULL where one has no quantity in the unit, or none is."""
    entry = alias_of(table_of(CostEntry))
    usage_type = func.lower(entry.c.usage_type)
    price, per = parameters.prices[service], parameters.pers[service]
    by_type = [
        (usage_type == literal_text(name), priced(entry.c.usage_amount, price, per * number))
        for name, number in _USAGE_TYPES[unit].items()
    ]
    if not by_type:
        return null()
    amount: Expression = case(*by_type)
    is_measured = and_(func.count() > 0, func.count(amount) == func.count())
    whole = whole_amount(sum_of_units(amount), sum_of_micros(amount))
    return (
        select(case((is_measured, whole)))
        .select_from(entry)
        .where(
            owned(entry),
            entry.c.call_id == call.c.id,
            entry.c.service == literal_text(service),
            not_(entry.c.is_superseded),
            entry.c.amount.is_not(None),
        )
        .correlate(call)
        .scalar_subquery()
    )


def _of_call(
    call: FromClause, service: str, unit: RateUnit, parameters: RateCardParameters
) -> Expression:
    """What a service costs by what is stored of the call itself."""
    price, per = parameters.prices[service], parameters.pers[service]
    match unit, service:
        case RateUnit.CALL, _:
            return priced(literal(1, BigInteger), price, per)
        case RateUnit.MINUTE, _:
            seconds = cast(call.c.duration, BigInteger)
            milliseconds = func.coalesce(call.c.duration_ms, seconds * _MILLISECONDS)
            return priced(milliseconds, price, per * _MINUTE)
        case RateUnit.TOKEN, CostService.LLM:
            return _of_messages(call, "total_tokens", (Role.ASSISTANT,), price, per)
        case RateUnit.SEGMENT, CostService.TELEPHONY:
            return _of_messages(call, "segments", (Role.USER, Role.ASSISTANT), price, per)
    return null()


def _of_messages(
    call: FromClause, column: str, roles: tuple[Role, ...], price: Any, per: Any
) -> Expression:
    """What a call's messages cost; NULL where one of these roles has no number, or none has."""
    message = alias_of(table_of(ChatMessage))
    number = message.c[column]
    needs_number = message.c.role.in_([literal_text(role) for role in roles])
    lacks_number = case((and_(needs_number, number.is_(None)), 1))
    is_measured = and_(func.count(number) > 0, func.count(lacks_number) == 0)
    amount = priced(cast(func.sum(number), BigInteger), price, per)
    return (
        select(case((is_measured, amount)))
        .select_from(message)
        .where(owned(message), message.c.call_id == call.c.id)
        .correlate(call)
        .scalar_subquery()
    )
