"""`costs(rateCard:)`: every repriced sum beside what Python's `Decimal` makes of the same rows."""

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from typing import Any

import pytest
from graphql import parse
from sqlalchemy import Numeric, Text, bindparam, cast, insert

from gql.database import Database
from gql.models.cost_entry import CostEntry
from gql.models.message import ChatMessage
from gql.models.scope import table_of
from gql.schema.cost import Pricing
from gql.schema.documents import choose_operation
from tests.conftest import Counting, GraphQL
from tests.rest.demo_rows import add_calls, cost, new_call
from tests.schema.lists import CALLS, refusal, rows_of
from tests.schema.test_cost_directives import charged
from tests.schema.test_descriptions import SCHEMA

Row = dict[str, Any]

SERVICES = ("llm", "tts", "stt", "telephony")
PARTS = ("total", *SERVICES, "unattributed")
AMOUNTS = " ".join(PARTS)
COUNTS = (
    *("calls", "atSinglePrice"),
    *("withoutQuantity", "withoutTokenSplit", "otherCurrency", "withoutCost"),
)
REPRICED = f"""repriced {{ {" ".join(COUNTS)}
    paid {{ {AMOUNTS} }} listed {{ {AMOUNTS} }} difference {{ {AMOUNTS} }} }}"""
QUERY = f"""query($card: RateCardInput, $filter: CallFilter, $groupBy: [CostDimension!]) {{
    costs(rateCard: $card, filter: $filter, groupBy: $groupBy) {{
        groups {{ status cost {{ currency }} {REPRICED} }} }} }}"""

USAGE = {
    "MINUTE": {"minutes": 1, "Minute": 1, "seconds": 60},
    "TOKEN": {"tokens": 1, "input_tokens": 1, "completion_tokens": 1, "cached_tokens": 1},
    "CHARACTER": {"characters": 1},
    "SEGMENT": {"segments": 1, "sms": 1},
    "CALL": {},
}
TOKEN_PRICES = {
    "input_tokens": ("inputPrice",),
    "completion_tokens": ("outputPrice",),
    "cached_tokens": ("cachedInputPrice", "inputPrice"),
}
"""What prices tokens by what a line counts: the first one that the rate has."""

MOST = 10**18
"""Most millionths that a quantity may cost."""

FIRST = 800_000
START = datetime(2022, 3, 1, tzinfo=UTC)
PERIOD = {"startedAt": {"gte": "2022-03-01", "lt": "2022-09-01"}}


def priced(quantity: Any, price: str, per: int) -> int | None:
    """What a quantity costs in millionths, rounded once, half to even."""
    if quantity is None or quantity < 0:
        return None
    with localcontext(Context(prec=200)):
        exact = Decimal(quantity) * Decimal(price).scaleb(6) / per
        return int(exact.to_integral_value(ROUND_HALF_EVEN)) if exact <= MOST else None


def whole(amounts: Sequence[int | None]) -> int | None:
    """The sum of amounts; None of none, and where one is not known."""
    numbers = [amount for amount in amounts if amount is not None]
    return sum(numbers) if amounts and len(numbers) == len(amounts) else None


def own_lines(rate: Mapping[str, Any], lines: Sequence[Row]) -> list[Row]:
    return [
        line
        for line in lines
        if line["service"] == rate["service"].lower()
        and not line["is_superseded"]
        and line["amount"] is not None
    ]


