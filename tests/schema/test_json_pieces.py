"""A long answer is printed in pieces, and is what one piece would be."""

import asyncio
from typing import Any

import orjson
import pytest

from gql import steps
from gql.http import entity_tags
from gql.schema import json_pieces, resolvers
from gql.schema.json_pieces import dumps_in_pieces
from gql.steps import in_steps
from tests.conftest import bearer, connect, start
from tests.databases import Copy, settings_for

LONGEST = 65_536
"""Bytes of a text or a JSON value, as they are bounded at the write."""

QUERY = """{ assistants(first: 100) { totalCount nodes { name settings calls(first: 20) {
    nodes { id callSid meta cost { total } assistant { name } } pageInfo { hasNextPage } } } } }"""


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        [],
        {
            "data": {
                "calls": None,
                "nodes": [],
                "edges": [None, {}, {"a": 1.5, "b": "\u00fc\u2028"}],
            }
        },
        {"data": {"meta": {"a": [1, [2, {"b": '"quoted"'}]], "c": {}}, "n": -1}},
        {f"a{number}": number for number in range(100)},
    ],
)
def test_pieces_are_what_is_printed_at_once(value: Any) -> None:
    assert dumps_in_pieces(value) == orjson.dumps(value)


@pytest.mark.parametrize(
    "data",
    [
        {f"a{number}": "x" * LONGEST for number in range(300)},
        {"nodes": [{"nodes": [{"content": "x" * LONGEST, "id": "1"}] * 20}] * 15},
        {"nodes": [{f"a{each}": {"prompt": "x" * LONGEST} for each in range(15)}] * 20},
        {"nodes": [{"id": str(number), "status": "COMPLETED"} for number in range(120_000)]},
    ],
    ids=["aliases", "lists", "JSON", "small objects"],
)
async def test_no_step_prints_more_than_a_part_of_an_answer_of_some_megabytes(
    data: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    printed: list[int] = [0]

    def pause() -> None:
        printed.append(0)

    def dumps(value: Any) -> bytes:
        text = orjson.dumps(value)
        printed[-1] += len(text)
        return text

    monkeypatch.setattr(json_pieces, "pause_if_long", pause)
    monkeypatch.setattr(json_pieces, "orjson", type("orjson", (), {"dumps": staticmethod(dumps)}))

    answer = dumps_in_pieces({"data": data})

    assert answer == orjson.dumps({"data": data})
    assert len(answer) > 4_000_000
    assert max(printed) < 33 * LONGEST


async def test_resolvers_answer_in_pieces_what_a_plan_answers(
    shared: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolvers, "LONG", 1)
    monkeypatch.setattr(entity_tags, "_LONG", 1)
    monkeypatch.setattr(steps, "STEP_SECONDS", 0.0)
    answers = []
    for is_compiled in (True, False):
        settings = settings_for(shared.url, compiled=is_compiled, max_resolver_cost=2_000_000)
        async with start(shared, settings) as running, connect(running.app) as client:
            headers = bearer(shared.organizations[0])
            answers.append(await client.post("/graphql", json={"query": QUERY}, headers=headers))
            query_string = {"query": QUERY}
            read = await client.get("/graphql", params=query_string, headers=headers)
            same = {**headers, "If-None-Match": read.headers["etag"]}
            again = await client.get("/graphql", params=query_string, headers=same)
            assert (read.content, again.status_code) == (answers[-1].content, 304)

    assert answers[0].content == answers[1].content
    assert len(answers[0].json()["data"]["assistants"]["nodes"]) > 3


async def test_long_work_gives_way_while_it_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "STEP_SECONDS", 0.0)
    rounds = 0

    async def count() -> None:
        nonlocal rounds
        while True:
            rounds += 1
            await asyncio.sleep(0)

    counting = asyncio.ensure_future(count())
    await in_steps(dumps_in_pieces, {"nodes": [{"id": 1}] * 50})
    counting.cancel()

    assert rounds >= 50
