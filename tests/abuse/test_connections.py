"""Connections that send without end, hardly at all, or do not read: each is bounded."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
from starlette.applications import Starlette
from uvicorn import Config
from uvicorn.server import ServerState

from gql.app.http_connection import (
    LEAST_SENT,
    MOST_PIPELINED,
    PARSED_AT_ONCE,
    BoundedHttpProtocol,
    ConnectionLimits,
    ConnectionWatch,
)
from gql.settings import Settings
from tests.databases import settings_for
from tests.http_server import LOOK_SECONDS, HttpServer, listening, read_all, send, until
from tests.live import LiveServer

HEADER_BYTES = 4_096
ALIVE = b"GET /healthz HTTP/1.1\r\nhost: a\r\n"
LAST = b"connection: close\r\n\r\n"
HEAD_TOO_LONG = b'{"detail":"The head of the request is longer than 4096 bytes."}'
FIELD = b"X-A: " + b"a" * 1_000 + b"\r\n"
NEVER = 1e9
"""Seconds after which nothing happens in a test."""


def bounded(**changes: Any) -> Settings:
    """Settings with small sizes, and times that never pass unless they are changed."""
    patient = dict.fromkeys(("header_timeout", "body_timeout", "send_timeout"), NEVER)
    sizes = {"max_header_bytes": HEADER_BYTES, "max_body_bytes": 10_000}
    return settings_for("sqlite:///unused.db", **{**patient, **sizes, **changes})


@pytest.fixture
async def server(app: Starlette) -> AsyncIterator[HttpServer]:
    async with listening(app, bounded()) as server:
        yield server


def status_of(answer: bytes) -> bytes:
    return answer.split(b"\r\n", 1)[0]


@pytest.mark.parametrize(
    ("start", "part"),
    [
        (b"GET / HTTP/1.1\r\n", FIELD),
        (b"GET / HTTP/1.1\r\nX-A: ", b"a" * 1_000),
        (b"GET /", b"a" * 1_000),
        (ALIVE + b"\r\nGET / HTTP/1.1\r\n", FIELD),
    ],
    ids=["fields", "one field", "an address", "behind a request"],
)
async def test_a_head_without_end_is_refused(server: HttpServer, start: bytes, part: bytes) -> None:
    with server.connect() as client:
        parts_sent = 0
        while await send(client, start if not parts_sent else part):
            parts_sent += 1
            await asyncio.sleep(0)  # the server runs in this loop
            if parts_sent * len(part) > 2 * (HEADER_BYTES + PARSED_AT_ONCE):
                break
        answer = await read_all(client)

    if answer:  # closing may overtake the words when more is on its way
        last = answer[answer.rindex(b"HTTP/1.1") :]
        assert status_of(last) == b"HTTP/1.1 431 Request Header Fields Too Large"
        assert last.endswith(HEAD_TOO_LONG)
    await server.wait_until_idle()
    assert server.app.requests == (1 if start.startswith(ALIVE) else 0)


async def test_a_head_of_the_longest_length_is_served_and_a_longer_one_told_why(
    server: HttpServer,
) -> None:
    fitting = b"X-A: " + b"a" * (HEADER_BYTES - 200) + b"\r\n"

    served = await server.ask(ALIVE, fitting, LAST)
    refused = await server.ask(ALIVE, b"X-A: " + b"a" * HEADER_BYTES)

    assert status_of(served) == b"HTTP/1.1 200 OK"
    assert status_of(refused) == b"HTTP/1.1 431 Request Header Fields Too Large"
    assert b"\r\nconnection: close\r\n" in refused
    assert b"\r\ncontent-type: application/json\r\n" in refused
    assert refused.endswith(b"\r\n\r\n" + HEAD_TOO_LONG)
    assert server.app.requests == 1


@pytest.mark.parametrize("header_bytes", [HEADER_BYTES, 2 * PARSED_AT_ONCE + 1_000])
@pytest.mark.parametrize("first", [b"", ALIVE + b"\r\n"], ids=["alone", "behind a request"])
async def test_a_head_may_have_exactly_the_bytes_of_the_limit(
    app: Starlette, header_bytes: int, first: bytes
) -> None:
    """However it is cut into parts, and whatever came before it in the same part."""
    start = ALIVE + b"X-A: "
    fitting = start + b"a" * (header_bytes - len(start + b"\r\n" + LAST)) + b"\r\n" + LAST
    longer = fitting.replace(b"X-A: ", b"X-A: a")
    others = 1 if first else 0
    async with listening(app, bounded(max_header_bytes=header_bytes)) as server:
        for parts in ([first + fitting], [first + fitting[:10], fitting[10:]]):
            answer = await server.ask(*parts)
            assert answer.count(b"HTTP/1.1 200 OK") == others + 1
        served = server.app.requests
        for parts in ([first + longer], [first + longer[:-1], longer[-1:]]):
            answer = await server.ask(*parts)
            assert answer.count(b"HTTP/1.1 200 OK") <= others

    assert served == 2 * (others + 1)
    assert server.app.requests == served + 2 * others


async def test_a_head_behind_a_body_that_nobody_reads_is_bounded(server: HttpServer) -> None:
    """An early answer leaves the body unfinished for uvicorn, whatever comes after."""
    post = b"POST /healthz HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n"

    served = await server.ask(post, b"a" * 9, ALIVE[:20], ALIVE[20:] + LAST)
    longer = ALIVE + FIELD * (HEADER_BYTES // len(FIELD) + 1) + LAST
    refused = await server.ask(post, b"a" * 9, longer)

    assert re.findall(rb"HTTP/1.1 (\d+)", served) == [b"405", b"200"]
    assert b"HTTP/1.1 200" not in refused
    assert server.app.requests <= 3


async def test_a_long_body_does_not_count_as_the_next_head(server: HttpServer) -> None:
    body = b'{"query": "{ __typename }"' + b" " * 9_000 + b"}"
    head = b"POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"
    halves = body[:4_000], body[4_000:]

    answer = await server.ask(
        head + b"content-length: %d\r\n\r\n" % len(body), *halves, ALIVE[:9], ALIVE[9:], LAST
    )

    assert answer.count(b"HTTP/1.1 ") == 2
    assert status_of(answer[answer.rindex(b"HTTP/1.1") :]) == b"HTTP/1.1 200 OK"


@pytest.mark.parametrize("part", [FIELD, b"1;" + b"a" * 1_000 + b"\r\nx\r\n"])
async def test_trailers_and_chunks_without_end_are_cut(server: HttpServer, part: bytes) -> None:
    """Nobody reads this body: `/healthz` answers at once, and what comes after is dropped."""
    start = b"POST /graphql HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n"
    if part is FIELD:
        start += b"1\r\na\r\n0\r\n"
    parts_sent = 0
    with server.connect() as client:
        while await send(client, part if parts_sent else start):
            parts_sent += 1
            await asyncio.sleep(0)
            assert parts_sent < 10_000

    await server.wait_until_idle()


async def test_many_requests_in_one_go_end_the_connection(server: HttpServer) -> None:
    answer = await server.ask((ALIVE + b"\r\n") * 20_000)

    await server.wait_until_idle()
    assert answer.count(b"HTTP/1.1 200") <= 1
    assert server.app.requests <= 1


async def test_a_few_requests_in_one_go_are_answered_in_order(server: HttpServer) -> None:
    paths = [b"/healthz", b"/nothing"] * (MOST_PIPELINED // 2)
    requests = [b"GET %s HTTP/1.1\r\nhost: a\r\n" % path for path in paths]

    answer = await server.ask(b"\r\n".join([*requests, ALIVE + LAST]))

    statuses = re.findall(rb"HTTP/1.1 (\d+)", answer)
    assert statuses == [b"200", b"404"] * (MOST_PIPELINED // 2) + [b"200"]


HALF_BODY = b"\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{"


async def test_items_come_in_any_length_and_time_but_not_with_silence(
    app: Starlette, owner: dict[str, str]
) -> None:
    """Each line is answered, so the next one is sent when the one before was taken."""
    head = (
        b"POST /api/v1/ingest HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\nauthorization: "
    )
    head += owner["Authorization"].encode() + b"\r\n\r\n"
    refused = b"{" + b" " * 4_000 + b"}\n"
    chunk = b"%x\r\n%s\r\n" % (len(refused), refused)
    loop = asyncio.get_running_loop()
    settings = bounded(body_timeout=1e6)
    async with listening(app, settings, look_seconds=NEVER) as server:
        with server.connect() as client:
            await send(client, head)
            answers = b""
            for number in range(1, 16):
                await send(client, chunk)
                while b'"line":%d,' % number not in answers:
                    answers += await loop.sock_recv(client, 65_536)
                (connection,) = cast("set[BoundedHttpProtocol]", server.state.connections)
                # Much later than the time for a body, each time less than it after the last line.
                connection.end_if_late(loop.time() + number * 0.9e6)
            assert not connection.transport.is_closing()
            connection.end_if_late(loop.time() + 16 * 0.9e6 + 1e6)
            await read_all(client)
            assert connection.transport.is_closing()

    assert 15 * len(chunk) > 2 * ConnectionLimits.of(bounded()).body_bytes


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"", b""),
        (b"GET / HTTP/1.1\r\nho", b"HTTP/1.1 408 Request Timeout"),
        (b"POST /graphql HTTP/1.1\r\nauthorization: " + HALF_BODY, b"HTTP/1.1 408 Request Timeout"),
        (b"POST /healthz HTTP/1.1\r\nhost: a" + HALF_BODY, b"HTTP/1.1 405 Method Not Allowed"),
    ],
    ids=["silence", "half a head", "half a body", "half a refused body"],
)
async def test_what_does_not_arrive_in_time_is_ended(
    app: Starlette, owner: dict[str, str], sent: bytes, status: bytes
) -> None:
    credential = b"authorization: " + owner["Authorization"].encode()
    settings = bounded(header_timeout=0.1, body_timeout=0.1)
    async with listening(app, settings) as server:
        answer = await server.ask(sent.replace(b"authorization: ", credential))
        await server.wait_until_idle()
        honest = await server.ask(ALIVE + LAST)

    assert answer.count(b"HTTP/1.1 ") == (1 if sent else 0)
    assert status_of(answer) == status
    assert status_of(honest) == b"HTTP/1.1 200 OK"


async def test_half_a_second_head_is_ended(app: Starlette) -> None:
    async with listening(app, bounded(header_timeout=0.1)) as server:
        with server.connect() as client:
            await send(client, ALIVE + b"\r\n")
            await until(lambda: server.app.requests == 1 and not server.state.tasks)
            await send(client, b"GET")
            answer = await read_all(client)

    assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"200", b"408"]


async def test_a_head_that_drips_is_ended(app: Starlette) -> None:
    async with listening(app, bounded(header_timeout=0.1)) as server:
        with server.connect() as client:
            await send(client, b"GET / HTTP/1.1\r\n")
            while await send(client, b"X: x\r\n"):  # noqa: ASYNC110 -- it is a drip
                await asyncio.sleep(LOOK_SECONDS)

        await server.wait_until_idle()
        assert server.app.requests == 0


async def test_an_answer_that_nobody_reads_is_ended(app: Starlette) -> None:
    async with listening(app, bounded(send_timeout=0.1)) as server:
        with server.connect() as client:
            await send(client, b"GET /openapi.json HTTP/1.1\r\nhost: a\r\n\r\n")
            await until(lambda: server.app.requests == 1)

            await server.wait_until_idle()
            answer = await read_all(client)

    length = int(answer.partition(b"content-length: ")[2].partition(b"\r\n")[0])
    assert len(answer.partition(b"\r\n\r\n")[2]) < length


async def test_more_connections_than_there_may_be(app: Starlette) -> None:
    async with listening(app, bounded(max_connections=2)) as server:
        others = [server.connect() for _ in range(2)]
        await until(lambda: len(server.state.connections) == 2)
        refused = await server.ask()
        others.pop().close()
        await until(lambda: len(server.state.connections) == 1)
        served = await server.ask(ALIVE + LAST)
        others.pop().close()

    assert status_of(refused) == b"HTTP/1.1 503 Service Unavailable"
    assert b"\r\nretry-after: 1\r\n" in refused
    assert refused.endswith(b'{"detail":"There are too many connections."}')
    assert status_of(served) == b"HTTP/1.1 200 OK"


class Outbox(asyncio.Transport):
    """A transport that sends nothing by itself.

    Attributes:
        unsent: Bytes that the client has not read.
    """

    def __init__(self) -> None:
        super().__init__()
        self.unsent = 0
        self.is_aborted = False

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def is_closing(self) -> bool:
        return self.is_aborted

    def abort(self) -> None:
        self.is_aborted = True


@pytest.mark.parametrize(
    ("bytes_per_second", "resumes", "is_ended"),
    [
        (0, False, True),
        (LEAST_SENT // 60, False, True),
        (LEAST_SENT // 29, False, False),
        (0, True, False),
    ],
)
async def test_a_slow_reader_is_kept_and_a_stuck_one_is_not(
    bytes_per_second: int, resumes: bool, is_ended: bool
) -> None:
    """One that takes 32 KB in 30 seconds is served, as is one for whom writing goes on."""
    limits = ConnectionLimits.of(bounded(send_timeout=30))
    config = Config(lambda: None, log_config=None)
    protocol = BoundedHttpProtocol(
        watch=ConnectionWatch(limits), config=config, server_state=ServerState(), app_state={}
    )
    outbox = Outbox()
    protocol.connection_made(outbox)
    outbox.unsent = 1_000_000
    start = protocol.loop.time()
    for second in range(100):
        protocol.end_if_late(start + second)
        outbox.unsent -= bytes_per_second
        if resumes and second % 20 == 19:
            protocol.pause_writing()
            protocol.resume_writing()
    protocol.connections.clear()

    assert outbox.is_aborted is is_ended


def test_a_served_gateway_has_these_bounds(live_server: LiveServer) -> None:
    """With the settings' own limits, and the event loop of production."""
    address = urlsplit(live_server.url)
    with socket.create_connection((cast("str", address.hostname), address.port or 0)) as client:
        client.sendall(b"GET / HTTP/1.1\r\nX-A: " + b"a" * 65_536)
        answer = b""
        while part := client.recv(65_536):
            answer += part

    assert status_of(answer) == b"HTTP/1.1 431 Request Header Fields Too Large"
    assert answer.endswith(b'is longer than 65536 bytes."}')