def apart(rate: Mapping[str, Any], lines: Sequence[Row], messages: Sequence[Row]) -> int | None:
    """What tokens cost that are told apart; None where they are not."""
    per = rate.get("per", 1)
    of_lines = []
    for line in own_lines(rate, lines):
        names = TOKEN_PRICES.get(line["usage_type"], ())
        price = next((rate[name] for name in names if name in rate), None)
        of_lines.append(None if price is None else priced(line["usage_amount"], price, per))
    amount = whole(of_lines)
    if amount is not None and amount <= MOST:
        return amount
    if rate["service"] != "LLM" or "cachedInputPrice" in rate:
        return None
    sums = {"prompt_tokens": 0, "completion_tokens": 0}
    measured = 0
    for message in messages:
        numbers = [message[name] for name in sums]
        if None in numbers:
            if message["role"] == "assistant" or numbers != [None, None]:
                return None
            continue
        measured += 1
        for name in sums:
            sums[name] += message[name]
    if not measured:
        return None
    return whole(
        [
            priced(sums["prompt_tokens"], rate["inputPrice"], per),
            priced(sums["completion_tokens"], rate["outputPrice"], per),
        ]
    )


def together(
    call: Row,
    rate: Mapping[str, Any],
    price: str,
    lines: Sequence[Row],
    messages: Sequence[Row],
) -> int | None:
    """What a service of a call costs by one price; None where its quantity is not known."""
    unit, per = rate["unit"], rate.get("per", 1)
    service = rate["service"].lower()
    amount = whole(
        [
            priced(line["usage_amount"], price, per * USAGE[unit][line["usage_type"]])
            if line["usage_type"] in USAGE[unit]
            else None
            for line in own_lines(rate, lines)
        ]
    )
    if amount is not None and amount <= MOST:
        return amount
    if unit == "CALL":
        return priced(1, price, per)
    if unit == "MINUTE":
        milliseconds = call["duration_ms"]
        if milliseconds is None and call["duration"] is not None:
            milliseconds = 1_000 * call["duration"]
        return priced(milliseconds, price, 60_000 * per)
    column, roles = {
        ("TOKEN", "llm"): ("total_tokens", {"assistant"}),
        ("SEGMENT", "telephony"): ("segments", {"user", "assistant"}),
    }.get((unit, service), (None, set()))
    if column is None:
        return None
    numbers = [each[column] for each in messages if each[column] is not None]
    if not numbers or any(each[column] is None and each["role"] in roles for each in messages):
        return None
    return priced(sum(numbers), price, per)


def repriced(
    calls: Sequence[Row],
    card: Mapping[str, Any],
    lines: Mapping[int, Sequence[Row]],
    messages: Mapping[int, Sequence[Row]],
) -> dict[str, Any]:
    """What `REPRICED` selects of a group."""
    counts = dict.fromkeys(COUNTS, 0)
    paid, by_card = dict.fromkeys(PARTS, 0), dict.fromkeys(PARTS, 0)
    for call in calls:
        if call["total_cost"] is None:
            counts["withoutCost"] += 1
            continue
        if call["cost_currency"] != card["currency"]:
            counts["otherCurrency"] += 1
            continue
        of_bill = {name: call[f"{name}_cost"] or 0 for name in SERVICES}
        rest = call["total_cost"] - sum(of_bill.values())
        of_card: dict[str, Any] = dict(of_bill)
        own = lines.get(call["id"], ()), messages.get(call["id"], ())
        has_single_price, is_refused = False, False
        for rate in card["rates"]:
            amount = apart(rate, *own) if "inputPrice" in rate else None
            if amount is None and "price" in rate:
                amount = together(call, rate, rate["price"], *own)
                has_single_price |= "inputPrice" in rate and amount is not None
            elif amount is None:
                is_refused |= together(call, rate, "0", *own) is not None
            of_card[rate["service"].lower()] = amount
        counts["withoutTokenSplit"] += is_refused
        if None in of_card.values():
            counts["withoutQuantity"] += 1
            continue
        counts["calls"] += 1
        counts["atSinglePrice"] += has_single_price
        for sums, amounts in ((paid, of_bill), (by_card, of_card)):
            for name, amount in amounts.items():
                sums[name] += amount
            sums["unattributed"] += rest
            sums["total"] += rest + sum(amounts.values())
    difference = {name: by_card[name] - paid[name] for name in PARTS}
    sums_by_name = {"paid": paid, "listed": by_card, "difference": difference}
    return counts | {
        kind: {name: printed(sums[name]) if counts["calls"] else None for name in PARTS}
        for kind, sums in sums_by_name.items()
    }


