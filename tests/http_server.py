"""An application behind the HTTP protocol of production, in this process, on a real socket."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn import Config, Server
from uvicorn.server import ServerState

from gql.app.http_connection import BoundedHttpProtocol, ConnectionLimits, ConnectionWatch
from gql.app.socket_connection import BoundedSocketProtocol
from gql.settings import Settings

SMALL_BUFFER = 8_192
"""Of each socket, in bytes, so that an answer of some 100 KB does not fit into the kernel."""

LOOK_SECONDS = 0.02


class CountedApp:
    """Passes requests on, and counts them.

    Attributes:
        requests: How many the application has been called with.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.requests = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.requests += 1
        await self._app(scope, receive, send)


@dataclass(frozen=True)
class HttpServer:
    """Where an application listens.

    Attributes:
        state: uvicorn's, with the connections and tasks of now.
    """

    port: int
    app: CountedApp
    state: ServerState

    def connect(self) -> "socket.socket":
        """A connection with a small buffer; it does not block."""
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
        client.connect(("127.0.0.1", self.port))
        client.setblocking(False)
        return client

    async def ask(self, *parts: bytes) -> bytes:
        """All that is answered to some bytes, sent one by one, until the server ends it."""
        with self.connect() as client:
            for part in parts:
                if not await send(client, part):
                    break
            return await read_all(client)

    async def wait_until_idle(self) -> None:
        """Wait until there are neither connections nor requests."""
        await until(lambda: not self.state.connections and not self.state.tasks)


async def until(holds: Callable[[], bool]) -> None:
    """Wait until a condition holds that other tasks of this loop make true."""
    while not holds():  # noqa: ASYNC110 -- uvicorn has no event for its sets
        await asyncio.sleep(LOOK_SECONDS)


async def send(client: "socket.socket", data: bytes) -> bool:
    """Whether the bytes were taken: False when the server has ended the connection."""
    try:
        await asyncio.get_running_loop().sock_sendall(client, data)
    except ConnectionError:
        return False
    return True


async def read_all(client: "socket.socket") -> bytes:
    """What comes until the server ends the connection, in whichever way."""
    answer = b""
    try:
        while part := await asyncio.get_running_loop().sock_recv(client, 65_536):
            answer += part
    except ConnectionError:
        pass
    return answer


@asynccontextmanager
async def listening(
    app: ASGIApp, settings: Settings, *, look_seconds: float = LOOK_SECONDS
) -> AsyncIterator[HttpServer]:
    """Serve a started application on a free port, with the limits of some settings."""
    counted = CountedApp(app)
    watch = ConnectionWatch(ConnectionLimits.of(settings), seconds=look_seconds)
    protocol: Any = partial(BoundedHttpProtocol, watch=watch)
    sockets: Any = partial(BoundedSocketProtocol, send_seconds=settings.send_timeout)
    config = Config(
        counted,
        http=protocol,
        ws=sockets,
        ws_max_size=settings.max_body_bytes,
        timeout_keep_alive=1,
        lifespan="off",
        log_config=None,
        access_log=False,
    )
    config.load()
    server = Server(config)
    server.lifespan = config.lifespan_class(config)
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL_BUFFER)
    await server.startup([listener])
    try:
        yield HttpServer(listener.getsockname()[1], counted, server.server_state)
    finally:
        server.force_exit = True
        await server.shutdown([listener])
