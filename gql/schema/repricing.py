"""Rate cards: what calls would cost under other prices, in the GraphQL schema."""

from decimal import Decimal

import strawberry
from strawberry import UNSET
from strawberry.utils.str_converters import to_camel_case

from gql.engine.declaration import column, nested_object, sum_of_money
from gql.errors import BadInput
from gql.models.rollup import SERVICES
from gql.money import decimal_to_micros
from gql.query.repricing import Rate, RateCard, RateUnit, TokenKind
from gql.schema.enums import CostService, describe

RATE_CARD = "Other prices, which `repriced` is worked out by."
"""The description of each argument that is a rate card."""

MOST_UNITS = 1_000_000_000
"""Most units that a price may be for."""

_LONGEST_CURRENCY = 255

describe(
    RateUnit,
    "What is counted of a service.",
    CALL="Each call once.",
    MINUTE="Minutes that lines of the bill count, or else those of the call's duration.",
    TOKEN="Tokens of lines of the bill, or else of the messages.",  # noqa: S106
    CHARACTER="Characters that lines of the bill count.",
    SEGMENT="SMS that lines of the bill count, or else the segments of the messages.",
)


@strawberry.input(description="The price of a service.")
class RateInput:
    service: CostService = strawberry.field(
        description="Which: LLM, TTS, STT or TELEPHONY. It has one rate."
    )
    unit: RateUnit = strawberry.field(description="What is counted.")
    price: Decimal | None = strawberry.field(
        default=UNSET,
        description="What `per` of these cost; zero or more. It may be left out beside"
        " `inputPrice` and `outputPrice`.",
    )
    input_price: Decimal | None = strawberry.field(
        default=UNSET,
        description="What `per` tokens of input cost, where it is told apart from output; calls of"
        " which that is not known cost `price`.",
    )
    output_price: Decimal | None = strawberry.field(
        default=UNSET, description="What `per` tokens of output cost."
    )
    cached_input_price: Decimal | None = strawberry.field(
        default=UNSET,
        description="What `per` tokens of cached input cost, which otherwise are input. Lines of"
        " bills tell them apart, messages do not.",
    )
    per: int = strawberry.field(
        default=1, description=f"How many the price is for: 1 to {MOST_UNITS:,}."
    )


@strawberry.input(description="Other prices than those that were paid.")
class RateCardInput:
    currency: str = strawberry.field(
        description="The currency's ISO 4217 code; calls in another one are not repriced."
    )
    rates: list[RateInput] = strawberry.field(
        description="A price for each service that has another one; the others, and what is in the"
        " total and in no service, are as they were paid."
    )


def read_rate_card(card: RateCardInput) -> RateCard:
    """A rate card in millionths.

    Raises:
        BadInput: when a price cannot be used.
    """
    if not 0 < len(card.currency) <= _LONGEST_CURRENCY:
        raise BadInput("`rateCard.currency` is no code of a currency: use one like `USD`.")
    if not card.rates:
        raise BadInput("`rateCard.rates` is empty: name the price of a service.")
    rates = {}
    for rate in card.rates:
        service = rate.service.value
        if service not in SERVICES:
            raise BadInput(f"{rate.service.name} has no rate: it is not counted in anything.")
        if service in rates:
            raise BadInput(f"{rate.service.name} has two rates: name one.")
        if not 1 <= rate.per <= MOST_UNITS:
            raise BadInput(
                f"`per` of {rate.service.name} is {rate.per}, but has to be from 1 to"
                f" {MOST_UNITS:,}."
            )
        price, token_prices = _micros(rate, "price"), _token_prices(rate)
        if price is None and not token_prices:
            raise BadInput(f"The rate of {rate.service.name} has no `price`.")
        rates[service] = Rate(service, rate.unit, price, rate.per, token_prices)
    return RateCard(card.currency, tuple(rates[name] for name in SERVICES if name in rates))


