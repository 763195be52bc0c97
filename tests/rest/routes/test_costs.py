"""What calls cost, over REST."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import update

from gql.database import Database
from gql.demo.tenant import DemoAssistant, Row
from gql.models.cost_entry import CostEntry
from gql.models.scope import table_of
from gql.models.types import now
from tests.conftest import Counting
from tests.rest.conftest import Rest
from tests.rest.demo_rows import add_calls, amount, calls, cost, instant, new_call, rows

SUMMARY = "/api/calls/costs/summary"
ANALYTICS = "/api/costs/analytics"
DAY = timedelta(days=1)
SERVICES = ("llm", "tts", "stt", "telephony")


def summary(row: Row) -> dict[str, Any]:
    """The costs of a call as they must be answered."""
    parts = ("total", *SERVICES)
    costs = {f"{part}_cost": row[f"{part}_cost"] for part in parts}
    minutes = None if row["duration"] is None else round(row["duration"] / 60, 4)
    return {
        "call_id": row["id"],
        "call_sid": row["call_sid"],
        **{name: 0 if value is None else amount(value) for name, value in costs.items()},
        "currency": "USD" if row["cost_currency"] is None else row["cost_currency"],
        "duration_minutes": minutes,
        "started_at": instant(row["started_at"]),
        "ended_at": instant(row["ended_at"]) if row["ended_at"] else None,
    }


def entry(row: Row, service: str, provider: str | None, model: str | None) -> dict[str, Any]:
    """One service of a call as it must be answered."""
    price = amount(row[f"{service}_cost"])
    return {
        "id": 1 + SERVICES.index(service),
        "service_type": service,
        "provider": provider or "unknown",
        "model": model,
        "usage_type": "call",
        "usage_amount": 1,
        "unit_cost": price,
        "total_cost": price,
        "timestamp": instant(row["ended_at"] or row["started_at"]),
        "metadata": None,
    }


COSTED = next(row["call_id"] for row in rows("cost_entry"))
"""A call whose source gave the lines of its cost."""
UNLINED = next(
    row["id"]
    for row in calls()
    if row["llm_cost"] and row["id"] not in {101, *(each["call_id"] for each in rows("cost_entry"))}
)
"""One whose source gave none."""


async def test_a_call_has_the_lines_of_its_cost(
    rest: Rest, fresh_rest: Rest, fresh_database: Database, statements: Counting
) -> None:
    row = next(row for row in calls() if row["id"] == COSTED)
    lines = [
        {
            "id": each["id"],
            "service_type": each["service"],
            "provider": each["provider"],
            "model": None,
            "usage_type": "call",
            "usage_amount": 1,
            "unit_cost": amount(each["amount"]),
            "total_cost": amount(each["amount"]),
            "timestamp": instant(each["occurred_at"]),
            "metadata": None,
        }
        for each in rows("cost_entry")
        if each["call_id"] == COSTED
    ]
    await rest("GET", f"/api/calls/{COSTED}/costs")

    with statements() as ran:
        answer = await rest("GET", f"/api/calls/{COSTED}/costs")

    assert answer.json() == {"call_summary": summary(row), "detailed_entries": lines}
    assert ran.count == 1
    entry, first, second = table_of(CostEntry), lines[0]["id"], lines[1]["id"]
    detailed = {
        "service": "other",
        "provider": None,
        "model": "large",
        "usage_type": "minutes",
        "usage_amount": Decimal("2.5"),
        "unit_price": Decimal("0.01"),
        "amount": 25_000,
        "meta": {"leg": "b"},
        "occurred_at": None,
    }
    async with fresh_database.transaction() as connection:
        await connection.execute(update(entry).where(entry.c.id == first).values(detailed))
        superseded = update(entry).where(entry.c.id == second).values(is_superseded=True)
        await connection.execute(superseded)

    changed = (await fresh_rest("GET", f"/api/calls/{COSTED}/costs")).json()

    assert changed["detailed_entries"] == [
        {
            "id": first,
            "service_type": "other",
            "provider": "unknown",
            "model": "large",
            "usage_type": "minutes",
            "usage_amount": 2.5,
            "unit_cost": 0.01,
            "total_cost": 0.025,
            "timestamp": instant(row["ended_at"]),
            "metadata": {"leg": "b"},
        },
        *lines[2:],
    ]


@pytest.mark.parametrize("number", [101, UNLINED])
async def test_a_call_without_lines_has_an_entry_per_service(
    rest: Rest, statements: Counting, number: int
) -> None:
    await rest("GET", f"/api/calls/{number}/costs")

    with statements() as ran:
        answer = await rest("GET", f"/api/calls/{number}/costs/")

    row = next(row for row in calls() if row["id"] == number)
    models = {
        (message["llm_provider"], message["llm_model"])
        for message in rows("chat_message")
        if message["call_id"] == number and message["llm_provider"]
    }
    model = models.pop() if models else (None, None)
    assert answer.json() == {
        "call_summary": summary(row),
        "detailed_entries": [
            entry(row, service, *(model if service == "llm" else (None, None)))
            for service in SERVICES
        ],
    }
    assert list(answer.json()["call_summary"]) == list(summary(row))
    assert list(answer.json()["detailed_entries"][0]) == list(entry(row, "llm", None, None))
    assert ran.count == 2


async def test_a_call_without_costs_has_zeros_and_no_entries(rest: Rest) -> None:
    row = next(row for row in calls() if row["status"] == "ongoing")

    answer = await rest("GET", f"/api/calls/{row['id']}/costs")

    assert answer.json() == {"call_summary": summary(row), "detailed_entries": []}
    assert answer.json()["call_summary"]["total_cost"] == 0
    assert (await rest("GET", f"/api/v1/calls/{row['id']}")).json()["total_cost"] is None


async def test_a_stored_currency_is_answered_and_the_usual_one_where_none_is(
    fresh_rest: Rest, fresh_database: Database
) -> None:
    started = now() - timedelta(hours=1)
    stored = {7001: "EUR", 7002: "", 7003: None}
    await add_calls(
        fresh_database,
        [
            new_call(number, started) | {"total_cost": 1, "cost_currency": currency}
            for number, currency in stored.items()
        ],
    )

    listed = (await fresh_rest("GET", f"{SUMMARY}?limit=1000")).json()
    one_by_one = [
        (await fresh_rest("GET", f"/api/calls/{number}/costs")).json() for number in stored
    ]

    expected = {7001: "EUR", 7002: "", 7003: "USD"}
    assert {
        row["call_id"]: row["currency"] for row in listed if row["call_id"] in stored
    } == expected
    assert [each["call_summary"]["currency"] for each in one_by_one] == list(expected.values())


@pytest.mark.parametrize("number", [102, 9999, 2**63])
async def test_what_is_no_call_of_ours_has_no_costs(rest: Rest, number: int) -> None:
    answer = await rest("GET", f"/api/calls/{number}/costs")

    detail = f"Call with ID {number} not found in your organization"
    assert (answer.status_code, answer.json()) == (404, {"detail": detail})


@pytest.mark.parametrize(
    ("query", "low", "high"),
    [
        ("", None, None),
        ("min_cost=0.05", 50_000, None),
        ("max_cost=0.05", None, 50_000),
        ("min_cost=0.0000011&max_cost=0.0500009", 2, 50_000),
        ("min_cost=0.05&max_cost=0.05", 50_000, 50_000),
        ("min_cost=-5&max_cost=1e300", None, None),
        ("min_cost=1e300", 2**62, None),
    ],
)
async def test_costs_are_listed_newest_first_between_exact_bounds(
    rest: Rest, statements: Counting, query: str, low: int | None, high: int | None
) -> None:
    await rest("GET", SUMMARY)

    with statements() as ran:
        answer = await rest("GET", f"{SUMMARY}?limit=1000&{query}")

    costed = [row for row in calls() if row["total_cost"] is not None]
    assert answer.json() == [
        summary(row)
        for row in costed
        if (low is None or row["total_cost"] >= low) and (high is None or row["total_cost"] <= high)
    ]
    assert ran.count == 1


async def test_costs_are_paged_and_filtered_by_date(rest: Rest) -> None:
    late = datetime(2025, 12, 1, tzinfo=UTC)
    expected = [
        summary(row)
        for row in calls()
        if row["total_cost"] is not None and row["started_at"] >= late
    ]

    pages = [
        (await rest("GET", f"{SUMMARY}?date_from=2025-12-01&skip={skip}&limit=7")).json()
        for skip in (0, 7)
    ]
    none = await rest("GET", f"{SUMMARY}?date_to=1999-01-01")

    assert pages == [expected[:7], expected[7:14]]
    assert none.json() == []


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("limit=1001", "less_than_equal"),
        ("min_cost=x", "float_parsing"),
        ("min_cost=nan", "finite_number"),
        ("max_cost=inf", "finite_number"),
    ],
)
async def test_a_list_of_costs_that_does_not_fit_is_refused(
    rest: Rest, query: str, problem: str
) -> None:
    answer = await rest("GET", f"{SUMMARY}?{query}")

    assert answer.status_code == 422
    assert [each["type"] for each in answer.json()["detail"]] == [problem]


def midnight() -> datetime:
    """The beginning of this UTC day."""
    return now().replace(hour=0, minute=0, second=0, microsecond=0)


def billed() -> list[Row]:
    """Calls of yesterday and the day before in two currencies, one of them without costs."""
    other = DemoAssistant(124, "Support Bot", "+15551234567", "openai", "gpt-4o-mini")
    deleted = DemoAssistant(888_001, "Retired Bot", "+1", "openai", "gpt")
    start = midnight()
    return [
        new_call(6001, start - DAY, cost=cost(1, 2, 3, 4)),
        new_call(6002, start - timedelta(microseconds=1), cost=cost(100_000, 0, 0, 200_000)),
        new_call(6003, start - DAY, cost=cost(5_000_000, 0, 0, 0, "EUR"), assistant=deleted),
        new_call(6004, start - 2 * DAY, cost=cost(10, 20, 30, 40), assistant=other),
        {**new_call(6005, start - 2 * DAY, cost=cost(0, 0, 0, 7)), "llm_cost": None},
        new_call(6006, start - 2 * DAY, status="ongoing"),
        new_call(6007, start - 99 * DAY, cost=cost(9, 9, 9, 9)),
        new_call(6008, start - DAY, channel="sms", status="active", cost=cost(9, 9, 9, 9)),
        new_call(6009, start - DAY, cost=cost(9, 9, 9, 9), organization_id=2),
    ]


EUR = {
    "currency": "EUR",
    "calls": 1,
    "total_cost": 5.0,
    "llm_cost": 5.0,
    "tts_cost": 0.0,
    "stt_cost": 0.0,
    "telephony_cost": 0.0,
}
USD = {
    "currency": "USD",
    "calls": 4,
    "total_cost": 0.300117,
    "llm_cost": 0.100011,
    "tts_cost": 0.000022,
    "stt_cost": 0.000033,
    "telephony_cost": 0.200051,
}
USD_YESTERDAY = {
    "currency": "USD",
    "calls": 2,
    "total_cost": 0.30001,
    "llm_cost": 0.100001,
    "tts_cost": 0.000002,
    "stt_cost": 0.000003,
    "telephony_cost": 0.200004,
}
USD_BEFORE = {
    "currency": "USD",
    "calls": 2,
    "total_cost": 0.000107,
    "llm_cost": 0.00001,
    "tts_cost": 0.00002,
    "stt_cost": 0.00003,
    "telephony_cost": 0.000047,
}


async def test_costs_are_added_up_per_utc_day_and_currency(
    fresh_rest: Rest, fresh_database: Database, fresh_statements: Counting
) -> None:
    await add_calls(fresh_database, billed())
    await fresh_rest("GET", "/api/v1/calls/101")

    with fresh_statements() as ran:
        answer = await fresh_rest("GET", ANALYTICS)

    yesterday, before = (str((midnight() - days * DAY).date()) for days in (1, 2))
    assert answer.json() == {
        "period_days": 30,
        "group_by": "day",
        "total_calls": 6,
        "uncosted_calls": 1,
        "totals": [EUR, USD],
        "groups": [
            {"group": before, **USD_BEFORE},
            {"group": yesterday, **EUR},
            {"group": yesterday, **USD_YESTERDAY},
        ],
    }
    assert ran.count == 2


@pytest.mark.parametrize("by", ["week", "month"])
async def test_costs_are_added_up_per_week_from_monday_and_per_month(
    fresh_rest: Rest, fresh_database: Database, by: str
) -> None:
    monday = midnight() - 40 * DAY
    monday -= monday.weekday() * DAY
    first = (midnight() - 40 * DAY).replace(day=1)
    start = monday if by == "week" else first
    edge = timedelta(microseconds=1)
    await add_calls(
        fresh_database,
        [
            new_call(6001, start, cost=cost(1, 0, 0, 0)),
            new_call(6002, start + 6 * DAY, cost=cost(2, 0, 0, 0)),
            new_call(6003, start - edge, cost=cost(4, 0, 0, 0)),
        ],
    )

    answer = await fresh_rest("GET", f"{ANALYTICS}?group_by={by}&days=90")

    earlier = start - edge
    names = {
        "week": (str((start - 7 * DAY).date()), str(start.date())),
        "month": (f"{earlier:%Y-%m}", f"{start:%Y-%m}"),
    }[by]
    assert [
        (group["group"], group["calls"], group["total_cost"]) for group in answer.json()["groups"]
    ] == [(names[0], 1, 0.000004), (names[1], 2, 0.000003)]


async def test_costs_are_added_up_per_service(
    fresh_rest: Rest, fresh_database: Database, fresh_statements: Counting
) -> None:
    await add_calls(fresh_database, billed())
    await fresh_rest("GET", "/api/v1/calls/101")

    with fresh_statements() as ran:
        answer = await fresh_rest("GET", f"{ANALYTICS}?group_by=service&days=7")

    assert answer.json()["totals"] == [EUR, USD]
    assert answer.json()["groups"] == [
        {
            "group": service,
            "currency": sums["currency"],
            "calls": 3 if (service, sums) == ("llm", USD) else sums["calls"],
            "total_cost": sums[f"{service}_cost"],
        }
        for service in SERVICES
        for sums in (EUR, USD)
    ]
    assert ran.count == 1


async def test_costs_are_added_up_per_provider_and_nobody_knows_a_deleted_assistants(
    fresh_rest: Rest, fresh_database: Database
) -> None:
    await add_calls(fresh_database, billed())

    answer = await fresh_rest("GET", f"{ANALYTICS}?group_by=provider&days=7")

    assert answer.json()["groups"] == [{"group": "openai", **USD}, {"group": None, **EUR}]


async def test_nothing_costs_nothing(rest: Rest) -> None:
    for by in ("day", "week", "month", "service", "provider"):
        answer = await rest("GET", f"{ANALYTICS}?days=1&group_by={by}")
        assert answer.json() == {
            "period_days": 1,
            "group_by": by,
            "total_calls": 0,
            "uncosted_calls": 0,
            "totals": [],
            "groups": [],
        }


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("days=0", "greater_than_equal"),
        ("days=366", "less_than_equal"),
        ("group_by=year", "string_pattern_mismatch"),
    ],
)
async def test_a_sum_that_does_not_fit_is_refused(rest: Rest, query: str, problem: str) -> None:
    answer = await rest("GET", f"{ANALYTICS}?{query}")

    assert answer.status_code == 422
    assert [each["type"] for each in answer.json()["detail"]] == [problem]


async def test_another_organization_sees_its_own_costs(
    rest: Rest, stranger: dict[str, str]
) -> None:
    listed = await rest("GET", f"{SUMMARY}?limit=1000", headers=stranger)
    one = await rest("GET", "/api/calls/101/costs", headers=stranger)

    assert listed.json() == [summary(row) for row in calls(2) if row["total_cost"] is not None]
    assert one.status_code == 404


@pytest.mark.parametrize("path", ["/api/calls/101/costs", SUMMARY, ANALYTICS])
async def test_costs_are_told_to_nobody_without_a_credential(rest: Rest, path: str) -> None:
    assert (await rest("GET", path, headers={})).status_code == 401
