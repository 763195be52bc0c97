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
REPRICED = f"""repriced {{ calls withoutQuantity otherCurrency withoutCost
    paid {{ {AMOUNTS} }} listed {{ {AMOUNTS} }} difference {{ {AMOUNTS} }} }}"""
QUERY = f"""query($card: RateCardInput, $filter: CallFilter, $groupBy: [CostDimension!]) {{
    costs(rateCard: $card, filter: $filter, groupBy: $groupBy) {{
        groups {{ status cost {{ currency }} {REPRICED} }} }} }}"""

USAGE = {
    "MINUTE": {"minutes": 1, "Minute": 1, "seconds": 60},
    "TOKEN": {"tokens": 1},
    "CHARACTER": {"characters": 1},
    "SEGMENT": {"segments": 1, "sms": 1},
    "CALL": {},
}
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


def listed(
    call: Row, rate: Mapping[str, Any], lines: Sequence[Row], messages: Sequence[Row]
) -> int | None:
    """What a service of a call costs by its rate; None where its quantity is not known."""
    unit, price, per = rate["unit"], rate["price"], rate.get("per", 1)
    service = rate["service"].lower()
    own = [
        line
        for line in lines
        if line["service"] == service and not line["is_superseded"] and line["amount"] is not None
    ]
    amounts = [
        priced(line["usage_amount"], price, per * USAGE[unit][line["usage_type"]])
        if line["usage_type"] in USAGE[unit]
        else None
        for line in own
    ]
    whole = sum(amount for amount in amounts if amount is not None)
    if amounts and None not in amounts and whole <= MOST:
        return whole
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
    counts = {"calls": 0, "withoutQuantity": 0, "otherCurrency": 0, "withoutCost": 0}
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
        for rate in card["rates"]:
            own = lines.get(call["id"], ()), messages.get(call["id"], ())
            of_card[rate["service"].lower()] = listed(call, rate, *own)
        if None in of_card.values():
            counts["withoutQuantity"] += 1
            continue
        counts["calls"] += 1
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
                    "usage_type": pick.choice([*[usual] * 9, None, "tokens"]),
                    "usage_amount": random_quantity(pick),
                    "amount": pick.choice([1, 5, 0, 7, 9, None]),
                    "currency": "USD",
                    "is_superseded": pick.random() < 0.1,
                }
                for key in range(pick.choice([0, 1, 1, 3]))
            ]
        has_numbers = pick.random() < 0.8
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
                    "segments": pick.randint(1, 4) if has_numbers else None,
                }
            )
    return calls, lines, messages


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
    repriced_calls = 0

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
        repriced_calls += sum(each["repriced"]["calls"] for each in expected)
    assert repriced_calls > 100


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
    ) {{ groups {{ start calls {REPRICED} previous {{ calls }} }} }} }}"""

    answer = await graphql(query, {"card": CARDS[0]})

    nothing = dict.fromkeys(PARTS)
    assert answer["data"]["costs"]["groups"] == [
        {
            "start": start,
            "calls": 0,
            "repriced": {
                "calls": 0,
                "withoutQuantity": 0,
                "otherCurrency": 0,
                "withoutCost": 0,
                "paid": nothing,
                "listed": nothing,
                "difference": nothing,
            },
            "previous": {"calls": 0},
        }
        for start in ("2019-01-01T00:00:00Z", "2019-02-01T00:00:00Z")
    ]


async def test_one_statement_reprices_all_groups(graphql: GraphQL, statements: Counting) -> None:
    with statements() as ran:
        answer = await graphql(QUERY, {"card": CARDS[0], "groupBy": ["STATUS", "ASSISTANT"]})

    assert "errors" not in answer
    assert ran.count == 1


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
    assert cost.most == least + 1_000_000


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
        ({"price": "-0.000001"}, "The price of LLM is below zero."),
        ({"per": 0}, "`per` of LLM is 0, but has to be from 1 to 1,000,000,000."),
        ({"twice": True}, "LLM has two rates: name one."),
    ],
)
async def test_what_is_no_price_is_refused(
    graphql: GraphQL, card: dict[str, Any], message: str
) -> None:
    card = dict(card)
    rate = {"service": "LLM", "unit": "TOKEN", "price": "1"}
    rate |= {name: card.pop(name) for name in ("service", "price", "per") if name in card}
    rates = [rate] * (2 if card.pop("twice", False) else 1)

    code, text = await refusal(
        graphql, QUERY, {"card": {"currency": "USD", "rates": rates, **card}}
    )

    assert (code, text) == ("BAD_USER_INPUT", message)
