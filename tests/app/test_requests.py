"""Every request has an id and a line in the log, whatever becomes of it."""

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from gql.app import create_app
from gql.app.logs import JsonLines
from gql.errors import GatewayError, NotFound
from gql.settings import Settings
from tests.conftest import bearer, connect
from tests.databases import Copy

GENERATED = re.compile(r"[0-9a-f]{32}")


@pytest.mark.parametrize("sent", ["a", "trace-1.2_3", "x" * 64])
async def test_a_sane_id_is_kept(client: httpx2.AsyncClient, sent: str) -> None:
    response = await client.get("/healthz", headers={"X-Request-ID": sent})

    assert response.headers.get_list("x-request-id") == [sent]


@pytest.mark.parametrize("sent", [b"", b"x" * 65, b"a b", b'a"b', b"a\x85b", b"%0a"])
async def test_any_other_id_is_replaced(client: httpx2.AsyncClient, sent: bytes) -> None:
    response = await client.get("/healthz", headers=[(b"X-Request-ID", sent)])

    assert GENERATED.fullmatch(response.headers["x-request-id"])


@pytest.mark.parametrize(
    "path", ["/", "/healthz", "/readyz", "/graphql", "/nowhere", "/auth/login"]
)
async def test_every_answer_carries_one(client: httpx2.AsyncClient, path: str) -> None:
    first, second = await asyncio.gather(client.get(path), client.get(path))

    assert GENERATED.fullmatch(first.headers["x-request-id"])
    assert first.headers["x-request-id"] != second.headers["x-request-id"]


async def test_a_graphql_error_names_the_id(client: httpx2.AsyncClient) -> None:
    response = await client.post(
        "/graphql", json={"query": "{ __typename }"}, headers={"X-Request-ID": "mine"}
    )

    assert response.json()["errors"][0]["extensions"]["requestId"] == "mine"


async def test_one_line_per_request_without_its_query_string(
    client: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "gql.app.requests"):
        await client.get("/nowhere%0Afake?token=secret", headers={"X-Request-ID": "mine"})

    lines = [JsonLines().format(record) for record in caplog.records]
    assert len(lines) == 1
    assert "\n" not in lines[0]
    line = json.loads(lines[0])
    assert isinstance(line.pop("ms"), float)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("time"))
    assert line == {
        "level": "info",
        "logger": "gql.app.requests",
        "message": "request",
        "method": "GET",
        "path": "/nowhere\nfake",
        "status": 404,
        "request_id": "mine",
    }


async def test_a_line_says_who_asked_for_which_operation_and_how_it_was_answered(
    app: Starlette, shared: Copy, caplog: pytest.LogCaptureFixture
) -> None:
    long = "L" * 150
    key = shared.organizations[0]
    bodies = [
        {"query": "query Newest { calls(first: 1) { totalCount } }"},
        {"query": "query Newest { calls(first: 1) { totalCount } }"},
        {"query": f"query {long} {{ viewer {{ method }} }}"},
        {"query": "mutation Nothing { deleteGraph(input: {id: 999999}) { userErrors { code } } }"},
    ]
    async with connect(app) as client:
        with caplog.at_level(logging.INFO, "gql.app.requests"):
            for body in bodies:
                await client.post("/graphql", json=body, headers=bearer(key))
            await client.get("/api/v1/calls?limit=1", headers=bearer(key))

    lines = [json.loads(JsonLines().format(record)) for record in caplog.records]
    assert {line["organization"] for line in lines} == {key.id}
    assert all(re.fullmatch(r"api_key_\d+", line["credential"]) for line in lines)
    operations = [(line.get("operation"), line.get("way")) for line in lines]
    compiled = app.state.settings.compiled
    query = "plan" if compiled else "resolvers"
    assert operations == [
        ("Newest", query),
        ("Newest", query),
        ("L" * 100, query),
        ("Nothing", "resolvers"),
        (None, None),
    ]
    assert lines[0]["points"] == lines[1]["points"] > 0


async def fail(_request: Request) -> Response:
    raise RuntimeError("the secret is 1234")


async def fail_late(_request: Request) -> Response:
    async def body() -> AsyncIterator[bytes]:
        yield b"half"
        raise RuntimeError("the secret is 1234")

    return StreamingResponse(body())


async def refuse(_request: Request) -> Response:
    raise NotFound("call", 7)


async def fail_vaguely(_request: Request) -> Response:
    raise GatewayError("the secret is 1234")


async def identify(request: Request) -> Response:
    return PlainTextResponse(request.state.request_id)


FAILING = (
    Route("/fail", fail),
    Route("/fail-late", fail_late),
    Route("/fail-vaguely", fail_vaguely),
    Route("/refuse", refuse),
    Route("/identify", identify),
)


@pytest.fixture
def failing_app(settings: Settings) -> Starlette:
    """The production application, with more routes at its end."""
    app = create_app(settings)
    app.router.routes.extend(FAILING)
    return app


@pytest.mark.parametrize("path", ["/fail", "/fail-vaguely"])
async def test_a_bug_is_logged_whole_and_answered_with_nothing_but_the_id(
    failing_app: Starlette, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    async with connect(failing_app) as client:
        response = await client.get(path, headers={"X-Request-ID": "mine"})

    assert response.status_code == 500
    assert response.headers["x-request-id"] == "mine"
    assert response.json() == {"detail": "Internal Server Error", "request_id": "mine"}
    logged = [record for record in caplog.records if record.levelname == "ERROR"]
    assert len(logged) == 1
    line = json.loads(JsonLines().format(logged[0]))
    assert line["request_id"] == "mine"
    assert "the secret is 1234" in line["exception"]


async def test_half_an_answer_is_broken_off(failing_app: Starlette) -> None:
    transport = httpx2.ASGITransport(failing_app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        with pytest.raises(RuntimeError, match="the secret"):
            await client.get("/fail-late")


async def test_a_fact_raised_below_is_answered_with_its_status(failing_app: Starlette) -> None:
    async with connect(failing_app) as client:
        response = await client.get("/refuse")

    assert response.status_code == 404
    assert response.json() == {"detail": "There is no call 7 in your organization."}


async def test_routes_find_the_id_in_the_request(failing_app: Starlette) -> None:
    async with connect(failing_app) as client:
        response = await client.get("/identify", headers={"X-Request-ID": "mine"})

    assert response.text == "mine"
