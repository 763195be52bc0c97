"""Three processes of `jackfield serve` watch the same budgets while two of them are killed."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import asyncpg

from gql.app import budget_watch
from gql.database import Database
from tests.conftest import bearer
from tests.databases import Databases, name_of, settings_for, without_settings
from tests.live import Served, serving
from tests.rest.demo_rows import add_calls, cost, new_call

CURRENCIES = ("AUD", "CAD", "NZD")
LATER = "SEK"
PROCESSES = 3
SET = """mutation($input: SetCostBudgetInput!) { setCostBudget(input: $input) {
    costBudget { id } userErrors { message } } }"""
LOCK = "SELECT id FROM cost_budget WHERE organization_id = 1 FOR UPDATE"
WAITING = """SELECT count(*) FROM pg_stat_activity WHERE datname = $1
    AND wait_event_type = 'Lock' AND query LIKE '%cost_budget%'"""
NOTED = """SELECT b.currency, p.percent FROM cost_budget_passing AS p
    JOIN cost_budget AS b ON b.organization_id = p.organization_id AND b.id = p.budget_id
    WHERE p.organization_id = 1 AND b.currency = ANY ($1) ORDER BY 1, 2"""
EVENTS = """SELECT b.currency, count(*) FROM event AS e
    JOIN cost_budget AS b ON b.organization_id = e.organization_id AND b.id = e.object_id
    WHERE e.organization_id = 1 AND e.kind = 'cost_budget_passed' AND b.currency = ANY ($1)
    GROUP BY 1 ORDER BY 1"""


def look_often() -> None:
    """In a process that is about to serve."""
    budget_watch.INTERVAL = 0.05


async def until(connection: asyncpg.Connection, sql: str, value: object, expected: object) -> None:
    """Wait until a query has certain rows."""
    # Other processes make it true, which wake nobody here.
    while [tuple(row) for row in await connection.fetch(sql, value)] != expected:  # noqa: ASYNC110
        await asyncio.sleep(0.05)


async def test_each_share_is_told_once_whoever_is_killed_meanwhile(databases: Databases) -> None:
    """All processes wait for the budgets' rows to note the same, and one of them is killed then."""
    async with AsyncExitStack() as stack:
        copy = await stack.enter_async_context(databases.lend("postgresql"))
        environment = {**without_settings(), "GQL_DATABASE_URL": copy.url}
        database = Database(settings_for(copy.url))
        stack.push_async_callback(database.close)
        held = await asyncpg.connect(copy.url)
        stack.push_async_callback(held.close)
        watching = await asyncpg.connect(copy.url)
        stack.push_async_callback(watching.close)
        served: list[Served] = []
        for _ in range(PROCESSES):
            starting = serving(environment=environment, prepare=look_often)
            served.append(await asyncio.to_thread(starting.__enter__))
            stack.push_async_callback(asyncio.to_thread, starting.__exit__, None, None, None)
        owner = bearer(copy.organizations[0])

        async def set_budgets(process: Served, *currencies: str) -> None:
            async with process.client(owner) as client:
                for currency in currencies:
                    values = {"currency": currency, "amount": "0.000100", "timezone": "UTC"}
                    body = {"query": SET, "variables": {"input": values}}
                    answer = (await client.post("/graphql", json=body)).json()
                    assert answer["data"]["setCostBudget"]["userErrors"] == []

        async def spend(number: int, micros: int, *currencies: str) -> None:
            at = datetime.now(UTC) - timedelta(microseconds=1)
            calls = [
                new_call(730_000 + 10 * number + index, at, cost=cost(micros, 0, 0, 0, currency))
                for index, currency in enumerate(currencies)
            ]
            await add_calls(database, calls)

        await set_budgets(served[0], *CURRENCIES)
        shares: list[int] = []
        for number, (micros, percent) in enumerate(((80, 80), (20, 100))):
            async with held.transaction():
                await held.execute(LOCK)
                await spend(number, micros, *CURRENCIES)
                waiting = [(PROCESSES - number,)]
                await until(watching, WAITING, name_of(copy.url), waiting)
                served[number].process.kill()
            shares.append(percent)
            noted = [(currency, share) for currency in CURRENCIES for share in shares]
            await until(watching, NOTED, CURRENCIES, noted)
            events = [(currency, len(shares)) for currency in CURRENCIES]
            await until(watching, EVENTS, CURRENCIES, events)

        # A budget that is passed now is noted by a look that began after all others had ended.
        await set_budgets(served[-1], LATER)
        await spend(9, 90, LATER)
        await until(watching, EVENTS, [LATER], [(LATER, 1)])
        assert [tuple(row) for row in await watching.fetch(EVENTS, CURRENCIES)] == events
        assert [tuple(row) for row in await watching.fetch(NOTED, CURRENCIES)] == noted
