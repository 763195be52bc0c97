"""A request on the short path gets the answer that it gets through all layers."""

import json
import logging
import math
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from gql.app import create_app
from gql.app.logs import JsonLines
from gql.app.short_path import ACTED_UPON, ShortPath
from tests.conftest import BASE_URL, bearer
from tests.databases import Copy, settings_for
from tests.lifespan import running

THROUGH_LAYERS = {"Jackfield-Write-Position": "0"}
"""Is acted upon only where there are replicas."""

CALL = "query One($id: ID!) { call(id: $id) { id callSid } }"
GRAPHQL_RESPONSE = "application/graphql-response+json"


def body(query: Any, **more: Any) -> bytes:
    return json.dumps({"query": query, **more}).encode()


ME = body("{ viewer { method } }")


REQUESTS: dict[str, tuple[bytes, Mapping[str, str]]] = {
    "a query": (body(CALL, variables={"id": "101"}), {}),
    "a long answer": (body("{ calls(first: 100) { nodes { id callSid meta } } }"), {}),
    "a mutation": (
        body("mutation { deleteGraph(input: {id: 999999}) { userErrors { code } } }"),
        {},
    ),
    "the type of GraphQL": (ME, {"Accept": GRAPHQL_RESPONSE}),
    "any type": (ME, {"Accept": "*/*"}),
    "a page": (ME, {"Accept": "text/html,*/*;q=0.1"}),
    "plain": (ME, {"Accept-Encoding": "identity"}),
    "a long answer, plain": (
        body("{ calls(first: 100) { nodes { id callSid meta } } }"),
        {"Accept-Encoding": "gzip;q=0"},
    ),
    "a syntax error": (body("{ calls("), {}),
    "an invalid document": (body("{ cals { totalCount } }"), {"Accept": GRAPHQL_RESPONSE}),
    "a wrong variable": (body(CALL, variables={"id": "x"}), {"Accept": GRAPHQL_RESPONSE}),
    "a missing variable": (body(CALL), {}),
    "too costly": (
        body(
            "{ graphs(first: 100) { nodes { nodes { assistant { graphs { nodes {"
            " nodes { assistant { name } } } } } } } } }"
        ),
        {},
    ),
    "no operation of that name": (body(CALL, operationName="Two"), {}),
    "a subscription": (body("subscription { calls { totalCount } }"), {}),
    "no body": (b"", {}),
    "no JSON": (b"{", {}),
    "a list": (b"[]", {}),
    "too long": (ME + b" " * 3_000_000, {}),
    "a form": (ME, {"Content-Type": "text/plain"}),
    "no content type": (ME, {"Content-Type": ""}),
    "a cookie beside the key": (ME, {"Cookie": "a=b"}),
}


CALLS = "{ calls(first: 100) { nodes { id callSid meta } } }"

TAG = "TAG"
"""Stands for the tag of the answer to the same request."""

READS: dict[str, tuple[str, Mapping[str, str]]] = {
    "a query": (CALLS, {}),
    "what the client has": (CALLS, {"If-None-Match": TAG}),
    "what the client has, among others": (CALLS, {"If-None-Match": f'"a,b", W/{TAG}'}),
    "what the client has, compressed": (CALLS, {"If-None-Match": TAG, "Accept-Encoding": "gzip"}),
    "another tag": (CALLS, {"If-None-Match": '"0.0"'}),
    "anything at all": (CALLS, {"If-None-Match": "*"}),
    "what it must be": (CALLS, {"If-Match": TAG}),
    "what it must not be": (CALLS, {"If-Match": '"0.0"', "If-None-Match": TAG}),
    "without a version": ("{ viewer { method } }", {"If-None-Match": TAG}),
    "an error": ("{ call(id: 1) { id } cals }", {"If-None-Match": '"0.0"'}),
    "a mutation": ("mutation { deleteGraph(input: {id: 1}) { userErrors { code } } }", {}),
    "a subscription": ("subscription { events { kind } }", {}),
    "nothing": ("", {}),
    "the type of GraphQL": (CALLS, {"Accept": GRAPHQL_RESPONSE, "If-None-Match": TAG}),
}


