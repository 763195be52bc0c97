"""Raw HTTP/1.1 over asyncio: attacks need half requests, and answers that nobody reads."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

HOST = "127.0.0.1"

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def connect(port: int, *, receive_buffer: int | None = None) -> AsyncIterator[Connection]:
    """A connection that is reset at the end of the block, as by a client that vanishes.

    Args:
        port: Of this machine.
        receive_buffer: Bytes that are taken before anybody reads; a few make the sender wait.
    """
    client = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    client.setblocking(False)
    if receive_buffer is not None:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    try:
        await asyncio.get_running_loop().sock_connect(client, (HOST, port))
        reader, writer = await asyncio.open_connection(sock=client, limit=receive_buffer or 2**20)
    except BaseException:
        client.close()
        raise
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


def get(path: str, key: str) -> bytes:
    """A request for a path."""
    return f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {key}\r\n\r\n".encode()


def post(path: str, body: Any, key: str | None = None, *, headers: str = "") -> bytes:
    """A request with a JSON body; further headers end in CRLF."""
    payload = json.dumps(body).encode()
    credential = f"Authorization: Bearer {key}\r\n" if key else ""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\n{credential}{headers}"
        f"Content-Type: application/json\r\nContent-Length: {len(payload)}\r\n\r\n"
    )
    return head.encode() + payload


def graphql(document: str, key: str, **variables: Any) -> bytes:
    """A request to the GraphQL endpoint."""
    return post("/graphql", {"query": document, "variables": variables}, key)


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer.

    Attributes:
        status: Its HTTP status.
        head: Its first line and headers, in lower case.
        body: Without chunks.
    """

    status: int
    head: str
    body: bytes


async def ask(connection: Connection, request: bytes) -> Answer:
    """Send a request and read its answer; the connection stays open.

    Raises:
        ConnectionError: when the connection ends before the answer does.
    """
    reader, writer = connection
    writer.write(request)
    await writer.drain()
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        status = int(head.split(" ", 2)[1])
        if "transfer-encoding: chunked" in head:
            return Answer(status, head, await _chunks(reader))
        length = int(head.partition("content-length:")[2].partition("\r\n")[0] or 0)
        return Answer(status, head, await reader.readexactly(length))
    except asyncio.IncompleteReadError as ended:
        raise ConnectionResetError("the connection ended before the answer") from ended


async def exchange(connection: Connection, request: bytes) -> tuple[int, bytes]:
    """The same, with only the status and the body."""
    answer = await ask(connection, request)
    return answer.status, answer.body


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    """A chunked body: https://www.rfc-editor.org/rfc/rfc9112#section-7.1."""
    parts = []
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        parts.append(await reader.readexactly(size))
        await reader.readexactly(2)
    await reader.readuntil(b"\r\n")
    return b"".join(parts)