NOTHING = {
    **dict.fromkeys(COUNTS, 0),
    **{kind: dict.fromkeys(PARTS) for kind in ("paid", "listed", "difference")},
}
"""What `REPRICED` selects of no calls."""


def printed(micros: int) -> str:
    with localcontext(Context(prec=100)):
        return f"{Decimal(micros).scaleb(-6):.6f}"


def random_quantity(pick: random.Random) -> Decimal | None:
    """Mostly a number of up to 15 digits."""
    if pick.random() < 0.1:
        return pick.choice([None, Decimal("-1.5"), Decimal("0.5")])
    return Decimal(pick.randint(0, 10**14)).scaleb(pick.choice([0, -5, -6]))


def random_calls(pick: random.Random, number: int) -> tuple[list[Row], list[Row], list[Row]]:
    """Calls with their lines of cost and their messages."""
    calls: list[Row] = []
    lines: list[Row] = []
    messages: list[Row] = []
    for id_ in range(FIRST, FIRST + number):
        call = {
            **new_call(id_, START + timedelta(hours=13 * (id_ - FIRST))),
            "status": pick.choice(["completed", "failed"]),
            "duration": pick.choice([None, 0, pick.randint(1, 5_000)]),
            "duration_ms": pick.choice([None, pick.randint(1, 5_000_000)]),
            "cost_currency": pick.choice(["USD", "USD", "USD", "EUR", None]),
            "total_cost": pick.choice([None, *(pick.randint(-(10**9), 2**60) for _ in range(5))]),
            **{f"{name}_cost": pick.choice([None, pick.randint(0, 2**58)]) for name in SERVICES},
        }
        calls.append(call)
        for service in (*SERVICES, "other"):
            usual = pick.choice([*(word for words in USAGE.values() for word in words), "calls"])
            lines += [
                {
                    "organization_id": 1,
                    "call_id": id_,
                    "external_id": f"{service}/{key}",
                    "service": service,
                    "usage_type": pick.choice([*[usual] * 9, None, "tokens"])
                    if usual not in TOKEN_PRICES
                    else pick.choice([*TOKEN_PRICES, *TOKEN_PRICES, "tokens"]),
                    "usage_amount": random_quantity(pick),
                    "amount": pick.choice([1, 5, 0, 7, 9, None]),
                    "currency": "USD",
                    "is_superseded": pick.random() < 0.1,
                }
                for key in range(pick.choice([0, 1, 1, 3]))
            ]
        has_numbers, has_kinds = pick.random() < 0.8, pick.random() < 0.7
        for index in range(pick.choice([0, 2, 4])):
            role = "user" if index % 2 == 0 else "assistant"
            messages.append(
                {
                    "id": 10 * id_ + index,
                    "organization_id": 1,
                    "call_id": id_,
                    "role": role,
                    "content": "Hello",
                    "message_index": index,
                    "total_tokens": pick.randint(1, 9_999)
                    if has_numbers and role == "assistant"
                    else None,
                    **{
                        name: pick.choice([*[pick.randint(0, 2**31 - 1)] * 9, None])
                        if has_kinds and (role == "assistant" or pick.random() < 0.1)
                        else None
                        for name in ("prompt_tokens", "completion_tokens")
                    },
                    "segments": pick.randint(1, 4) if has_numbers else None,
                }
            )
    return calls, lines, messages


