"""Requests and points in a minute: what is over a limit is refused, and nobody else notices."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import update

from gql.models.organization import ApiKey
from gql.models.scope import table_of
from tests.auth.auth_app import Clock
from tests.conftest import Execution, Running, bearer, connect, start
from tests.databases import Copy, settings_for
from tests.statements import count

TOKEN = "a metrics token of more than 32 characters"
NAMES = "{ assistants(first: 1) { nodes { name } } }"
NAMES_POINTS = 10 + 2 + 1
"""A list, and in it an object with a text."""

LIMITS = """{ viewer { rateLimit {
    limit remaining resetAt pointsLimit pointsRemaining pointsResetAt } } }"""

QUEUES = {"heavy", "light"}
"""What is counted beside the quotas."""


@dataclass
class Gateway:
    """A started application with limits of its own."""

    running: Running
    client: httpx2.AsyncClient
    organizations: Sequence[dict[str, str]]

    async def ask(
        self, query: str = NAMES, *, headers: dict[str, str] | None = None
    ) -> httpx2.Response:
        return await self.client.post(
            "/graphql", json={"query": query}, headers=headers or self.organizations[0]
        )

    async def read(self, headers: dict[str, str] | None = None) -> httpx2.Response:
        return await self.client.get("/api/v1/assistants", headers=headers or self.organizations[0])


@asynccontextmanager
async def gateway(copy: Copy, **limits: Any) -> AsyncIterator[Gateway]:
    """The clock of the windows stands still, so that each has all of its seconds left."""
    settings = settings_for(copy.url, metrics_token=TOKEN, **limits)
    async with start(copy, settings) as running, connect(running.app) as client:
        running.app.state.rate_limits._timer = Clock()  # noqa: SLF001 -- nothing else sets it
        yield Gateway(running, client, [bearer(each) for each in copy.organizations])


def rate_headers(response: httpx2.Response) -> tuple[str | None, str | None]:
    """Policy and usage; the seconds that are left, up to a minute, stand as `t`."""
    usage = response.headers.get("ratelimit")
    if usage is not None:
        usage = re.sub(r"t=(?:[1-9]|[1-5]\d|60)(?=,|$)", "t", usage)
    return response.headers.get("ratelimit-policy"), usage


async def set_key_limit(gateway: Gateway, prefix: str, limit: dict[str, Any]) -> None:
    """Store a rate limit with a key, before the key is used."""
    keys = table_of(ApiKey)
    async with gateway.running.app.state.database.transaction() as connection:
        await connection.execute(
            update(keys).where(keys.c.key_prefix == prefix).values(rate_limit=limit)
        )


async def test_requests_over_the_limit_are_refused_at_both_doors_before_a_statement(
    shared: Copy,
) -> None:
    async with gateway(shared, rate_limit_requests=3, rate_limit_points=0) as limited:
        policy = '"requests";q=3;w=60'
        first, second = await limited.ask(), await limited.read()
        wrong = await limited.ask("{")  # whatever becomes of it, it is a request
        with count(limited.running.log) as ran:
            by_graphql, by_rest = await limited.ask(), await limited.read()
        other = await limited.ask(headers=limited.organizations[1])
        nobody = await limited.ask(headers={"Authorization": "Bearer burki_" + "0" * 32})

    assert [each.status_code for each in (first, second, wrong)] == [200, 200, 200]
    assert [rate_headers(each) for each in (first, second, wrong)] == [
        (policy, '"requests";r=2;t'),
        (policy, '"requests";r=1;t'),
        (policy, '"requests";r=0;t'),
    ]
    seconds = by_graphql.headers["retry-after"]
    sentence = (
        "Your organization may use 3 requests in 60 seconds and has none left;"
        f" try again in {seconds} seconds."
    )
    assert by_graphql.status_code == by_rest.status_code == 429
    (error,) = by_graphql.json()["errors"]
    assert error["message"] == sentence
    assert error["extensions"]["code"] == "RATE_LIMITED"
    assert error["extensions"]["retry_after"] == int(seconds)
    assert by_rest.json()["detail"].startswith("Your organization may use 3 requests in 60")
    assert by_rest.headers["retry-after"] == seconds == "60"
    assert rate_headers(by_rest) == rate_headers(by_graphql) == (policy, '"requests";r=0;t')
    assert ran.count == 0
    assert (other.status_code, rate_headers(other)) == (200, (policy, '"requests";r=2;t'))
    assert (nobody.status_code, rate_headers(nobody)) == (401, (None, None))


@pytest.mark.parametrize("is_compiled", [True, False])
async def test_points_are_used_by_every_operation_and_not_by_one_that_is_refused(
    shared: Copy, is_compiled: bool
) -> None:
    limits = {"rate_limit_requests": 0, "rate_limit_points": 2 * NAMES_POINTS + 5}
    async with gateway(shared, compiled=is_compiled, **limits) as limited:
        answers = [await limited.ask() for _ in range(3)]  # the second one in bytes that are cached
        with count(limited.running.log) as ran:
            refused = await limited.ask()
        cheap = await limited.ask("{ __typename }")
        by_rest = await limited.read()

    policy = f'"points";q={2 * NAMES_POINTS + 5};qu="points";w=60'
    left = [NAMES_POINTS + 5, 5, 5]
    assert [each.status_code for each in answers] == [200, 200, 429]
    assert [rate_headers(each) for each in answers] == [
        (policy, f'"points";r={points};t') for points in left
    ]
    assert refused.json()["errors"][0]["message"] == (
        f"Your organization may use {2 * NAMES_POINTS + 5} points in 60 seconds and has 5 left,"
        f" fewer than this operation costs; try again in {refused.headers['retry-after']} seconds."
    )
    assert ran.count == 0
    assert (cheap.status_code, by_rest.status_code) == (200, 429)
    assert rate_headers(by_rest) == (policy, '"points";r=5;t')


async def test_rest_uses_the_points_of_what_it_reads(shared: Copy) -> None:
    call = 2 + 12 + 3 + 5 * 2
    addresses = {
        "/api/v1/calls/stats": 100,
        "/api/v1/calls/count?status=failed": 110,
        "/api/v1/calls?limit=3": 110 + 3 * call,
        "/api/v1/calls?limit=3&call_sid=CA": 110 + 3 * call + 2 * 2 * 25_000,
        "/api/v1/calls/export": 10 + 1_000 * (2 + 23),
        "/api/v1/calls/export?assistant_name=e": 10 + 1_000 * (2 + 23) + 2 * 25_000,
        "/api/v1/sms-sessions": 10,
    }
    last = "/api/v1/calls/search?q=555&limit=1"
    quota = sum(addresses.values()) + 10 + 2 * 25_000 + call - 1
    async with gateway(shared, rate_limit_requests=0, rate_limit_points=quota) as limited:

        async def read(address: str) -> httpx2.Response:
            return await limited.client.get(address, headers=limited.organizations[0])

        # Twice: what is cached of an address costs as much, whoever sent it first.
        for address in addresses:
            await limited.client.get(address, headers=limited.organizations[1])
        answers = {address: await read(address) for address in addresses}
        with count(limited.running.log) as ran:
            refused = await read(last)
            download = await read("/api/v1/calls/export?assistant_name=a&format=json")

    left = quota
    for address, response in answers.items():
        left -= addresses[address]
        usage = rate_headers(response)[1]
        assert (address, usage) == (address, f'"points";r={left};t')
        assert response.status_code == 200
    assert [refused.status_code, download.status_code, ran.count] == [429, 429, 0]
    assert refused.json()["detail"].startswith(
        f"Your organization may use {quota} points in 60 seconds and has {left} left,"
    )


async def test_an_operation_that_costs_more_than_a_minute_has_runs_once_a_minute(
    shared: Copy,
) -> None:
    async with gateway(shared, rate_limit_points=NAMES_POINTS - 1) as limited:
        first, second = await limited.ask(), await limited.ask()

    assert [first.status_code, second.status_code] == [200, 429]


async def test_a_key_has_the_limits_that_are_stored_with_it_and_a_key_made_with_it_too(
    fresh: Copy,
) -> None:
    async with gateway(fresh, rate_limit_key_requests=50) as limited:
        parent = limited.organizations[0]
        prefix = parent["Authorization"].removeprefix("Bearer ")[:12] + "..."
        stored = {"requests_per_minute": 4, "requests_per_day": 100, "requests_per_hour": "many"}
        await set_key_limit(limited, prefix, stored)
        created = await limited.client.post(
            "/api/v1/users/me/api-keys", json={"name": "child"}, headers=parent
        )
        child = {"Authorization": f"Bearer {created.json()['key']}"}
        answers = [await limited.ask(headers=each) for each in (parent, child, child, child)]
        colleague = await limited.ask(headers=limited.organizations[1])

    assert [each.status_code for each in answers] == [200, 200, 200, 429]
    assert rate_headers(answers[0])[0] == (
        '"requests";q=120000;w=60, "points";q=120000000;qu="points";w=60,'
        ' "key-requests";q=4;w=60, "key-requests-per-day";q=100;w=86400'
    )
    policies, usages = (each.split(", ") for each in map(str, rate_headers(answers[3])))
    assert policies[2:] == [
        '"key-requests";q=50;w=60',
        '"ancestor-1-requests";q=4;w=60',
        '"ancestor-1-requests-per-day";q=100;w=86400',
    ]
    assert usages[2:4] == ['"key-requests";r=48;t', '"ancestor-1-requests";r=0;t']
    assert (
        answers[3]
        .json()["errors"][0]["message"]
        .startswith(
            "A key that this API key was made with may use 4 requests in 60 seconds and has none"
        )
    )
    assert rate_headers(colleague)[0] == (
        '"requests";q=120000;w=60, "points";q=120000000;qu="points";w=60, "key-requests";q=50;w=60'
    )


async def test_measuring_refuses_nobody_and_counts_what_would_be(shared: Copy) -> None:
    async with gateway(shared, rate_limit="measure", rate_limit_requests=2) as limited:
        answers = [await limited.ask() for _ in range(5)]
        metrics = await limited.client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})

    assert [each.status_code for each in answers] == [200] * 5
    points = 120_000_000 - 5 * NAMES_POINTS
    assert rate_headers(answers[4])[1] == f'"requests";r=0;t, "points";r={points};t'
    assert _over_limit(metrics.text) == {("requests", "measured"): 3}


async def test_refusals_are_counted(shared: Copy) -> None:
    async with gateway(shared, rate_limit_requests=1) as limited:
        for _ in range(4):
            await limited.read()
        metrics = await limited.client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})

    assert _over_limit(metrics.text) == {("requests", "refused"): 3}


@pytest.mark.parametrize("execution", ["plans", "resolvers"])
async def test_a_caller_reads_what_is_left(shared: Copy, execution: Execution) -> None:
    limits = {"rate_limit_requests": 7, "rate_limit_points": 1_000}
    async with gateway(shared, compiled=execution == "plans", **limits) as limited:
        before = datetime.now(UTC)
        answers = [(await limited.ask(LIMITS)).json() for _ in range(2)]
        after = datetime.now(UTC)

    read = [each["data"]["viewer"]["rateLimit"] for each in answers]
    for each in read:
        for name in ("resetAt", "pointsResetAt"):
            resets = datetime.fromisoformat(each.pop(name))
            assert before < resets <= after + timedelta(seconds=60)
    points = 2 * 2 + 6  # `viewer` and `rateLimit`, and six leaves
    assert read == [
        {
            "limit": 7,
            "remaining": 7 - number,
            "pointsLimit": 1_000,
            "pointsRemaining": 1_000 - number * points,
        }
        for number in (1, 2)
    ]


@pytest.mark.parametrize("execution", ["plans", "resolvers"])
async def test_switched_off_there_are_neither_limits_nor_headers(
    shared: Copy, execution: Execution
) -> None:
    off = {"rate_limit": "off", "rate_limit_requests": 1, "rate_limit_key_requests": 1}
    async with gateway(shared, compiled=execution == "plans", **off) as limited:
        answers = [await limited.ask(LIMITS) for _ in range(3)]

    assert [rate_headers(each) for each in answers] == [(None, None)] * 3
    assert answers[2].json()["data"]["viewer"]["rateLimit"] == dict.fromkeys(
        ("limit", "remaining", "resetAt", "pointsLimit", "pointsRemaining", "pointsResetAt")
    )


def _over_limit(metrics: str) -> dict[tuple[str, ...], float]:
    return {
        (sample.labels["quota"], sample.labels["outcome"]): sample.value
        for family in text_string_to_metric_families(metrics)
        for sample in family.samples
        if sample.name == "jackfield_rate_limited_total" and sample.labels["quota"] not in QUEUES
    }
