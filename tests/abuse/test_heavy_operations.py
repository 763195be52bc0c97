"""Heavy operations of one organization leave slots to others, and connections to what is light."""

import asyncio
from typing import Any

import pytest
from starlette.applications import Starlette

from tests.abuse.endless import QUERY, make_calls_endless, until_idle
from tests.conftest import bearer, connect, start
from tests.databases import Copy, settings_for

HEAVY_AT_REST = "/api/v1/calls/search?q=555&limit=1"
LIGHT_AT_REST = "/api/v1/assistants/count"
LIGHT = "{ assistants(first: 1) { nodes { id } } }"
LIGHT_POINTS = 10 + 2 + 1
HEAVY = {"query": QUERY.replace("first: 1", "first: 2")}
"""Reads the endless table, and costs more than what is light."""


async def until_counts(app: Starlette, running: int, waiting: int) -> None:
    """Wait until so many heavy operations run and wait."""
    queue = app.state.queues.heavy
    while (queue.running, queue.waiting) != (running, waiting):  # noqa: ASYNC110
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("is_compiled", [True, False], ids=["plans", "resolvers"])
async def test_a_flood_of_heavy_operations_holds_no_more_than_its_slots(
    fresh: Copy, *, is_compiled: bool
) -> None:
    limits: dict[str, Any] = {
        "heavy_points": LIGHT_POINTS + 1,
        "max_heavy": 2,
        "max_heavy_waiting": 3,
        "pool_size": 8,
        "request_timeout": 86_400,
        "compiled": is_compiled,
    }
    flood, other = (bearer(each) for each in fresh.organizations)
    await make_calls_endless(fresh)
    async with (
        start(fresh, settings_for(fresh.url, **limits)) as running,
        connect(running.app) as client,
    ):
        sent = [
            asyncio.create_task(client.post("/graphql", json=HEAVY, headers=flood))
            for _ in range(6)
        ]
        await until_counts(running.app, 1, 3)
        while sum(each.done() for each in sent) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        refused = [each.result() for each in sent if each.done()]
        others = asyncio.create_task(client.post("/graphql", json=HEAVY, headers=other))
        await until_counts(running.app, 2, 3)
        light = [
            await client.post("/graphql", json={"query": LIGHT}, headers=each)
            for each in (flood, other)
        ]
        for task in (*sent, others):
            task.cancel()
        await asyncio.wait([*sent, others])
        await until_counts(running.app, 0, 0)
        await until_idle(fresh)

    assert [each.status_code for each in light] == [200, 200]
    assert [each.status_code for each in refused] == [429, 429]
    assert [each.headers["retry-after"] for each in refused] == ["2", "2"]
    for each in refused:
        (error,) = each.json()["errors"]
        assert error["extensions"]["code"] == "RATE_LIMITED"
        assert error["message"] == (
            "Your organization has 3 heavy operations waiting, the most at a time;"
            " send fewer at once."
        )


async def test_a_search_by_rest_holds_a_slot_of_heavy_operations_and_a_count_does_not(
    fresh: Copy,
) -> None:
    limits: dict[str, Any] = {"max_heavy": 2, "max_heavy_waiting": 1, "request_timeout": 86_400}
    flood = bearer(fresh.organizations[0])
    await make_calls_endless(fresh)
    async with (
        start(fresh, settings_for(fresh.url, **limits)) as running,
        connect(running.app) as client,
    ):
        addresses = [HEAVY_AT_REST, "/api/v1/calls/export?call_sid=CA"]
        sent = []
        for number, address in enumerate(addresses):
            sent.append(asyncio.create_task(client.get(address, headers=flood)))
            await until_counts(running.app, 1, number)
        refused = await client.get("/api/v1/calls?customer_phone=5", headers=flood)
        light = await client.get(LIGHT_AT_REST, headers=flood)
        for task in sent:
            task.cancel()
        await asyncio.wait(sent)
        await until_counts(running.app, 0, 0)
        await until_idle(fresh)

    assert light.status_code == 200
    assert refused.status_code == 429
    assert refused.json()["detail"] == (
        "Your organization has 1 heavy operations waiting, the most at a time; send fewer at once."
    )