TOKENS = {"service": "LLM", "unit": "TOKEN"}
APART = {
    "per": 1_000_000,
    "inputPrice": "0.15",
    "outputPrice": "0.6",
    "cachedInputPrice": "0.075",
}
CARDS: list[dict[str, Any]] = [
    {
        "currency": "USD",
        "rates": [
            {"service": "LLM", "unit": "TOKEN", "price": "0.15", "per": 1_000_000},
            {"service": "STT", "unit": "MINUTE", "price": "0.0043"},
        ],
    },
    {"currency": "USD", "rates": [{"service": "TTS", "unit": "MINUTE", "price": "7.333333"}]},
    {
        "currency": "EUR",
        "rates": [
            {"service": "TELEPHONY", "unit": "SEGMENT", "price": "0.0075"},
            {"service": "LLM", "unit": "CALL", "price": "0.000001", "per": 2},
        ],
    },
    {
        "currency": "USD",
        "rates": [{"service": "TTS", "unit": "CHARACTER", "price": "0.000015", "per": 3}],
    },
    {
        "currency": "USD",
        "rates": [
            {"service": name, "unit": "CALL", "price": "1000000.000001"}
            for name in ("LLM", "TTS", "STT", "TELEPHONY")
        ],
    },
    {
        "currency": "USD",
        "rates": [
            {**TOKENS, "price": "0.3", "per": 1_000, "inputPrice": "0.15", "outputPrice": "0.6667"}
        ],
    },
    {
        "currency": "USD",
        "rates": [{**TOKENS, "per": 7, "inputPrice": "0.000015", "outputPrice": "0"}],
    },
    {
        "currency": "EUR",
        "rates": [{**TOKENS, **APART, "price": "0.3"}, {**TOKENS, **APART, "service": "STT"}],
    },
    {
        "currency": "USD",
        "rates": [
            {**TOKENS, **APART},
            {"service": "TELEPHONY", "unit": "CALL", "price": "0.01"},
        ],
    },
]


def by_call(rows: Sequence[Row]) -> Mapping[int, list[Row]]:
    grouped = defaultdict(list)
    for row in rows:
        grouped[row["call_id"]].append(row)
    return grouped


async def add(database: Database, calls: list[Row], lines: list[Row], messages: list[Row]) -> None:
    """Write calls with what belongs to them."""
    await add_calls(database, calls)
    # SQLAlchemy has no decimals for SQLite; both databases read them from text.
    amount = cast(bindparam("amount_as_text", type_=Text()), Numeric())
    named = [name for name in lines[0] if name != "usage_amount"]
    columns: dict[str, Any] = {name: bindparam(f"of_{name}") for name in named}
    texts = [
        {f"of_{name}": value for name, value in line.items() if name in columns}
        | {"amount_as_text": None if line["usage_amount"] is None else f"{line['usage_amount']:f}"}
        for line in lines
    ]
    async with database.transaction() as connection:
        statement = insert(table_of(CostEntry)).values({**columns, "usage_amount": amount})
        await connection.execute(statement, texts)
        if messages:
            await connection.execute(insert(table_of(ChatMessage)), messages)


async def groups(graphql: GraphQL, card: Any, **variables: Any) -> list[dict[str, Any]]:
    answer = await graphql(QUERY, {"card": card, "filter": PERIOD, **variables})
    assert "errors" not in answer, answer
    of_costs: list[dict[str, Any]] = answer["data"]["costs"]["groups"]
    return of_costs


async def test_random_calls_are_repriced_exactly(
    fresh_graphql: GraphQL, fresh_database: Database
) -> None:
    """Amounts of 60 bits, quantities of 15 digits, in every unit; some of nothing that is known."""
    calls, lines, messages = random_calls(random.Random(14), 160)  # noqa: S311
    await add(fresh_database, calls, lines, messages)
    stored = [dict(call) for call in await rows_of(fresh_database, CALLS) if call["id"] >= FIRST]
    of_lines, of_messages = by_call(lines), by_call(messages)
    kinds = ("calls", "atSinglePrice", "withoutTokenSplit")
    counts = dict.fromkeys(kinds, 0)

    for card in CARDS:
        expected: list[dict[str, Any]] = []
        for status in ("completed", "failed"):
            for currency in ("EUR", "USD", None):
                alike = [
                    call
                    for call in stored
                    if call["status"] == status and call["cost_currency"] == currency
                ]
                expected.append(
                    {
                        "status": status.upper(),
                        "cost": {"currency": currency},
                        "repriced": repriced(alike, card, of_lines, of_messages),
                    }
                )
        assert await groups(fresh_graphql, card, groupBy=["STATUS"]) == expected
        for kind in kinds:
            counts[kind] += sum(each["repriced"][kind] for each in expected)
    assert all(number > 20 for number in counts.values()), counts


