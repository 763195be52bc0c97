"""Budgets: set, removed, what is spent of them, and each passing noted once."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text

from gql.app import budget_watch
from gql.app.budget_watch import BudgetWatch
from gql.database import Database
from gql.domain.cost_budgets import budget_statuses
from gql.domain.writes import cost_budgets
from gql.domain.writes.cost_budgets import note_passed_budgets
from gql.errors import DatabaseUnavailable
from gql.identity import Identity, Method, Permission
from gql.models.audit_log import AuditLog
from gql.models.call import Call
from gql.models.cost_budget import CostBudget, CostBudgetPassing
from gql.models.event import NumberedEvent, UnnumberedEvent
from gql.models.scope import owned, table_of
from gql.query.context import Context
from gql.schema.scalars import print_instant
from tests.conftest import GraphQL
from tests.databases import Copy, settings_for
from tests.rest.demo_rows import add_calls, cost, new_call
from tests.schema.cost_oracle import month_bounds
from tests.schema.lists import Row, read, refusal

SET = """mutation($input: SetCostBudgetInput!) { setCostBudget(input: $input) {
    costBudget { id amount currency timezone assistant { id } graph { id } }
    userErrors { code path message } } }"""
REMOVE = """mutation($id: ID!) { removeCostBudget(input: {id: $id}) {
    removedId userErrors { code path message } } }"""
STATUS = """query($month: String) { budgetStatus(month: $month) {
    budget { id amount currency timezone assistant { databaseId } graph { databaseId } }
    month start end spent remaining share withoutCost
    passings { percent amount passedAt } } }"""

MAY = datetime(2026, 5, 20, tzinfo=UTC)
BUDGETS = (CostBudget, CostBudgetPassing)


async def set_budget(graphql: GraphQL, **fields: Any) -> dict[str, Any]:
    """The payload of `setCostBudget`."""
    variables = {"input": {"currency": "USD", "amount": "10", **fields}}
    answer = await graphql(SET, variables)
    assert "errors" not in answer, answer
    payload: dict[str, Any] = answer["data"]["setCostBudget"]
    return payload


async def statuses(graphql: GraphQL, month: str | None = "2026-05") -> list[dict[str, Any]]:
    answer = await graphql(STATUS, {"month": month})
    assert "errors" not in answer, answer
    budgets: list[dict[str, Any]] = answer["data"]["budgetStatus"]
    return budgets


async def every_call(database: Database) -> Sequence[Row]:
    """Voice calls and SMS conversations of the first organization, archived ones too."""
    return [row for row in await read(database, Call) if row["channel"] in {"voice", "sms"}]


def printed(micros: int) -> str:
    return f"{Decimal(micros) / 1_000_000:.6f}"


ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland")


def expected_status(budget: dict[str, Any], calls: Sequence[Row]) -> dict[str, Any]:
    """What is answered of a budget for May beside its passings."""
    start, end = month_bounds(ZoneInfo(budget["timezone"]), MAY)
    scope = {
        name: budget[label]["databaseId"]
        for name, label in (("assistant_id", "assistant"), ("graph_id", "graph"))
        if budget[label] is not None
    }
    own = [
        call
        for call in calls
        if start <= call["started_at"] < end
        and all(call[name] == number for name, number in scope.items())
    ]
    spent = sum(
        call["total_cost"]
        for call in own
        if call["total_cost"] is not None and call["cost_currency"] == budget["currency"]
    )
    amount = int(Decimal(budget["amount"]).scaleb(6))
    return {
        "budget": budget,
        "month": "2026-05",
        "start": print_instant(start),
        "end": print_instant(end),
        "spent": printed(spent),
        "remaining": printed(amount - spent),
        "share": spent / amount,
        "withoutCost": sum(call["total_cost"] is None for call in own),
        "passings": [],
    }


async def test_what_is_spent_is_what_the_calls_of_the_month_cost(
    fresh_graphql: GraphQL, fresh_database: Database
) -> None:
    """Of all calls, of an assistant and of a graph, with calls around both ends of the month."""
    calls = await every_call(fresh_database)
    routed = next(row for row in calls if row["graph_id"] and row["assistant_id"])
    around = [
        {
            **new_call(700_000 + number, instant + timedelta(hours=hours)),
            "assistant_id": routed["assistant_id"],
            "graph_id": routed["graph_id"],
            "total_cost": None if number % 5 == 0 else 2**number,
            "cost_currency": "USD",
        }
        for number, (instant, hours) in enumerate(
            (datetime(2026, month, 1, tzinfo=UTC), hours)
            for month in (5, 6)
            for hours in range(-14, 15)
        )
    ]
    await add_calls(fresh_database, around)
    calls = await every_call(fresh_database)
    scopes: list[dict[str, str]] = [
        {},
        {"assistantId": str(routed["assistant_id"])},
        {"graphId": str(routed["graph_id"])},
    ]

    for shift in range(len(ZONES)):
        # All three in one zone, and each in one of its own.
        for zones in ([ZONES[shift]] * 3, [ZONES[(shift + n) % len(ZONES)] for n in range(3)]):
            for scope, zone in zip(scopes, zones, strict=True):
                payload = await set_budget(fresh_graphql, **scope, timezone=zone, amount="3")
                assert payload["userErrors"] == []
            answers = await statuses(fresh_graphql)
            assert answers == [expected_status(each["budget"], calls) for each in answers]
            assert {each["budget"]["timezone"] for each in answers} >= set(zones)
            assert "0.000000" not in [each["spent"] for each in answers]


async def test_all_budgets_are_read_by_three_statements(
    fresh_graphql: GraphQL, fresh_database: Database
) -> None:
    for number, zone in enumerate(ZONES):
        await set_budget(fresh_graphql, currency=f"X{number}", timezone=zone)
    context = context_of(fresh_database)

    read_budgets = await budget_statuses(context, MAY)

    assert len(read_budgets) == 3 + len(ZONES)
    assert context.snapshot.statements == 3
    await context.close()


async def test_calls_have_one_budget_in_a_currency(
    fresh_graphql: GraphQL, fresh_database: Database
) -> None:
    first = await set_budget(fresh_graphql, currency="JPY", assistantId="assistant_1")
    again = await set_budget(
        fresh_graphql, currency="JPY", assistantId="1", amount="0.000001", timezone="Asia/Tokyo"
    )
    removed = await fresh_graphql(REMOVE, {"id": first["costBudget"]["id"]})
    twice = await fresh_graphql(REMOVE, {"id": first["costBudget"]["id"]})

    assert first["costBudget"] == {
        "id": first["costBudget"]["id"],
        "amount": "10.000000",
        "currency": "JPY",
        "timezone": "UTC",
        "assistant": {"id": "assistant_1"},
        "graph": None,
    }
    assert again["costBudget"] == {
        **first["costBudget"],
        "amount": "0.000001",
        "timezone": "Asia/Tokyo",
    }
    assert removed["data"]["removeCostBudget"] == {
        "removedId": first["costBudget"]["id"],
        "userErrors": [],
    }
    assert twice["data"]["removeCostBudget"]["userErrors"][0]["code"] == "NOT_FOUND"
    entries = await read(fresh_database, AuditLog)
    log = [row for row in entries if row["object_type"] == "cost_budget"]
    values = {"assistant_id": 1, "graph_id": None, "currency": "JPY"}
    one = {**values, "amount": 10_000_000, "timezone": "UTC"}
    other = {**values, "amount": 1, "timezone": "Asia/Tokyo"}
    assert [(row["action"], row["before"], row["after"]) for row in log] == [
        ("cost_budget.set", None, one),
        ("cost_budget.set", one, other),
        ("cost_budget.remove", other, None),
    ]


@pytest.mark.parametrize(
    ("fields", "code", "path", "message"),
    [
        ({"amount": "0"}, "OUT_OF_RANGE", "amount", "amount must be more than zero"),
        ({"currency": " "}, "REQUIRED", "currency", "currency must not be blank"),
        (
            {"timezone": "Mars/Olympus"},
            "INVALID",
            "timezone",
            (
                "timezone is none: `Mars/Olympus` is no time zone: use a name like `Europe/Berlin`"
                " or `UTC`."
            ),
        ),
        (
            {"assistantId": "1", "graphId": "1"},
            "INVALID",
            "graphId",
            "graphId is one too many: a budget is of an assistant or of a graph",
        ),
        (
            {"assistantId": "assistant_1010"},
            "NOT_FOUND",
            "assistantId",
            "There is no assistant 1010 in your organization.",
        ),
        (
            {"graphId": "call_1"},
            "INVALID",
            "graphId",
            "`call_1` is not the id of a graph: this needs `graph_...`.",
        ),
    ],
)
async def test_what_cannot_be_a_budget_is_refused(
    graphql: GraphQL, fields: dict[str, Any], code: str, path: str, message: str
) -> None:
    payload = await set_budget(graphql, **fields)

    assert payload == {
        "costBudget": None,
        "userErrors": [{"code": code, "path": ["input", path], "message": message}],
    }


async def test_a_month_is_written_as_one(graphql: GraphQL) -> None:
    code, message = await refusal(graphql, STATUS, {"month": "2026-13"})

    assert (code, message) == ("BAD_USER_INPUT", "`2026-13` is no month: write it like `2026-06`.")


async def test_strangers_have_budgets_of_their_own(
    graphql: GraphQL, stranger: dict[str, str]
) -> None:
    own = {each["budget"]["id"] for each in await statuses(graphql)}
    answer = await graphql(STATUS, {"month": "2026-05"}, headers=stranger)
    other = {each["budget"]["id"] for each in answer["data"]["budgetStatus"]}
    (first, *_) = sorted(own)

    refused = await graphql(REMOVE, {"id": first}, headers=stranger)

    assert len(own) == len(other) == 3
    assert not own & other
    assert refused["data"]["removeCostBudget"]["userErrors"][0]["code"] == "NOT_FOUND"


async def test_whoever_may_only_read_sets_no_budget(
    fresh_graphql: GraphQL, fresh_database: Database
) -> None:
    mutation = """mutation { createApiKey(input: {name: "r", permissions: [READ]}) { secret } }"""
    secret = (await fresh_graphql(mutation))["data"]["createApiKey"]["secret"]
    variables = {"input": {"currency": "CHF", "amount": "1"}}

    answer = await fresh_graphql(SET, variables, {"Authorization": f"Bearer {secret}"})

    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert "CHF" not in [row["currency"] for row in await read(fresh_database, CostBudget)]


def context_of(database: Database) -> Context:
    permissions = frozenset({Permission.READ, Permission.WRITE})
    return Context(Identity(1, Method.API_KEY, permissions), database)


async def note(database: Database, instant: datetime) -> int:
    context = context_of(database)
    try:
        return await note_passed_budgets(context, instant)
    finally:
        await context.close()


async def events(database: Database) -> list[tuple[int, str]]:
    """The events of budgets, whether they are numbered by now or not."""
    budget_events = []
    for model in (UnnumberedEvent, NumberedEvent):
        table = table_of(model)
        own = select(table.c.object_id, table.c.kind).where(
            owned(table, 1), table.c.kind == "cost_budget_passed"
        )
        async with database.engine.connect() as connection:
            budget_events += [tuple(row) for row in await connection.execute(own)]
    return sorted(budget_events)


async def test_80_and_100_percent_are_noted_once_each(
    fresh_graphql: GraphQL, fresh_database: Database
) -> None:
    instant = datetime(2031, 3, 4, tzinfo=UTC)
    payload = await set_budget(fresh_graphql, currency="AUD", amount="0.000100")
    budget_id = payload["costBudget"]["id"]
    key = int(budget_id.removeprefix("cost_budget_"))

    async def spend(number: int, micros: int, at: datetime = instant) -> None:
        amounts = cost(micros, 0, 0, 0, currency="AUD")
        await add_calls(fresh_database, [new_call(710_000 + number, at, cost=amounts)])

    async def percents(month: str = "2031-03") -> list[int]:
        (status,) = (
            each
            for each in await statuses(fresh_graphql, month)
            if each["budget"]["id"] == budget_id
        )
        assert {each["amount"] for each in status["passings"]} <= {"0.000100"}
        return [each["percent"] for each in status["passings"]]

    noted = []
    for number, micros in enumerate((79, 1, 19, 1, 500)):
        await spend(number, micros)
        noted.append((await note(fresh_database, instant), await percents()))
        assert await note(fresh_database, instant) == 0
    await spend(9, 1_000, datetime(2031, 4, 1, tzinfo=UTC))
    in_april = await note(fresh_database, datetime(2031, 4, 30, tzinfo=UTC))

    assert noted == [(0, []), (1, [80]), (0, [80]), (1, [80, 100]), (0, [80, 100])]
    assert (in_april, await percents("2031-04"), await percents()) == (2, [80, 100], [80, 100])
    assert await events(fresh_database) == 4 * [(key, "cost_budget_passed")]


async def test_of_many_who_see_it_at_once_one_notes_it(
    fresh: Copy, fresh_graphql: GraphQL, fresh_database: Database
) -> None:
    """Eight databases, as in as many processes, while calls are written."""
    instant = datetime(2031, 3, 4, tzinfo=UTC)
    for currency in ("AUD", "CAD", "NZD"):
        await set_budget(fresh_graphql, currency=currency, amount="0.000100")
    others = [Database(settings_for(fresh.url)) for _ in range(8)]

    async def write_and_note(number: int, database: Database) -> int:
        noted = 0
        for step in range(5):
            rows = [
                new_call(
                    720_000 + 100 * number + 10 * step + index,
                    instant,
                    cost=cost(5, 0, 0, 0, currency=currency),
                )
                for index, currency in enumerate(("AUD", "CAD", "NZD"))
            ]
            await add_calls(database, rows)
            noted += await note(database, instant)
        return noted

    noted = await asyncio.gather(
        *(write_and_note(number, database) for number, database in enumerate(others))
    )
    for database in others:
        await database.close()

    assert sum(noted) == 6
    rows = [row for row in await read(fresh_database, CostBudgetPassing) if row["month"] > "2031"]
    assert sorted(row["percent"] for row in rows) == [80, 80, 80, 100, 100, 100]
    assert len(await events(fresh_database)) == 6


async def test_a_budget_that_is_raised_meanwhile_is_not_passed(
    fresh_graphql: GraphQL, fresh_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is looked at once more when its row is locked."""
    instant = datetime(2031, 3, 4, tzinfo=UTC)
    await set_budget(fresh_graphql, currency="AUD", amount="0.000100")
    amounts = cost(100, 0, 0, 0, currency="AUD")
    await add_calls(fresh_database, [new_call(710_000, instant, cost=amounts)])
    read_statuses = budget_statuses

    async def raised_afterwards(context: Context, at: datetime) -> Any:
        read_before = await read_statuses(context, at)
        await context.snapshot.close()
        await set_budget(fresh_graphql, currency="AUD", amount="0.000120")
        return read_before

    monkeypatch.setattr(cost_budgets, "budget_statuses", raised_afterwards)

    assert await note(fresh_database, instant) == 1
    rows = [row for row in await read(fresh_database, CostBudgetPassing) if row["month"] > "2031"]
    assert [(row["percent"], row["amount"]) for row in rows] == [(80, 120)]


