"""What calls cost: exact sums, on both databases."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from gql.database import Database
from gql.demo.tenant import Row
from gql.domain.costs import (
    Amounts,
    CostEntry,
    CostGroup,
    CostTotals,
    costs_by_period,
    list_entries,
    total_costs,
)
from gql.models.message import ChatMessage
from gql.models.scope import table_of
from gql.sql.instants import Period
from tests.domain.contexts import reader
from tests.rest.demo_rows import add_calls, cost, new_call

START = datetime(2030, 3, 4, tzinfo=UTC)
"""A Monday."""

ODD = 2**53 + 1
"""More than a float can tell from its neighbour."""


async def test_sums_are_exact_where_floats_are_not(fresh_database: Database) -> None:
    rows = [new_call(6000 + n, START, cost=cost(ODD, 1, 0, 0)) for n in range(3)]
    await add_calls(fresh_database, rows)
    async with reader(fresh_database) as context:
        totals = await total_costs(context, START)

    amounts: Amounts = {
        "total": 3 * ODD + 3,
        "llm": 3 * ODD,
        "tts": 3,
        "stt": 0,
        "telephony": 0,
    }
    assert totals.currencies == (CostGroup(None, "USD", 3, amounts),)
    assert float(3 * ODD) != 3 * ODD


async def test_sums_may_be_larger_than_64_bits(fresh_database: Database) -> None:
    """As long as those of one day are not, which SQLite's rollup keeps in as many."""
    days = [START + timedelta(days=40 * n) for n in range(3)]
    large = 2**62 + 1
    await add_calls(
        fresh_database,
        [new_call(6000 + n, day, cost=cost(large, 0, 0, 0)) for n, day in enumerate(days)],
    )
    async with reader(fresh_database) as context:
        totals = await total_costs(context, START)

    assert [each.amounts["total"] for each in totals.currencies] == [3 * large]


async def test_what_is_not_known_is_in_no_sum_and_not_zero(fresh_database: Database) -> None:
    unknown = dict.fromkeys(("llm_cost", "tts_cost", "stt_cost"))
    await add_calls(
        fresh_database,
        [
            {**new_call(6001, START, cost=cost(0, 0, 0, 5)), **unknown},
            new_call(6002, START),
        ],
    )
    async with reader(fresh_database) as context:
        totals = await total_costs(context, START)

    amounts = {"total": 5, "llm": None, "tts": None, "stt": None, "telephony": 5}
    assert totals == CostTotals(
        (CostGroup(None, "USD", 1, amounts),),
        (CostGroup("telephony", "USD", 1, {"total": 5}),),
        1,
    )


@pytest.mark.parametrize(
    ("period", "names"),
    [
        (Period.DAY, ["2030-02-28", "2030-03-03", "2030-03-04", "2030-03-10"]),
        (Period.WEEK, ["2030-02-25", "2030-03-04"]),
        (Period.MONTH, ["2030-02", "2030-03"]),
    ],
)
async def test_periods_are_those_of_utc(
    fresh_database: Database, period: Period, names: list[str]
) -> None:
    hour = timedelta(hours=1)
    instants = (START - 73 * hour, START - hour, START, START + 167 * hour)
    rows = [new_call(6001 + n, at, cost=cost(1, 0, 0, 0)) for n, at in enumerate(instants)]
    await add_calls(fresh_database, rows)
    async with reader(fresh_database) as context:
        groups = await costs_by_period(context, START - 80 * hour, period)

    assert [group.name for group in groups] == names
    assert sum(group.calls for group in groups) == 4


def message(number: int, call: Row, provider: str | None, model: str | None) -> Row:
    """A message of a call, with the model that wrote it."""
    return {
        "id": number,
        "organization_id": 1,
        "call_id": call["id"],
        "role": "assistant" if provider else "user",
        "content": "Hello",
        "message_index": number,
        "timestamp": START,
        "llm_provider": provider,
        "llm_model": model,
    }


@pytest.mark.parametrize(
    ("models", "expected"),
    [
        ([], (None, None)),
        ([(None, None)], (None, None)),
        ([("openai", "a"), ("openai", "a"), (None, None)], ("openai", "a")),
        ([("openai", "a"), ("openai", "b")], ("openai", None)),
        ([("openai", "a"), ("google", "a")], (None, None)),
    ],
)
async def test_the_model_is_what_all_messages_agree_on(
    fresh_database: Database, models: list[Any], expected: tuple[str | None, str | None]
) -> None:
    row = new_call(6001, START, cost=cost(1, 2, 3, 4))
    await add_calls(fresh_database, [row])
    messages = [message(90_000 + n, row, *model) for n, model in enumerate(models)]
    if messages:
        async with fresh_database.transaction() as connection:
            await connection.execute(insert(table_of(ChatMessage)), messages)
    async with reader(fresh_database) as context:
        entries = await list_entries(context, 6001, {"telephony", "llm", "tts"})

    assert entries == (
        CostEntry(1, "llm", *expected),
        CostEntry(2, "tts"),
        CostEntry(4, "telephony"),
    )
