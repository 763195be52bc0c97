"""The documented live transcript behind the protocol of production: raw frames, a real client."""

import asyncio
import json
import logging
import socket
from datetime import datetime
from typing import Any

import pytest
from starlette.applications import Starlette
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError

from gql.settings import Settings
from tests.conftest import GraphQL
from tests.databases import Copy
from tests.events.spoken import SID, SpokenCall
from tests.events.test_socket_server import close_frame, text_frame
from tests.http_server import listening, read_all, send

SHORT = 126
"""From this length on, two further bytes have it."""


@pytest.fixture
def key(fresh: Copy) -> str:
    """Of a member of the first organization."""
    return fresh.organizations[0].api_key


@pytest.fixture
async def call(fresh_graphql: GraphQL) -> SpokenCall:
    """A call in which something was said."""
    call = SpokenCall(fresh_graphql)
    await call.begin()
    await call.say("Good morning.", speaker="ASSISTANT")
    return call


async def listen(client: ClientConnection, transcript: list[str], until: str) -> str:
    """Read messages as the documents have them, until something is said; the call's status."""
    status = ""
    async for raw in client:
        message = json.loads(raw)
        datetime.fromisoformat(message["timestamp"])
        match message["type"]:
            case "call_status":
                status = message["status"]
            case "transcript":
                data = message["data"]
                transcript.append(f"{data['speaker']}: {data['content']}")
                if data["content"] == until:
                    return status
            case kind:
                assert kind == "connection_established"
    raise AssertionError(f"closed before {until!r} was said: {transcript}")


@pytest.mark.parametrize("brought_by", ["token", "header", "subprotocol"])
async def test_a_client_of_the_documents_follows_a_call_over_a_cut(
    fresh_app: Starlette,
    settings: Settings,
    call: SpokenCall,
    key: str,
    brought_by: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nothing that any library logs has the key in it."""
    caplog.set_level(logging.DEBUG, "uvicorn")
    caplog.set_level(logging.DEBUG, "gql")
    query = f"?token={key}" if brought_by == "token" else ""
    options: dict[str, Any] = {}
    if brought_by == "header":
        options["additional_headers"] = {"Authorization": f"Bearer {key}"}
    if brought_by == "subprotocol":
        options["subprotocols"] = [f"burki-token-{key}"]
    transcript: list[str] = []
    async with listening(fresh_app, settings) as server:
        url = f"ws://127.0.0.1:{server.port}/live-transcript/{SID}{query}"
        async with connect(url, **options) as client:
            assert [client.subprotocol] == options.get("subprotocols", [None])
            await listen(client, transcript, until="Good morning.")
            await call.say("Hello?", first=1)
            assert await listen(client, transcript, until="Hello?") == ""
            client.transport.abort()
        await call.say("Are you there?", first=2)
        again: list[str] = []
        async with connect(url, **options) as client:
            assert await listen(client, again, until="Are you there?") == "in-progress"
    assert transcript == ["assistant: Good morning.", "user: Hello?"]
    assert again == [*transcript, "user: Are you there?"]
    assert key not in caplog.text


async def test_a_client_that_is_not_known_reads_why(
    fresh_app: Starlette, settings: Settings
) -> None:
    async with listening(fresh_app, settings) as server:
        url = f"ws://127.0.0.1:{server.port}/live-transcript/{SID}?token=wrong"
        async with connect(url) as client:
            error = json.loads(await client.recv())
            with pytest.raises(ConnectionClosedError) as closed:
                await client.recv()

    assert error["error"] == "authentication_failed"
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1008, error["message"])


async def test_raw_frames(
    fresh_app: Starlette, settings: Settings, call: SpokenCall, key: str
) -> None:
    await call.say("Hello?", first=1)
    async with listening(fresh_app, settings) as server:
        with server.connect() as client:
            head, rest = await shake_hands(client, f"/live-transcript/{SID}/", key)
            messages, rest = await read_frames(client, rest, 4)
            await send(client, text_frame({"type": "ping"}))
            (pong,), rest = await read_frames(client, rest, 1)
            await send(client, text_frame({}, claimed=settings.max_body_bytes + 1))
            end = rest + await read_all(client)

    assert head.startswith(b"HTTP/1.1 101 ")
    assert f"sec-websocket-protocol: burki-token-{key}".lower().encode() in head.lower()
    assert [each["type"] for each in messages] == [
        *("connection_established", "call_status", "transcript", "transcript"),
    ]
    assert pong.keys() == {"type", "timestamp"}
    assert end[0] == 0x88
    assert end[2:].startswith(close_frame(1009))


async def shake_hands(client: socket.socket, path: str, key: str) -> tuple[bytes, bytes]:
    """The head of the answer, and what came behind it."""
    loop, answer = asyncio.get_running_loop(), b""
    await send(
        client,
        f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
        "sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        f"sec-websocket-protocol: burki-token-{key}\r\n\r\n".encode(),
    )
    while b"\r\n\r\n" not in answer:
        answer += await loop.sock_recv(client, 65_536)
    head, _, rest = answer.partition(b"\r\n\r\n")
    return head, rest


async def read_frames(client: socket.socket, data: bytes, number: int) -> tuple[list[Any], bytes]:
    """Messages of unmasked frames, and what came behind them."""
    loop = asyncio.get_running_loop()
    messages: list[Any] = []
    while len(messages) < number:
        start = 2 if len(data) < 2 or data[1] < SHORT else 4
        length = 0
        if len(data) >= start:
            length = data[1] if start == 2 else int.from_bytes(data[2:4], "big")
        if len(data) < start + length or not data:
            data += await loop.sock_recv(client, 65_536)
            continue
        assert data[0] == 0x81
        messages.append(json.loads(data[start : start + length]))
        data = data[start + length :]
    return messages, data
