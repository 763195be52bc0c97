"""Totals of calls, as the database adds them up."""

from datetime import UTC, datetime, timedelta

from gql.database import Database
from gql.domain.call_statistics import (
    BusyAssistant,
    CallTotals,
    analyse_calls,
    total_calls,
    totals_by_assistant,
)
from tests.conftest import Counting
from tests.domain.contexts import reader
from tests.rest.demo_rows import add_calls, calls, new_call

START = datetime(2030, 3, 4, tzinfo=UTC)
DAY = timedelta(days=1)


def test_figures_of_nothing_are_zero() -> None:
    assert (CallTotals().average_duration, CallTotals().success_rate) == (0, 0)


def test_figures_add_up() -> None:
    one = CallTotals(total=2, completed=1, failed=1, timed=1, duration=60)
    two = CallTotals(total=2, completed=1, ongoing=1, timed=1, duration=30)

    both = one + two

    assert both == CallTotals(4, 2, 1, 1, 2, 90)
    assert (both.average_duration, both.success_rate) == (45, 50)


async def test_totals_are_of_all_time(database: Database, statements: Counting) -> None:
    async with reader(database) as context:
        with statements() as ran:
            totals = await total_calls(context)

    states = [row["status"] for row in calls()]
    done = [row["duration"] for row in calls() if row["status"] == "completed"]
    assert totals == CallTotals(
        len(states),
        states.count("completed"),
        states.count("failed"),
        states.count("ongoing"),
        len(done),
        sum(done),
    )
    assert ran.count == 1


async def test_a_day_begins_at_midnight_in_utc(fresh_database: Database) -> None:
    edge = timedelta(microseconds=1)
    await add_calls(
        fresh_database,
        [
            new_call(6001, START),
            new_call(6002, START + DAY - edge, duration=5),
            new_call(6003, START + DAY, status="failed", duration=3),
            new_call(6004, START - edge),
        ],
    )
    async with reader(fresh_database) as context:
        analytics = await analyse_calls(context, START)

    assert analytics.days == {
        "2030-03-04": CallTotals(total=2, completed=2, timed=1, duration=5),
        "2030-03-05": CallTotals(total=1, failed=1),
    }
    assert analytics.total == CallTotals(total=3, completed=2, failed=1, timed=1, duration=5)
    assert analytics.assistants == (BusyAssistant(123, "ServiceBot", 3, 8),)


async def test_a_window_without_calls_asks_once(
    fresh_database: Database, fresh_statements: Counting
) -> None:
    async with reader(fresh_database) as context:
        with fresh_statements() as ran:
            analytics = await analyse_calls(context, START)

    assert (analytics.days, analytics.assistants, analytics.total) == ({}, (), CallTotals())
    assert ran.count == 1


async def test_assistants_have_figures_of_their_own(
    database: Database, statements: Counting
) -> None:
    async with reader(database) as context:
        with statements() as ran:
            totals = await totals_by_assistant(context, [1003, 1])
    async with reader(database, 2) as context:
        strange = await totals_by_assistant(context, [1003])

    theirs = [row for row in calls() if row["assistant_id"] == 1003]
    done = [row["duration"] for row in theirs if row["status"] == "completed"]
    assert totals[1] == strange[1003] == CallTotals()
    assert (totals[1003].total, totals[1003].timed) == (len(theirs), len(done))
    assert totals[1003].duration == sum(done)
    assert ran.count == 1
