"""`jackfield mirror` and `jackfield mirror verify`, as a person runs them against a server."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from uvicorn import Config, Server

from tests.cli.conftest import Cli, cli
from tests.databases import Copy
from tests.http_server import until
from tests.mirror.documented_server import NOW, DocumentedServer, Shape, make_organization

__all__ = ["cli"]


@asynccontextmanager
async def listening(app: Starlette) -> AsyncIterator[str]:
    """The address of a server of an application, on loopback."""
    server = Server(Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off"))
    task = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await task


async def test_a_person_copies_an_organization_and_proves_it(
    cli: Cli, fresh: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    organization = make_organization(calls=6, conversations=2)
    server = DocumentedServer(organization, Shape(string_ids=True))
    monkeypatch.setenv("SOURCE_KEY", "secret of the source")
    created = await cli("organizations", "create", "Copied", "--json", "--database", fresh.url)
    own = str(json.loads(created.out)["id"])

    async with listening(server.app) as url:
        words = ("--from", url, "--api-key-env", "SOURCE_KEY", "-o", own, "--database", fresh.url)
        copied = await cli("mirror", *words)
        same = await cli("mirror", "verify", *words)
        message = {"id": 77, "role": "user", "content": "Wait", "timestamp": NOW}
        organization.messages["1"].append(message)
        differs = await cli("mirror", "verify", *words)
        machine = await cli("mirror", "verify", "--json", *words)

    assert (copied.code, same.code, differs.code, machine.code) == (0, 0, 1, 1)
    assert "calls: 6 read\n" in copied.out
    assert "requests" in copied.err
    assert same.out.splitlines()[0].startswith("Statement of ")
    assert same.out.endswith("Nothing differs.\n")
    assert "messages CA00000000000000000000000000000001 77" in differs.out
    (difference,) = json.loads(machine.out)["differences"]
    assert difference["collection"] == "messages"
    assert "secret" not in copied.out + copied.err + differs.out + machine.out


@pytest.mark.parametrize(
    ("words", "problem", "advice"),
    [
        ((), "The server or its API key is missing.", "--api-key-env NAME"),
        (
            ("--from", "api.example.com", "--api-key-env", "X"),
            "api.example.com is no address",
            "https://",
        ),
        (
            ("--from", "https://x.example", "--api-key-env", "NO_SUCH_NAME"),
            "The variable NO_SUCH_NAME is not set.",
            "export NO_SUCH_NAME=",
        ),
    ],
)
@pytest.mark.parametrize("command", [("mirror",), ("mirror", "verify")])
async def test_what_is_missing_is_named(
    cli: Cli, command: tuple[str, ...], words: tuple[str, ...], problem: str, advice: str
) -> None:
    result = await cli(*command, *words)

    assert result.code == 1
    assert problem in result.err
    assert advice in result.err


async def _unauthenticated(_request: Request, _error: Exception) -> Response:
    return Response(status_code=401)


async def test_a_server_that_refuses_the_key_ends_the_command_with_advice(
    cli: Cli, fresh: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_KEY", "wrong")
    refusing = Starlette()
    refusing.add_exception_handler(404, _unauthenticated)

    async with listening(refusing) as url:
        words = ("--from", url, "--api-key-env", "SOURCE_KEY", "--database", fresh.url)
        result = await cli("mirror", *words)

    assert result.code == 1
    assert "answers 401 to GET /api/v1/assistants" in result.err
    assert "Is the API key right" in result.err
