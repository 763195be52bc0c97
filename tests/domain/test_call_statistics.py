"""Figures about calls, as the database adds them up."""

from datetime import UTC, datetime, timedelta

from gql.database import Database
from gql.domain.call_statistics import (
    BusyAssistant,
    Figures,
    all_time_figures,
    analytics,
    by_assistant,
)
from tests.conftest import Counting
from tests.domain.readers import reader
from tests.rest.demo_rows import add_calls, calls, new_call

START = datetime(2030, 3, 4, tzinfo=UTC)
DAY = timedelta(days=1)


def test_figures_of_nothing_are_zero() -> None:
    assert (Figures().average_duration, Figures().success_rate) == (0, 0)


def test_figures_add_up() -> None:
    one = Figures(total=2, completed=1, failed=1, timed=1, duration=60)
    two = Figures(total=2, completed=1, ongoing=1, timed=1, duration=30)

    both = one + two

    assert both == Figures(4, 2, 1, 1, 2, 90)
    assert (both.average_duration, both.success_rate) == (45, 50)


async def test_all_time_figures_take_every_call(database: Database, statements: Counting) -> None:
    async with reader(database) as context:
        with statements() as ran:
            figures = await all_time_figures(context)

    statuses = [row["status"] for row in calls()]
    done = [row["duration"] for row in calls() if row["status"] == "completed"]
    assert figures == Figures(
        len(statuses),
        statuses.count("completed"),
        statuses.count("failed"),
        statuses.count("ongoing"),
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
        calls_since = await analytics(context, START)

    assert calls_since.days == {
        "2030-03-04": Figures(total=2, completed=2, timed=1, duration=5),
        "2030-03-05": Figures(total=1, failed=1),
    }
    assert calls_since.total == Figures(total=3, completed=2, failed=1, timed=1, duration=5)
    assert calls_since.assistants == (BusyAssistant(123, "ServiceBot", 3, 8),)


async def test_a_window_without_calls_takes_one_statement(
    fresh_database: Database, fresh_statements: Counting
) -> None:
    async with reader(fresh_database) as context:
        with fresh_statements() as ran:
            calls_since = await analytics(context, START)

    assert (calls_since.days, calls_since.assistants, calls_since.total) == ({}, (), Figures())
    assert ran.count == 1


async def test_assistants_have_figures_of_their_own(
    database: Database, statements: Counting
) -> None:
    async with reader(database) as context:
        with statements() as ran:
            figures = await by_assistant(context, [1003, 1])
    async with reader(database, 2) as context:
        strange = await by_assistant(context, [1003])

    theirs = [row for row in calls() if row["assistant_id"] == 1003]
    done = [row["duration"] for row in theirs if row["status"] == "completed"]
    assert figures[1] == strange[1003] == Figures()
    assert (figures[1003].total, figures[1003].timed) == (len(theirs), len(done))
    assert figures[1003].duration == sum(done)
    assert ran.count == 1