class Recorder:
    """Notes which requests come through the layers."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.number = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.number += scope["type"] == "http"
        await self.app(scope, receive, send)


def record_layers(app: Starlette) -> Recorder:
    """Have the requests noted that do not take the short path."""
    short: Any = app.middleware_stack._app  # type: ignore[union-attr]  # noqa: SLF001
    assert isinstance(short, ShortPath)
    recorder = Recorder(short._app)  # noqa: SLF001
    short._app = recorder  # noqa: SLF001
    return recorder


@pytest.fixture
async def recorder(app: Starlette) -> AsyncIterator[Recorder]:
    recorder = record_layers(app)
    yield recorder
    app.middleware_stack._app._app = recorder.app  # type: ignore[union-attr]  # noqa: SLF001


@pytest.fixture
async def poster(app: Starlette, client: httpx2.AsyncClient, shared: Copy) -> httpx2.AsyncClient:
    """A client whose key is cached."""
    client.headers.update({**bearer(shared.organizations[0]), "Content-Type": "application/json"})
    await cache_caller(app, client)
    return client


async def cache_caller(app: Starlette, client: httpx2.AsyncClient) -> None:
    """Have a client's key cached, for longer than a slow machine takes."""
    short: Any = app.middleware_stack._app  # type: ignore[union-attr]  # noqa: SLF001
    callers = short._authenticator._callers  # noqa: SLF001
    while not callers:
        await client.post("/graphql", content=ME, headers={"Content-Type": "application/json"})
    for key, caller in callers.items():
        callers[key] = caller._replace(expires=math.inf)


def comparable(response: httpx2.Response) -> tuple[int, dict[str, str], Any]:
    """An answer without what differs from request to request."""
    headers = dict(response.headers)
    request_id = headers.pop("x-request-id")
    headers.pop("ratelimit")
    text = response.text.replace(request_id, "REQUEST")
    headers.pop("content-length") if "content-encoding" in headers else None
    return response.status_code, headers, text


@pytest.mark.parametrize("name", REQUESTS)
async def test_both_ways_answer_alike(
    name: str,
    poster: httpx2.AsyncClient,
    recorder: Recorder,
    caplog: pytest.LogCaptureFixture,
) -> None:
    content, headers = REQUESTS[name]
    with caplog.at_level(logging.INFO, "gql.app.requests"):
        short = await poster.post("/graphql", content=content, headers=headers)
        assert recorder.number == 0
        layered = await poster.post(
            "/graphql", content=content, headers={**headers, **THROUGH_LAYERS}
        )
        assert recorder.number == 1

    assert comparable(short) == comparable(layered)
    lines = [json.loads(JsonLines().format(record)) for record in caplog.records]
    lines = [line for line in lines if line["logger"] == "gql.app.requests"]
    own = [{key: value for key, value in line.items() if key not in _VARYING} for line in lines]
    assert own[0] == own[1]
    assert [line["request_id"] for line in lines] == [
        response.headers["x-request-id"] for response in (short, layered)
    ]


@pytest.mark.parametrize("method", ["GET", "QUERY"])
@pytest.mark.parametrize("name", READS)
async def test_both_ways_answer_reads_alike(
    name: str, method: str, poster: httpx2.AsyncClient, recorder: Recorder
) -> None:
    query, headers = READS[name]

    async def read(headers: Mapping[str, str]) -> httpx2.Response:
        if method == "GET":
            return await poster.get("/graphql", params={"query": query}, headers=headers)
        return await poster.request(method, "/graphql", content=body(query), headers=headers)

    accept = {key: value for key, value in headers.items() if key == "Accept"}
    tag = (await read(accept)).headers.get("etag", '"0.0"')
    sent = {key: value.replace(TAG, tag) for key, value in headers.items()}
    short = await read(sent)
    assert recorder.number == 0
    layered = await read({**sent, **THROUGH_LAYERS})
    assert recorder.number == 1

    assert comparable(short) == comparable(layered)
    assert (short.status_code == 304) is (
        name.startswith(("what the client has", "anything", "without", "the type"))
    )


