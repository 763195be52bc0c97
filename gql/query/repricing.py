"""What calls would cost under other prices: those of a rate card, for what calls have used.

A rate is the price of one service by what is counted of it. What a call used of a service is what
the lines of its bill say, where each line of that service that counts has a quantity in the unit of
the rate; else what is stored of the call itself: its duration, the tokens and the segments of its
messages. Where neither is there, nothing is known and nothing is guessed.

Tokens may have other prices as input, as output and as cached input. Lines of a bill tell them
apart by what they count, and messages input from output alone. Where nothing does, the rate's
single price is that of all tokens together, if it has one.

Each amount (a line of a bill, or what the call itself tells) is rounded once to millionths, half of
one to the even neighbour, as the lines that sources send are.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import reduce
from operator import add
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
    false,
    func,
    literal,
    not_,
    null,
    or_,
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


class TokenKind(StrEnum):
    """What tokens may have prices apart by."""

    INPUT = "input"
    OUTPUT = "output"
    CACHED_INPUT = "cached_input"


_TOKEN_TYPES = {
    TokenKind.INPUT: ("input_tokens", "prompt_tokens"),
    TokenKind.OUTPUT: ("output_tokens", "completion_tokens"),
    TokenKind.CACHED_INPUT: ("cached_input_tokens", "cached_prompt_tokens", "cached_tokens"),
}
"""What lines of bills call tokens of a kind."""

_USAGE_TYPES: dict[RateUnit, dict[str, int]] = {
    RateUnit.CALL: {},
    RateUnit.MINUTE: {"minutes": 1, "minute": 1, "seconds": 60, "second": 60},
    RateUnit.TOKEN: {
        "tokens": 1,
        "token": 1,
        **{name: 1 for names in _TOKEN_TYPES.values() for name in names},
    },
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
        price: Millionths of the card's currency, zero or more; None where only `token_prices` are.
        per: For how many units: 1,000,000 tokens.
        token_prices: Of the kinds of tokens, in the order of `TokenKind`: none, or those of input
            and output at least.
    """

    service: str
    unit: RateUnit
    price: int | None
    per: int
    token_prices: tuple[tuple[TokenKind, int], ...] = ()


class RatedService(NamedTuple):
    """What the SQL depends on of a rate: all but its numbers."""

    service: str
    unit: RateUnit
    token_kinds: tuple[TokenKind, ...] = ()
    has_price: bool = True


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
    def services(self) -> "RatedServices":
        """All that the SQL depends on."""
        return tuple(
            RatedService(
                rate.service,
                rate.unit,
                tuple(kind for kind, _ in rate.token_prices),
                has_price=rate.price is not None,
            )
            for rate in self.rates
        )

    @property
    def prices(self) -> dict[str, int]:
        """Every price, by the names that `RateCardParameters` has for them."""
        prices = {}
        for rate in self.rates:
            # At whatever price, to know of which calls the tokens are known together.
            prices[rate.service] = rate.price or 0
            for kind, price in rate.token_prices:
                prices[_price_name(rate.service, kind)] = price
        return prices

    @property
    def pers(self) -> dict[str, int]:
        """For how many units the prices of a service are."""
        return {rate.service: rate.per for rate in self.rates}

    def values(self) -> dict[str, Any]:
        """The values of `RateCardParameters`, by their names there."""
        return {
            "card_currency": self.currency,
            **{f"{name}_price": price for name, price in self.prices.items()},
            **{f"{name}_per": per for name, per in self.pers.items()},
        }


RatedServices = tuple[RatedService, ...]
"""The services of a rate card."""


def _price_name(service: str, kind: TokenKind) -> str:
    return f"{service}_{kind}"


_PRICE_NAMES = (*SERVICES, *(_price_name(name, kind) for name in SERVICES for kind in TokenKind))


@dataclass(frozen=True)
class RateCardParameters:
    """The parameters of a rate card, with values or still to be filled.

    Attributes:
        prices: By service and, for a kind of tokens, by both; `pers` says for how many units.
    """

    currency: BindParameter[str]
    prices: Mapping[str, BindParameter[int]]
    pers: Mapping[str, BindParameter[int]]

    @classmethod
    def named(cls, prefix: str) -> "RateCardParameters":
        """Parameters to be filled, whose names begin with `prefix`."""
        return cls(
            bindparam(f"{prefix}_card_currency", type_=Text()),
            {
                name: bindparam(f"{prefix}_{name}_price", type_=BigInteger())
                for name in _PRICE_NAMES
            },
            {name: bindparam(f"{prefix}_{name}_per", type_=BigInteger()) for name in SERVICES},
        )

    @classmethod
    def of(cls, card: RateCard | None) -> "RateCardParameters":
        """Parameters that have the values of a card."""
        card = card or RateCard("", ())
        return cls(
            bindparam(None, card.currency, type_=Text()),
            {
                name: bindparam(None, price, type_=BigInteger())
                for name, price in card.prices.items()
            },
            {name: bindparam(None, per, type_=BigInteger()) for name, per in card.pers.items()},
        )


def quantity_columns(
    call: FromClause, services: RatedServices, parameters: RateCardParameters
) -> Iterator[Expression]:
    """What a call's quantities cost, in millionths: the columns that `ListedAmount` reads.

    They are NULL where a quantity is not known.
    """
    for rated in services:
        service, unit = rated.service, rated.unit
        price, per = parameters.prices[service], parameters.pers[service]
        lines = {name: (price, per * number) for name, number in _USAGE_TYPES[unit].items()}
        together = func.coalesce(
            _of_lines(call, service, lines), _of_call(call, service, unit, price, per)
        )
        yield together.label(f"together_{service}")
        if rated.token_kinds:
            yield _apart(call, rated, parameters).label(f"apart_{service}")