async def test_the_watch_looks_at_the_budgets_of_everybody(
    fresh_graphql: GraphQL, fresh_database: Database
) -> None:
    await set_budget(fresh_graphql, currency="AUD", amount="0.000100")
    amounts = cost(100, 0, 0, 0, currency="AUD")
    started_at = datetime.now(UTC) - timedelta(microseconds=1)
    await add_calls(fresh_database, [new_call(710_000, started_at, cost=amounts)])
    watch = BudgetWatch(fresh_database)

    assert (await watch.look(), await watch.look()) == (2, 0)


async def test_a_time_zone_that_is_not_known_keeps_nobody_else_from_being_told(
    fresh_graphql: GraphQL, fresh_database: Database
) -> None:
    """As where the time zone database of another machine is newer."""
    await set_budget(fresh_graphql, currency="AUD", amount="0.000100")
    change = "UPDATE cost_budget SET timezone = 'Mars/Olympus' WHERE organization_id = 1"
    async with fresh_database.transaction() as connection:
        await connection.execute(text(change))
    started_at = datetime.now(UTC) - timedelta(microseconds=1)
    amounts = cost(90_000_000, 0, 0, 0)
    await add_calls(
        fresh_database, [new_call(710_000, started_at, organization_id=2, cost=amounts)]
    )

    assert await BudgetWatch(fresh_database).look() == 1


async def test_the_watch_asks_a_dead_database_ever_less_often_and_goes_on_soon(
    fresh_graphql: GraphQL, fresh_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await set_budget(fresh_graphql, currency="AUD", amount="0.000100")
    watch = BudgetWatch(fresh_database)
    looks = 0

    async def fail(*_: object) -> int:
        nonlocal looks
        looks += 1
        raise DatabaseUnavailable("It restarts.")

    with monkeypatch.context() as patch:
        patch.setattr(budget_watch, "note_passed_budgets", fail)
        waits = [await watch._work() for _ in range(8)]  # noqa: SLF001 -- rounds of the task
    wait_after_success = await watch._work()  # noqa: SLF001 -- the same

    assert (waits, looks) == ([1, 2, 4, 8, 16, 32, 60, 60], 8)
    assert wait_after_success == budget_watch.INTERVAL
