"""WebSockets behind the protocol of production, with frames made by hand."""

import asyncio
import json
import socket
from typing import Any

from starlette.applications import Starlette

from gql.settings import Settings
from tests.http_server import listening, read_all, send

HANDSHAKE = (
    b"GET /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
    b"sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    b"sec-websocket-protocol: graphql-transport-ws\r\n\r\n"
)
PONG = b'{"type":"pong"}'


def text_frame(message: Any, claimed: int | None = None) -> bytes:
    """A masked frame, with a mask of zeros: https://www.rfc-editor.org/rfc/rfc6455#section-5.2 .

    Args:
        message: Sent as JSON.
        claimed: The length that the frame says it has, where that is not the message's.
    """
    text = json.dumps(message).encode()
    length = len(text) if claimed is None else claimed
    return b"\x81\xff" + length.to_bytes(8, "big") + bytes(4) + text


def close_frame(code: int) -> bytes:
    """What a frame that closes with a code has behind its length."""
    return code.to_bytes(2, "big")


async def ping(client: socket.socket) -> None:
    """Shake hands, and wait until a message was answered."""
    loop, answer = asyncio.get_running_loop(), b""
    await send(client, HANDSHAKE)
    while b"\r\n\r\n" not in answer:
        answer += await loop.sock_recv(client, 65_536)
    assert answer.startswith(b"HTTP/1.1 101 ")
    assert b"sec-websocket-protocol: graphql-transport-ws" in answer.lower()
    await send(client, text_frame({"type": "ping"}))
    while PONG not in answer:
        answer += await loop.sock_recv(client, 65_536)


async def test_a_server_that_restarts_says_so(app: Starlette, settings: Settings) -> None:
    async with listening(app, settings) as server:
        client = server.connect()
        await ping(client)
    with client:
        rest = await read_all(client)

    assert rest[0] == 0x88
    assert rest[2:].startswith(close_frame(1012))


async def test_a_frame_that_is_too_long_is_not_waited_for(
    app: Starlette, settings: Settings
) -> None:
    async with listening(app, settings) as server:
        with server.connect() as client:
            await ping(client)
            await send(client, text_frame({}, claimed=settings.max_body_bytes + 1))
            rest = await read_all(client)

    assert rest[0] == 0x88
    assert rest[2:].startswith(close_frame(1009))


async def test_who_reads_nothing_is_cut_off(app: Starlette, settings: Settings) -> None:
    limited = settings.model_copy(update={"send_timeout": 0.1})
    async with listening(app, limited) as server:
        with server.connect() as client:
            await ping(client)
            echoed = text_frame({"type": "ping", "payload": {"text": "x" * 100_000}})
            while await send(client, echoed):
                pass
        await server.wait_until_idle()