class ListedAmount:
    """What one service costs by its rate.

    Args:
        calls: Rows with `quantity_columns`.
        rated: The service.

    Attributes:
        amount: Millionths; NULL where the rate does not price what is known.
        at_single_price: Whether its tokens are not told apart and so cost the single price.
        is_refused: Whether they are not told apart and there is no such price.
    """

    def __init__(self, calls: FromClause, rated: RatedService) -> None:
        self.amount: Expression = calls.c[f"together_{rated.service}"]
        self.at_single_price: Expression = false()
        self.is_refused: Expression = false()
        if rated.token_kinds:
            together, apart = self.amount, calls.c[f"apart_{rated.service}"]
            are_together = and_(apart.is_(None), together.is_not(None))
            if rated.has_price:
                self.amount = func.coalesce(apart, together)
                self.at_single_price = are_together
            else:
                self.amount = apart
                self.is_refused = are_together


def _apart(call: FromClause, rated: RatedService, parameters: RateCardParameters) -> Expression:
    """What tokens cost that are told apart, by lines or by messages."""
    service, per = rated.service, parameters.pers[rated.service]
    prices = {kind: parameters.prices[_price_name(service, kind)] for kind in rated.token_kinds}
    # Without a price of its own, cached input is input.
    of_kind = {kind: prices.get(kind, prices[TokenKind.INPUT]) for kind in TokenKind}
    lines = {name: (of_kind[kind], per) for kind in TokenKind for name in _TOKEN_TYPES[kind]}
    of_lines = _of_lines(call, service, lines)
    # Messages do not say what of their input was cached.
    if service != CostService.LLM or TokenKind.CACHED_INPUT in prices:
        return of_lines
    of_messages = _of_messages(
        call,
        {"prompt_tokens": prices[TokenKind.INPUT], "completion_tokens": prices[TokenKind.OUTPUT]},
        (Role.ASSISTANT,),
        per,
    )
    return func.coalesce(of_lines, of_messages)


def _of_lines(call: FromClause, service: str, rates: Mapping[str, tuple[Any, Any]]) -> Expression:
    """What the lines of a service cost; NULL where one counts nothing of this, or none is.

    Args:
        call: The call.
        service: Whose lines.
        rates: By what a line counts, a price and for how many of that it is.
    """
    if not rates:
        return null()
    entry = alias_of(table_of(CostEntry))
    usage_type = func.lower(entry.c.usage_type)
    amounts = {
        usage_type == literal_text(name): priced(entry.c.usage_amount, price, per)
        for name, (price, per) in rates.items()
    }
    # Within the sums, where each is used six times, SQLite's parser would come to its end.
    lines = (
        select(case(*amounts.items()).label("amount"))
        .select_from(entry)
        .where(
            owned(entry),
            entry.c.call_id == call.c.id,
            entry.c.service == literal_text(service),
            not_(entry.c.is_superseded),
            entry.c.amount.is_not(None),
        )
        .correlate(call)
        .subquery()
    )
    amount = lines.c.amount
    is_measured = and_(func.count() > 0, func.count(amount) == func.count())
    whole = whole_amount(sum_of_units(amount), sum_of_micros(amount))
    return select(case((is_measured, whole))).select_from(lines).scalar_subquery()


def _of_call(call: FromClause, service: str, unit: RateUnit, price: Any, per: Any) -> Expression:
    """What a service costs by what is stored of the call itself."""
    match unit, service:
        case RateUnit.CALL, _:
            return priced(literal(1, BigInteger), price, per)
        case RateUnit.MINUTE, _:
            seconds = cast(call.c.duration, BigInteger)
            milliseconds = func.coalesce(call.c.duration_ms, seconds * _MILLISECONDS)
            return priced(milliseconds, price, per * _MINUTE)
        case RateUnit.TOKEN, CostService.LLM:
            return _of_messages(call, {"total_tokens": price}, (Role.ASSISTANT,), per)
        case RateUnit.SEGMENT, CostService.TELEPHONY:
            return _of_messages(call, {"segments": price}, (Role.USER, Role.ASSISTANT), per)
    return null()


def _of_messages(
    call: FromClause, prices: Mapping[str, Any], roles: tuple[Role, ...], per: Any
) -> Expression:
    """What a call's messages cost; NULL where one of these roles lacks a number, or none has any.

    Args:
        call: The call.
        prices: By the column that has the number; a message has all of these numbers or none.
        roles: Whose messages have to have some.
        per: For how many the prices are.
    """
    message = alias_of(table_of(ChatMessage))
    numbers = {message.c[name]: price for name, price in prices.items()}
    has_one = or_(*(number.is_not(None) for number in numbers))
    lacks_one = or_(*(number.is_(None) for number in numbers))
    needs_numbers = or_(message.c.role.in_([literal_text(role) for role in roles]), has_one)
    lacking = case((and_(needs_numbers, lacks_one), 1))
    is_measured = and_(func.count(case((has_one, 1))) > 0, func.count(lacking) == 0)
    amounts = [
        priced(cast(func.sum(number), BigInteger), price, per) for number, price in numbers.items()
    ]
    return (
        select(case((is_measured, reduce(add, amounts))))
        .select_from(message)
        .where(owned(message), message.c.call_id == call.c.id)
        .correlate(call)
        .scalar_subquery()
    )