SUMMARY = """query($card: RateCardInput) {
    calls(first: 0) { summary(rateCard: $card) { repriced { calls } } } }"""
COMPARED = f"""query($card: RateCardInput, $filter: CallFilter) {{
    costs(rateCard: $card, filter: $filter, compareTo: PREVIOUS_PERIOD) {{
        groups {{ cost {{ currency }} {REPRICED} previous {{ calls {REPRICED} }} }} }}
}}"""
SUMMARIES = f"""query($card: RateCardInput, $filter: CallFilter) {{
    calls(filter: $filter, first: 0) {{
        summary(rateCard: $card) {{ cost {{ currency }} {REPRICED} }}
        summaryAsPaid: summary {{ calls repriced {{ calls }} }} }}
}}"""
UNDER_ASSISTANTS = f"""query($card: RateCardInput, $filter: CallFilter) {{
    assistants(first: 3, orderBy: {{field: CREATED_AT}}) {{ nodes {{ databaseId
        calls(first: 0, filter: $filter) {{
            summary(rateCard: $card) {{ cost {{ currency }} {REPRICED} }} }} }} }} }}"""


async def test_the_period_before_and_summaries_have_the_same_rate_card(
    fresh_graphql: GraphQL, fresh_database: Database
) -> None:
    """The sums of a list and those under each of its assistants too."""
    calls, lines, messages = random_calls(random.Random(15), 160)  # noqa: S311
    shown = (
        await fresh_graphql(
            "{ assistants(first: 3, orderBy: {field: CREATED_AT}) { nodes { databaseId } } }"
        )
    )["data"]["assistants"]["nodes"]
    assistants = [each["databaseId"] for each in shown]
    for number, call in enumerate(calls):
        call["assistant_id"] = [*assistants, None][number % 4]
    await add(fresh_database, calls, lines, messages)
    stored = [dict(call) for call in await rows_of(fresh_database, CALLS) if call["id"] >= FIRST]
    of_lines, of_messages = by_call(lines), by_call(messages)
    middle = datetime(2022, 4, 15, tzinfo=UTC)
    periods = {
        "previous": [each for each in stored if each["started_at"] < middle],
        "this": [each for each in stored if each["started_at"] >= middle],
    }
    lengths = {name: len(each) for name, each in periods.items()}
    assert min(lengths.values()) > 70, lengths
    filter_ = {"startedAt": {"gte": "2022-04-15", "lt": "2022-05-30"}}

    def by_currency(alike: Sequence[Row], card: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [
            {
                "cost": {"currency": currency},
                "repriced": repriced(of_currency, card, of_lines, of_messages),
            }
            for currency in ("EUR", "USD", None)
            if (of_currency := [each for each in alike if each["cost_currency"] == currency])
        ]

    for card in CARDS:
        data: dict[str, Any] = {}
        for document in (COMPARED, SUMMARIES, UNDER_ASSISTANTS):
            answer = await fresh_graphql(document, {"card": card, "filter": filter_})
            assert "errors" not in answer, answer
            data |= answer["data"]
        this, before = (by_currency(periods[name], card) for name in ("this", "previous"))
        compared = [
            {key: value for key, value in group.items() if key != "previous"}
            for group in data["costs"]["groups"]
        ]
        assert compared == this
        assert [each["previous"]["repriced"] for each in data["costs"]["groups"]] == [
            each["repriced"] for each in before
        ]
        assert data["calls"]["summary"] == this
        assert {str(each["repriced"]) for each in data["calls"]["summaryAsPaid"]} == {"None"}
        assert [each["calls"]["summary"] for each in data["assistants"]["nodes"]] == [
            by_currency([call for call in periods["this"] if call["assistant_id"] == id_], card)
            for id_ in assistants
        ]


async def test_half_a_millionth_goes_to_the_even_neighbour(
    fresh_graphql: GraphQL, fresh_database: Database
) -> None:
    calls = [
        {**new_call(FIRST + n, START, cost=cost(0, 0, 0, 0)), "duration_ms": 60_000 * n}
        for n in range(1, 5)
    ]
    await add_calls(fresh_database, calls)
    card = {
        "currency": "USD",
        "rates": [{"service": "TELEPHONY", "unit": "MINUTE", "price": "0.000001", "per": 2}],
    }

    (group,) = await groups(fresh_graphql, card)

    # 0.5, 1, 1.5 and 2 millionths are 0, 1, 2 and 2.
    assert group["repriced"]["listed"]["telephony"] == "0.000005"


async def test_lines_of_any_size_are_no_error(
    fresh_graphql: GraphQL, fresh_database: Database
) -> None:
    """What does not fit into 64 bits is not repriced."""
    call = new_call(FIRST, START, cost=cost(1, 1, 1, 1))
    lines: list[Row] = [
        {
            "organization_id": 1,
            "call_id": FIRST,
            "external_id": f"llm/{number}",
            "service": "llm",
            "usage_type": "tokens",
            "usage_amount": amount,
            "amount": 1,
            "is_superseded": False,
        }
        for number, amount in enumerate([Decimal(10**12)] * 3)
    ]
    await add(fresh_database, [call], lines, [])
    rate = {"service": "LLM", "unit": "TOKEN", "price": "1"}

    for price, calls in (("0.333333", 1), ("0.333334", 0), ("1", 0), ("9000000000000", 0)):
        card = {"currency": "USD", "rates": [{**rate, "price": price}]}
        (group,) = await groups(fresh_graphql, card)
        assert group["repriced"]["calls"] == calls
        assert group["repriced"]["withoutQuantity"] == 1 - calls


async def test_without_a_rate_card_nothing_is_repriced(graphql: GraphQL) -> None:
    answer = await graphql(f"{{ costs {{ groups {{ {REPRICED} }} }} }}")

    assert {str(each["repriced"]) for each in answer["data"]["costs"]["groups"]} == {"None"}


async def test_the_period_before_and_empty_buckets_come_with_a_rate_card(graphql: GraphQL) -> None:
    query = f"""query($card: RateCardInput) {{ costs(
        rateCard: $card, groupBy: [MONTH], compareTo: PREVIOUS_PERIOD, emptyBuckets: true,
        filter: {{startedAt: {{gte: "2019-01-01", lt: "2019-03-01"}}}}
    ) {{ groups {{ start calls {REPRICED} previous {{ calls {REPRICED} }} }} }} }}"""

    answer = await graphql(query, {"card": CARDS[0]})

    assert answer["data"]["costs"]["groups"] == [
        {
            "start": start,
            "calls": 0,
            "repriced": NOTHING,
            "previous": {"calls": 0, "repriced": NOTHING},
        }
        for start in ("2019-01-01T00:00:00Z", "2019-02-01T00:00:00Z")
    ]


async def test_one_statement_reprices_all_groups(graphql: GraphQL, statements: Counting) -> None:
    documents = (QUERY, SUMMARY, UNDER_ASSISTANTS)
    variables = {"card": CARDS[-2], "groupBy": ["STATUS", "ASSISTANT"]}

    counts = []
    for document in documents:
        with statements() as ran:
            answer = await graphql(document, variables)
        assert "errors" not in answer
        counts.append(ran.count)

    # The assistants and, of all of them, the sums of their calls.
    assert counts == [1, 1, 2]


@pytest.mark.parametrize(
    ("rate", "looks"),
    [('unit: MINUTE, price: "1"', 1), ('unit: TOKEN, inputPrice: "1", outputPrice: "2"', 2)],
)
def test_kinds_of_tokens_cost_another_look_at_the_bills_of_all_calls(rate: str, looks: int) -> None:
    """The period before costs none: both have no more calls than the list."""
    card = f'rateCard: {{currency: "USD", rates: [{{service: LLM, {rate}}}]}}'
    costs = "{ costs(filter: {}%s) { groupCount } }"
    calls = "{ calls(first: 0) { summary%s { calls } } }"

    compared = f", {card} compareTo: PREVIOUS_PERIOD"
    assert charged(costs % compared) - charged(costs % "") == looks * 250_000
    assert charged(calls % f"({card})") - charged(calls % "") == looks * 250_000


def test_each_rate_costs_a_look_at_the_bills_of_all_calls() -> None:
    rate = '{service: %s, unit: MINUTE, price: "1"}'
    document = "query($rates: [RateInput!]! = []) { costs%s { groupCount } }"
    card = '(rateCard: {currency: "USD", rates: %s})'
    parsed = parse(document % card % "$rates")
    cost = Pricing(SCHEMA).cost(parsed, choose_operation(parsed, None))

    literal = [
        charged(document % (card % f"[{', '.join(rate % name for name in names)}]"))
        for names in (["LLM"], ["LLM", "TTS"])
    ]
    points = [cost.points({"rates": [{}] * number}) for number in (0, 1, 2, 5)]

    least = charged(document % "")
    assert literal == [least + 250_000, least + 500_000]
    # Five are refused.
    assert points == [least, *literal, least]
    assert cost.most == least + 2_000_000


async def test_strangers_are_not_repriced(graphql: GraphQL, stranger: dict[str, str]) -> None:
    """Their lines of cost price no call of another organization."""
    first = await graphql(QUERY, {"card": CARDS[1]})
    second = await graphql(QUERY, {"card": CARDS[1]}, headers=stranger)

    assert first["data"] != second["data"]


@pytest.mark.parametrize(
    ("card", "message"),
    [
        ({"currency": ""}, "`rateCard.currency` is no code of a currency: use one like `USD`."),
        ({"rates": []}, "`rateCard.rates` is empty: name the price of a service."),
        ({"service": "OTHER"}, "OTHER has no rate: it is not counted in anything."),
        ({"price": "-0.000001"}, "`price` of LLM is below zero."),
        ({"price": None}, "The rate of LLM has no `price`."),
        (
            {"inputPrice": "1"},
            "The rate of LLM needs `inputPrice` and `outputPrice`, or neither.",
        ),
        (
            {"inputPrice": "1", "cachedInputPrice": "1"},
            "The rate of LLM needs `inputPrice` and `outputPrice`, or neither.",
        ),
        (
            {"inputPrice": "1", "outputPrice": "1", "unit": "MINUTE"},
            "Input and output of LLM have prices by TOKEN alone.",
        ),
        (
            {"inputPrice": "1", "outputPrice": "-0.5"},
            "`outputPrice` of LLM is below zero.",
        ),
        ({"per": 0}, "`per` of LLM is 0, but has to be from 1 to 1,000,000,000."),
        ({"twice": True}, "LLM has two rates: name one."),
    ],
)
async def test_what_is_no_price_is_refused(
    graphql: GraphQL, card: dict[str, Any], message: str
) -> None:
    card = dict(card)
    rate = {"service": "LLM", "unit": "TOKEN", "price": "1"}
    own = ("service", "unit", "price", "per", "inputPrice", "outputPrice", "cachedInputPrice")
    rate |= {name: card.pop(name) for name in own if name in card}
    rates = [rate] * (2 if card.pop("twice", False) else 1)

    variables = {"card": {"currency": "USD", "rates": rates, **card}}
    for document in (QUERY, SUMMARY):
        assert await refusal(graphql, document, variables) == ("BAD_USER_INPUT", message)