def _token_prices(rate: RateInput) -> tuple[tuple[TokenKind, int], ...]:
    """The prices of kinds of tokens; none, or those of input and output at least.

    Raises:
        BadInput: when they are of no use.
    """
    prices = {
        kind: price for kind in TokenKind if (price := _micros(rate, f"{kind}_price")) is not None
    }
    if prices and rate.unit != RateUnit.TOKEN:
        raise BadInput(f"Input and output of {rate.service.name} have prices by TOKEN alone.")
    if prices and not {TokenKind.INPUT, TokenKind.OUTPUT} <= prices.keys():
        raise BadInput(
            f"The rate of {rate.service.name} needs `inputPrice` and `outputPrice`, or neither."
        )
    return tuple(prices.items())


def _micros(rate: RateInput, name: str) -> int | None:
    """A price in millionths; None where it is absent."""
    price: Decimal | None = getattr(rate, name)
    if price is None or price is UNSET:
        return None
    if price < 0:
        raise BadInput(f"`{to_camel_case(name)}` of {rate.service.name} is below zero.")
    # Exact, as a `Decimal` has six digits at most.
    return int(decimal_to_micros(price))


@strawberry.type(description="What was paid for the calls that are repriced.")
class PaidCosts:
    """Resolved from a group."""

    total: Decimal | None = sum_of_money("Everything together.", "paid_total_cost")
    llm: Decimal | None = sum_of_money("The language model.", "paid_llm_cost")
    tts: Decimal | None = sum_of_money("Text to speech.", "paid_tts_cost")
    stt: Decimal | None = sum_of_money("Speech to text.", "paid_stt_cost")
    telephony: Decimal | None = sum_of_money("The telephone line.", "paid_telephony_cost")
    unattributed: Decimal | None = sum_of_money(
        "What is in the total and in no service.", "paid_unattributed_cost"
    )


@strawberry.type(description="What the same calls cost by the rate card.")
class ListedCosts:
    """Resolved from a group."""

    total: Decimal | None = sum_of_money("Everything together.", "listed_total_cost")
    llm: Decimal | None = sum_of_money("The language model.", "listed_llm_cost")
    tts: Decimal | None = sum_of_money("Text to speech.", "listed_tts_cost")
    stt: Decimal | None = sum_of_money("Speech to text.", "listed_stt_cost")
    telephony: Decimal | None = sum_of_money("The telephone line.", "listed_telephony_cost")
    unattributed: Decimal | None = sum_of_money(
        "What is in the total and in no service, as it was paid.", "listed_unattributed_cost"
    )


@strawberry.type(description="How much more the rate card is; below zero where it is less.")
class CostDifferences:
    """Resolved from a group."""

    total: Decimal | None = sum_of_money("Everything together.", "difference_total_cost")
    llm: Decimal | None = sum_of_money("The language model.", "difference_llm_cost")
    tts: Decimal | None = sum_of_money("Text to speech.", "difference_tts_cost")
    stt: Decimal | None = sum_of_money("Speech to text.", "difference_stt_cost")
    telephony: Decimal | None = sum_of_money("The telephone line.", "difference_telephony_cost")
    unattributed: Decimal | None = sum_of_money(
        "What is in the total and in no service: zero.", "difference_unattributed_cost"
    )


@strawberry.type(
    description="Calls under a rate card. Each is counted in one of `calls`, `withoutQuantity`,"
    " `otherCurrency` and `withoutCost`; amounts are null where no call is repriced."
)
class RepricedCosts:
    """Resolved from a group."""

    calls: int = column("Those that are repriced: the amounts are theirs.", "repriced_calls")
    at_single_price: int = column(
        "Those of `calls` whose tokens are known together alone, so that they cost the single"
        " `price` of a rate that has those of input and output too.",
        "single_price_calls",
    )
    without_quantity: int = column(
        "Those of which not all is known that has a price.", "unmeasured_calls"
    )
    without_token_split: int = column(
        "Those of `withoutQuantity` whose tokens are known together alone, where the rate has no"
        " single `price`.",
        "unsplit_calls",
    )
    other_currency: int = column(
        "Those that were paid in another currency, or in none that is known.",
        "other_currency_calls",
    )
    without_cost: int = column("Those of which the total is not known.", "uncosted_calls")
    paid: PaidCosts = nested_object("What was paid.")
    listed: ListedCosts = nested_object("What the rate card makes of it.")
    difference: CostDifferences = nested_object(
        "What the rate card makes of it, less what was paid."
    )
