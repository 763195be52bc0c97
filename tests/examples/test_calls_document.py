"""The document about listing calls: its example, and every request that its samples make.

The samples are restated: what the curl lines ask for, and what the Python and JavaScript functions
do with a client that knows nothing but the host and the key.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from gql.database import Database
from tests.conftest import GraphQL
from tests.live import ROOT
from tests.rest.demo_rows import add_calls, calls, cost, new_call, wire

URL = "/api/v1/calls"
DOCUMENTED: dict[str, Any] = {
    "id": 101,
    "call_sid": "CAxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "assistant_id": 123,
    "assistant_name": "ServiceBot",
    "flow_name": "Customer Support Flow",
    "to_phone_number": "+15551234567",
    "customer_phone_number": "+15559876543",
    "status": "completed",
    "duration": 180,
    "started_at": "2024-01-15T10:00:00Z",
    "ended_at": "2024-01-15T10:03:00Z",
    "call_meta": {"customer_id": "cust_abc123", "campaign": "winter_outreach"},
    "total_cost": 0.05,
    "llm_cost": 0.02,
    "tts_cost": 0.01,
    "stt_cost": 0.01,
    "telephony_cost": 0.01,
    "cost_currency": "USD",
}
LATE = datetime(2025, 12, 1, tzinfo=UTC)
JANUARY = {"date_from": "2024-01-01T00:00:00Z", "date_to": "2024-01-31T23:59:59Z"}


def page(
    items: list[dict[str, Any]], *, total: int, skip: int = 0, limit: int = 100
) -> dict[str, Any]:
    """A whole body."""
    return {"items": items, "total": total, "skip": skip, "limit": limit}


def everything() -> list[dict[str, Any]]:
    """All calls of the organization, newest first."""
    return [wire(row) for row in calls()]


async def test_the_basic_request_is_answered_with_the_newest_hundred(
    client: httpx2.AsyncClient, owner: Mapping[str, str]
) -> None:
    answer = await client.get(URL, headers=owner)

    assert answer.status_code == 200
    assert answer.json() == page(everything()[:100], total=len(everything()))


async def test_the_request_with_filters_is_answered_with_the_documented_call(
    client: httpx2.AsyncClient, owner: Mapping[str, str]
) -> None:
    query = "status=completed&assistant_id=123&date_from=2024-01-01T00:00:00Z&limit=50"

    answer = await client.get(f"{URL}?{query}", headers=owner)

    assert answer.json() == page([DOCUMENTED], total=1, limit=50)
    assert list(answer.json()) == ["items", "total", "skip", "limit"]
    assert list(answer.json()["items"][0]) == list(DOCUMENTED)


@pytest.mark.parametrize("skip", [0, 50])
async def test_the_requests_for_two_pages_are_answered_with_fifty_calls_each(
    client: httpx2.AsyncClient, owner: Mapping[str, str], skip: int
) -> None:
    answer = await client.get(f"{URL}?skip={skip}&limit=50", headers=owner)

    fifty = everything()[skip : skip + 50]
    assert answer.json() == page(fifty, total=len(everything()), skip=skip, limit=50)


async def test_filters_are_combined_with_and(
    client: httpx2.AsyncClient, owner: Mapping[str, str]
) -> None:
    answer = await client.get(f"{URL}?status=completed&assistant_name=support", headers=owner)

    passing = [
        call
        for call in everything()
        if call["status"] == "completed" and "support" in call["assistant_name"].lower()
    ]
    assert answer.json() == page(passing[:100], total=len(passing))


async def all_calls(
    client: httpx2.AsyncClient, owner: Mapping[str, str], filters: Mapping[str, Any] | None
) -> list[dict[str, Any]]:
    """The Python sample: pages of a hundred until one is shorter."""
    calls: list[dict[str, Any]] = []
    limit = 100
    while True:
        params = {"skip": len(calls), "limit": limit, **(filters or {})}
        answer = await client.get(URL, headers=owner, params=params)
        items = answer.json()["items"]
        calls += items
        if len(items) < limit:
            return calls


async def test_the_python_sample_iterates_over_all_calls(
    client: httpx2.AsyncClient, owner: Mapping[str, str]
) -> None:
    assert await all_calls(client, owner, None) == everything()


async def test_the_python_sample_finds_the_completed_calls_of_january(
    client: httpx2.AsyncClient, owner: Mapping[str, str]
) -> None:
    calls = await all_calls(client, owner, {"status": "completed", **JANUARY})

    assert calls == [DOCUMENTED]


async def test_the_javascript_sample_filters_by_assistant(
    client: httpx2.AsyncClient, owner: Mapping[str, str]
) -> None:
    params: dict[str, Any] = {"assistant_id": 123, "status": "completed", "limit": 100}

    answer = await client.get(URL, headers=owner, params=params)

    assert answer.json() == page([DOCUMENTED], total=1)


async def total_costs(
    client: httpx2.AsyncClient, owner: Mapping[str, str], filters: Mapping[str, Any]
) -> dict[str, float]:
    """The sample that adds costs up: what is null counts as nothing."""
    params = {**filters, "status": "completed", "limit": 1000}
    items = (await client.get(URL, headers=owner, params=params)).json()["items"]
    parts = ("total_cost", "llm_cost", "tts_cost", "stt_cost", "telephony_cost")
    return {
        "calls": len(items),
        "duration_seconds": sum(call.get("duration", 0) or 0 for call in items),
        **{part: sum(call.get(part, 0) or 0 for call in items) for part in parts},
    }


async def test_the_sample_that_adds_costs_up_finds_the_documented_ones(
    client: httpx2.AsyncClient, owner: Mapping[str, str]
) -> None:
    totals = await total_costs(client, owner, {"assistant_id": 123, **JANUARY})

    assert totals == {
        "calls": 1,
        "duration_seconds": 180,
        "total_cost": 0.05,
        "llm_cost": 0.02,
        "tts_cost": 0.01,
        "stt_cost": 0.01,
        "telephony_cost": 0.01,
    }


async def test_the_query_of_the_readme_adds_up_what_the_sample_does(
    client: httpx2.AsyncClient, graphql: GraphQL, owner: Mapping[str, str]
) -> None:
    readme = (ROOT / "README.md").read_text()
    query = next(
        block
        for block in re.findall(r"^```graphql\n(.*?)^```", readme, re.DOTALL | re.MULTILINE)
        if "TotalCost" in block
    )
    totals = await total_costs(client, owner, {"assistant_id": 123, **JANUARY})

    answer = await graphql(
        query, {"assistant": "123", "from": JANUARY["date_from"], "to": JANUARY["date_to"]}
    )

    (group,) = answer["data"]["costs"]["groups"]
    parts = ("total", "llm", "tts", "stt", "telephony")
    assert totals == {
        "calls": group["calls"],
        "duration_seconds": int(group["duration"]["sum"]),
        **{f"{part}_cost": float(group["cost"][part]) for part in parts},
    }
    assert (group["cost"]["unattributed"], group["cost"]["currency"]) == ("0.000000", "USD")


async def test_the_sample_that_adds_costs_up_passes_over_what_is_not_known(
    fresh_client: httpx2.AsyncClient, fresh_database: Database, owner: Mapping[str, str]
) -> None:
    await add_calls(
        fresh_database,
        [
            new_call(6001, LATE, duration=60, cost=cost(1_000_000, 0, 500_000, 0)),
            new_call(6002, LATE, duration=None, cost=None),
        ],
    )

    totals = await total_costs(
        fresh_client,
        owner,
        {"assistant_id": 123, "date_from": "2024-02-01", "date_to": "2026-01-01"},
    )

    assert totals == {
        "calls": 2,
        "duration_seconds": 60,
        "total_cost": 1.5,
        "llm_cost": 1.0,
        "tts_cost": 0,
        "stt_cost": 0.5,
        "telephony_cost": 0,
    }


async def test_the_documented_statuses_are_the_only_ones(
    client: httpx2.AsyncClient, owner: Mapping[str, str]
) -> None:
    totals = {}
    for status in ("ongoing", "completed", "failed"):
        body = (await client.get(URL, headers=owner, params={"status": status})).json()
        totals[status] = body["total"]
        assert {call["status"] for call in body["items"]} == {status}

    assert sum(totals.values()) == len(everything())


async def test_costs_are_null_while_a_call_is_going_on(
    client: httpx2.AsyncClient, owner: Mapping[str, str]
) -> None:
    body = (await client.get(URL, headers=owner, params={"status": "ongoing"})).json()

    parts = ("total_cost", "llm_cost", "tts_cost", "stt_cost", "telephony_cost", "cost_currency")
    assert body["items"]
    for call in body["items"]:
        assert [call[part] for part in parts] == [None] * 6
        assert (call["duration"], call["ended_at"]) == (None, None)