async def test_a_person_who_opens_the_address_goes_through_the_layers(
    poster: httpx2.AsyncClient, recorder: Recorder
) -> None:
    answer = await poster.get("/graphql", headers={"Accept": "text/html"})

    assert (answer.status_code, recorder.number) == (303, 1)


_VARYING = {"time", "ms", "request_id"}


@pytest.mark.parametrize("name", sorted(ACTED_UPON))
async def test_a_header_that_is_acted_upon_goes_through_the_layers(
    name: bytes, poster: httpx2.AsyncClient, recorder: Recorder
) -> None:
    headers = {name.decode(): "1"}

    await poster.post("/graphql", content=ME, headers=headers)

    assert recorder.number == 1


@pytest.mark.parametrize(
    "headers",
    [
        [("Accept", "*/*"), ("Accept", "application/json")],
        [("Accept", "image/png")],
        [("Authorization", "Bearer other")],
        [("Content-Type", "application/json")],
    ],
)
async def test_what_is_not_usual_goes_through_the_layers(
    headers: list[tuple[str, str]], poster: httpx2.AsyncClient, recorder: Recorder
) -> None:
    own = [(name, value) for name, value in poster.headers.items() if name != "accept"]
    request = poster.build_request("POST", "/graphql", content=ME)
    request.headers = httpx2.Headers([*own, *headers])

    await poster.send(request)

    assert recorder.number == 1


async def test_quotas_count_on_both_ways(shared: Copy) -> None:
    app = create_app(settings_for(shared.url, rate_limit_key_requests=20))
    transport = httpx2.ASGITransport(app)
    headers = {**bearer(shared.organizations[0]), "Content-Type": "application/json"}
    async with (
        running(app),
        httpx2.AsyncClient(transport=transport, base_url=BASE_URL, headers=headers) as client,
    ):
        await cache_caller(app, client)
        recorder = record_layers(app)
        left = [
            _left(await client.post("/graphql", content=ME, headers=each))
            for each in ({}, {}, THROUGH_LAYERS, {})
        ]
        more = [await client.post("/graphql", content=ME) for _ in range(left[-1] + 1)]
        last = await client.post("/graphql", content=ME, headers=THROUGH_LAYERS)

    assert recorder.number == 2
    assert [number - left[0] for number in left] == [0, -1, -2, -3]
    assert [each.status_code for each in more] == [200] * left[-1] + [429]
    assert (last.status_code, _left(last)) == (429, 0)
    messages = [each.json()["errors"][0]["message"].split("try")[0] for each in (more[-1], last)]
    assert messages[0] == messages[1]


def _left(answer: httpx2.Response) -> int:
    """How many requests the key may still send."""
    (part,) = (each for each in answer.headers["ratelimit"].split(", ") if "key-req" in each)
    return int(part.split(";")[1].removeprefix("r="))


async def test_a_key_that_is_revoked_is_not_let_in(fresh_app: Starlette, fresh: Copy) -> None:
    transport = httpx2.ASGITransport(fresh_app)
    headers = {**bearer(fresh.organizations[0]), "Content-Type": "application/json"}
    async with httpx2.AsyncClient(
        transport=transport, base_url=BASE_URL, headers=headers
    ) as client:
        await cache_caller(fresh_app, client)
        recorder = record_layers(fresh_app)
        viewer = await client.post("/graphql", content=body("{ viewer { apiKey { id } } }"))
        key = viewer.json()["data"]["viewer"]["apiKey"]["id"]
        revoke = f'mutation {{ revokeApiKey(input: {{id: "{key}"}}) {{ apiKey {{ isActive }} }} }}'
        revoked = await client.post("/graphql", content=body(revoke))
        assert recorder.number == 0
        refused = await client.post("/graphql", content=ME)

    assert revoked.json() == {"data": {"revokeApiKey": {"apiKey": {"isActive": False}}}}
    assert (refused.status_code, recorder.number) == (401, 1)
