"""Who asks again what was expensive is given the same, as long as it is what the database has."""

import json
from itertools import pairwise
from typing import Any

import httpx2
import pytest

from gql.app import create_app
from gql.engine.answer_cache import CACHED_FROM
from tests.conftest import bearer, connect
from tests.databases import Copy, settings_for
from tests.events.sockets import connected
from tests.lifespan import running
from tests.polling.reads import PLAIN, fetched, only_stamps, points_left, run

COSTS = """query($status: CallStatus) {
    costs(filter: {status: {eq: $status}}, groupBy: [ASSISTANT]) {
        groupCount groups { calls assistant { name } cost { total } } } }"""
CHEAP = """query($status: CallStatus) {
    calls(first: 2, filter: {status: {eq: $status}}) { nodes { id } } }"""


async def ask(
    client: httpx2.AsyncClient,
    copy: Copy,
    query: str = COSTS,
    status: str = "COMPLETED",
    *,
    organization: int = 0,
    **headers: str,
) -> httpx2.Response:
    body = {"query": query, "variables": {"status": status}}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    more = {**bearer(copy.organizations[organization]), **PLAIN, **named}
    response = await client.post("/graphql", json=body, headers=more)
    assert response.status_code == 200
    return response


async def test_the_same_again_reads_the_stamps_alone(
    fresh_client: httpx2.AsyncClient, fresh: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    with fetched(monkeypatch) as first_texts:
        first = await ask(fresh_client, fresh)
    for _ in range(2):
        with fetched(monkeypatch) as texts:
            again = await ask(fresh_client, fresh)

        assert again.content == first.content
        assert only_stamps(texts)
    assert len(first_texts) == 1


async def test_what_is_another_request_is_read(
    fresh_client: httpx2.AsyncClient, fresh: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await ask(fresh_client, fresh)
    others: tuple[dict[str, Any], ...] = (
        {"status": "FAILED"},
        {"organization": 1},
        {"query": COSTS.replace("cost { total }", "cost { total llm }")},
    )
    for other in others:
        with fetched(monkeypatch) as texts:
            answer = await ask(fresh_client, fresh, **other)

        assert len(texts) == 1, other
        assert "FROM call" in texts[0]
        assert answer.content != first.content


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE call SET total_cost = total_cost + 1 WHERE organization_id = 1",
        "UPDATE assistant SET name = name || '!' WHERE organization_id = 1",
        "DELETE FROM cost_entry WHERE organization_id = 1",
    ],
)
async def test_what_was_changed_is_read(
    fresh_client: httpx2.AsyncClient, fresh: Copy, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    first = await ask(fresh_client, fresh)
    await run(fresh, change)
    with fetched(monkeypatch) as texts:
        second = await ask(fresh_client, fresh)
    with fetched(monkeypatch) as again_texts:
        third = await ask(fresh_client, fresh)

    assert len(texts) == 2
    assert (second.content == first.content) is change.startswith("DELETE")
    assert third.content == second.content
    assert only_stamps(again_texts)


async def test_what_others_change_changes_nothing(
    fresh_client: httpx2.AsyncClient, fresh: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ask(fresh_client, fresh)
    await run(fresh, "UPDATE call SET total_cost = 1 WHERE organization_id = 2")
    with fetched(monkeypatch) as texts:
        await ask(fresh_client, fresh)

    assert only_stamps(texts)


async def test_what_is_cheap_is_read_each_time(
    fresh_client: httpx2.AsyncClient, fresh: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        with fetched(monkeypatch) as texts:
            await ask(fresh_client, fresh, CHEAP)

        assert len(texts) == 1
        assert "FROM call" in texts[0]


async def test_without_room_nothing_is_cached(fresh: Copy, monkeypatch: pytest.MonkeyPatch) -> None:
    app = create_app(settings_for(fresh.url, answer_cache_bytes=0))
    async with running(app), connect(app) as client:
        for _ in range(3):
            with fetched(monkeypatch) as texts:
                await ask(client, fresh)

            assert len(texts) == 1
            assert "FROM call" in texts[0]


async def test_it_is_counted_and_a_read_of_it_has_its_tag(fresh: Copy) -> None:
    token = "0" * 32
    app = create_app(settings_for(fresh.url, metrics_token=token))
    async with running(app), connect(app) as client:
        first = await ask(client, fresh)
        await ask(client, fresh)
        params = {"query": COSTS, "variables": '{"status": "COMPLETED"}'}
        owner = {**bearer(fresh.organizations[0]), **PLAIN}
        read = await client.get("/graphql", params=params, headers=owner)
        tag = {"if-none-match": read.headers["etag"]}
        unchanged = await client.get("/graphql", params=params, headers={**owner, **tag})
        headers = {"authorization": f"Bearer {token}"}
        metrics = (await client.get("/metrics", headers=headers)).text

    assert read.content == first.content
    assert unchanged.status_code == 304
    assert 'operations_total{field="",reason="none",way="plan"} 1.0' in metrics
    assert 'operations_total{field="",reason="none",way="cache"} 2.0' in metrics
    assert 'jackfield_cache_entries{cache="answers"} 1.0' in metrics


async def test_it_costs_a_point_by_whatever_way_it_is_asked_for(fresh: Copy) -> None:
    """And what had to be read costs its price, the point of comparing included."""
    app = create_app(settings_for(fresh.url, rate_limit_requests=0))
    owner = {**bearer(fresh.organizations[0]), **PLAIN}
    variables = {"status": "COMPLETED"}
    params = {"query": COSTS, "variables": json.dumps(variables)}
    left: list[int] = []

    async with running(app), connect(app) as client:
        price = (await ask(client, fresh, jackfield_cost="dry-run")).json()["extensions"]["cost"]

        async def note_points_left() -> None:
            left.append(points_left(await ask(client, fresh, "{ __typename }")))

        await note_points_left()
        first = await ask(client, fresh)
        await note_points_left()
        again = await ask(client, fresh)
        await note_points_left()
        read = await client.get("/graphql", params=params, headers=owner)
        await note_points_left()
        async with connected(app, owner) as socket:
            await socket.init()
            socket.subscribe(COSTS, **variables)
            by_socket = await socket.next()
        await note_points_left()
        tag = {"if-none-match": read.headers["etag"]}
        unchanged = await client.get("/graphql", params=params, headers={**owner, **tag})
        await note_points_left()
        await run(fresh, "UPDATE call SET total_cost = total_cost + 1 WHERE organization_id = 1")
        changed = await client.get("/graphql", params=params, headers={**owner, **tag})
        await note_points_left()

    assert first.content == again.content == read.content != changed.content
    assert by_socket["payload"] == first.json()
    assert (unchanged.status_code, changed.status_code) == (304, 200)
    points = price["points"]
    assert points > CACHED_FROM
    assert [a - b for a, b in pairwise(left)] == [points, 1, 1, 1, 1, points]
