"""Calls in numbers over REST: count, all-time totals and the last days."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gql.database import Database
from gql.demo.tenant import DemoAssistant, Row
from gql.models.types import now
from tests.conftest import Counting
from tests.rest.conftest import Rest
from tests.rest.demo_rows import SERVICE_BOT, add_calls, calls, new_call

CALLS = "/api/v1/calls"
LEGACY = DemoAssistant(888_001, "Retired Bot", "+1", "openai", "gpt")
LATE = datetime(2025, 12, 1, tzinfo=UTC)
SOON = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", calls()),
        ("status=failed", [row for row in calls() if row["status"] == "failed"]),
        ("assistant_id=1003", [row for row in calls() if row["assistant_id"] == 1003]),
        (
            "date_from=2025-12-01&date_to=2026-01-01T01:00:00 01:00",
            [row for row in calls() if LATE <= row["started_at"] <= SOON],
        ),
        ("status=nope", []),
        ("assistant_id=99999999999999999999", []),
    ],
    ids=["all", "status", "assistant", "dates", "unknown status", "beyond 64 bits"],
)
async def test_a_count_has_four_filters(
    rest: Rest, statements: Counting, query: str, expected: list[Row]
) -> None:
    await rest("GET", f"{CALLS}/count?{query}")

    with statements() as ran:
        answer = await rest("GET", f"{CALLS}/count?{query}&call_sid=nope&min_duration=99999")

    assert answer.json() == {"count": len(expected)}
    assert ran.count == 1


async def test_all_time_totals_are_those_of_completed_calls(
    rest: Rest, statements: Counting
) -> None:
    await rest("GET", f"{CALLS}/stats")

    with statements() as ran:
        answer = await rest("GET", f"{CALLS}/stats")

    durations = [row["duration"] for row in calls() if row["status"] == "completed"]
    assert answer.json() == {
        "total_calls": len(calls()),
        "total_duration": sum(durations),
        "average_duration": round(sum(durations) / len(durations), 2),
    }
    assert list(answer.json()) == ["total_calls", "total_duration", "average_duration"]
    assert ran.count == 1


async def test_an_organization_without_calls_has_zeros(
    fresh_rest: Rest, fresh_database: Database
) -> None:
    async with fresh_database.transaction() as connection:
        await connection.exec_driver_sql("DELETE FROM call WHERE channel = 'voice'")

    stats = await fresh_rest("GET", f"{CALLS}/stats")
    analytics = await fresh_rest("GET", f"{CALLS}/analytics")

    assert stats.json() == {"total_calls": 0, "total_duration": 0, "average_duration": 0}
    assert analytics.json() == {
        "total_calls": 0,
        "completed_calls": 0,
        "failed_calls": 0,
        "ongoing_calls": 0,
        "total_duration": 0,
        "avg_duration": 0,
        "success_rate": 0,
        "daily_stats": {},
        "top_assistants": [],
    }


def recent() -> list[Row]:
    """Calls of the last two days and of a hundred days ago, at the edges of UTC days."""
    midnight = now().replace(hour=0, minute=0, second=0, microsecond=0)
    return [
        new_call(6001, midnight - DAY, duration=60),
        new_call(6002, midnight - timedelta(microseconds=1), duration=120),
        new_call(6003, midnight - DAY, status="failed", duration=7),
        new_call(6004, midnight - DAY - timedelta(microseconds=1), status="completed"),
        new_call(6005, midnight - 2 * DAY, status="ongoing", assistant=LEGACY),
        new_call(6006, midnight - 2 * DAY, status="failed", assistant=LEGACY, assistant_name=None),
        new_call(6007, midnight - 100 * DAY, duration=9999),
        new_call(6008, midnight - DAY, channel="sms", status="active"),
        new_call(6009, midnight - DAY, organization_id=2, duration=5),
    ]


async def test_the_last_days_are_counted_by_utc_day_and_by_assistant(
    fresh_rest: Rest, fresh_database: Database, fresh_statements: Counting
) -> None:
    await add_calls(fresh_database, recent())
    await fresh_rest("GET", f"{CALLS}/101")

    with fresh_statements() as ran:
        answer = await fresh_rest("GET", f"{CALLS}/analytics?period=7d")

    today = now().date()
    yesterday, before = str(today - DAY), str(today - 2 * DAY)
    assert answer.json() == {
        "total_calls": 6,
        "completed_calls": 3,
        "failed_calls": 2,
        "ongoing_calls": 1,
        "total_duration": 180,
        "avg_duration": 90,
        "success_rate": 50,
        "daily_stats": {
            before: {"total": 3, "completed": 1, "failed": 1},
            yesterday: {"total": 3, "completed": 2, "failed": 1},
        },
        "top_assistants": [
            {"assistant_id": 123, "assistant_name": "ServiceBot", "calls": 4, "duration": 187},
            {"assistant_id": LEGACY.id, "assistant_name": LEGACY.name, "calls": 2, "duration": 0},
        ],
    }
    assert list(answer.json()["daily_stats"]) == [before, yesterday]
    assert ran.count == 2


async def test_a_deleted_assistant_has_the_name_in_its_newest_call_that_has_one(
    fresh_rest: Rest, fresh_database: Database
) -> None:
    names = ("Aged", "Zoe", "Mia", None)
    await add_calls(
        fresh_database,
        [
            new_call(6001 + number, now() - (5 - number) * DAY, assistant=LEGACY)
            | {"assistant_name": name}
            for number, name in enumerate(names)
        ],
    )

    answer = await fresh_rest("GET", f"{CALLS}/analytics")

    (deleted,) = answer.json()["top_assistants"]
    assert (deleted["assistant_name"], deleted["calls"]) == ("Mia", 4)


@pytest.mark.parametrize(("period", "total"), [("1d", 0), ("30d", 1), ("90d", 2)])
async def test_a_period_rolls_back_from_now(
    fresh_rest: Rest, fresh_database: Database, period: str, total: int
) -> None:
    instant = now()
    await add_calls(
        fresh_database,
        [
            new_call(6001, instant - 8 * DAY),
            new_call(6002, instant - 30 * DAY - timedelta(minutes=5)),
            new_call(6003, instant - 90 * DAY - timedelta(minutes=5)),
        ],
    )

    answer = await fresh_rest("GET", f"{CALLS}/analytics?period={period}")

    assert answer.json()["total_calls"] == total


async def test_seven_days_are_the_default(fresh_rest: Rest, fresh_database: Database) -> None:
    await add_calls(
        fresh_database, [new_call(6001, now() - 6 * DAY), new_call(6002, now() - 8 * DAY)]
    )

    answer = await fresh_rest("GET", f"{CALLS}/analytics")

    assert answer.json()["total_calls"] == 1


async def test_ten_assistants_are_named_and_most_calls_come_first(
    fresh_rest: Rest, fresh_database: Database
) -> None:
    started = now() - DAY
    bots = [DemoAssistant(900_000 + n, f"Bot {n}", "+1", "openai", "gpt") for n in range(12)]
    counted = [(bot, 1 + number // 2) for number, bot in enumerate(bots)]
    await add_calls(
        fresh_database,
        [
            new_call(20_000 + 100 * number + each, started, assistant=bot, duration=10)
            for number, (bot, count) in enumerate(counted)
            for each in range(count)
        ],
    )

    answer = await fresh_rest("GET", f"{CALLS}/analytics")

    expected = sorted(counted, key=lambda each: (-each[1], each[0].id))[:10]
    assert answer.json()["top_assistants"] == [
        {
            "assistant_id": bot.id,
            "assistant_name": bot.name,
            "calls": count,
            "duration": 10 * count,
        }
        for bot, count in expected
    ]


@pytest.mark.parametrize("period", ["2d", "", "7", "7d "])
async def test_another_period_is_refused(rest: Rest, period: str) -> None:
    answer = await rest("GET", f"{CALLS}/analytics?period={period}")

    assert (answer.status_code, answer.json()) == (
        422,
        {
            "detail": [
                {
                    "type": "string_pattern_mismatch",
                    "loc": ["query", "period"],
                    "msg": "String should match pattern '^(1d|7d|30d|90d)$'",
                    "input": period,
                    "ctx": {"pattern": "^(1d|7d|30d|90d)$"},
                }
            ]
        },
    )


async def test_figures_are_those_of_the_callers_organization(
    rest: Rest, stranger: dict[str, str]
) -> None:
    durations = [row["duration"] for row in calls(2) if row["status"] == "completed"]

    count = await rest("GET", f"{CALLS}/count", headers=stranger)
    stats: dict[str, Any] = (await rest("GET", f"{CALLS}/stats", headers=stranger)).json()

    assert count.json() == {"count": len(calls(2))}
    assert stats["total_duration"] == sum(durations)
    assert SERVICE_BOT.id not in {row["assistant_id"] for row in calls(2)}
