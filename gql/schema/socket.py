"""GraphQL over a WebSocket: many operations at once, of which each is identified by its client.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md

An operation goes the same path as one that comes by POST, and a subscription gives the same events
as over Server-Sent Events. Its credential is looked at again for each operation, and between them.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Self

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from gql.errors import (
    RETRY_AFTER,
    BadRequest,
    Forbidden,
    GatewayError,
    RateLimited,
    Unauthenticated,
    Unavailable,
)
from gql.http.identify import Identify, identify_again, refusal_of
from gql.http.loop_task import charged_to
from gql.http.media_types import GRAPHQL_RESPONSE
from gql.http.request_id import new_request_id
from gql.http.running_requests import RunningRequests
from gql.identity import Identity
from gql.loop_shares import LoopShares
from gql.schema.endpoint import GraphQLEndpoint
from gql.schema.event_feed import HEARTBEAT_SECONDS, SEND_SECONDS, EventFeed, PrintedEvent
from gql.schema.graphql_request import read_parameters
from gql.schema.outbox import Outbox
from gql.schema.rendering import HttpResponse, Renderer
from gql.schema.socket_messages import (
    ACKNOWLEDGED,
    SUBPROTOCOL,
    ClientMessage,
    Close,
    CloseCode,
    answer_messages,
    next_message,
    pong_message,
    read_message,
    with_credential,
)
from gql.settings import Settings

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SocketLimits:
    """What one WebSocket may take.

    Attributes:
        queued_bytes: Of what waits to be sent.
        operations: How many may run at once.
        init_seconds: Until `connection_init` must have come.
        send_seconds: How long a client may take to receive a message.
        look_seconds: Between two looks at the credential.
    """

    queued_bytes: int
    operations: int = 100
    init_seconds: float = 10.0
    send_seconds: float = SEND_SECONDS
    look_seconds: float = HEARTBEAT_SECONDS

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Where one longest answer may wait."""
        return cls(settings.max_response_bytes)


@dataclass
class SocketEndpoint:
    """Serves WebSockets at one address, as an ASGI application.

    Attributes:
        graphql: Answers the operations.
        settings: Of the gateway.
        identify: Says who sent a handshake.
        requests: Those that run in this process, of which each WebSocket is one.
        shares: Of the event loop.
        limits: Of each WebSocket.
    """

    graphql: GraphQLEndpoint
    settings: Settings
    identify: Identify
    requests: RunningRequests
    shares: LoopShares
    limits: SocketLimits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Talk to one client until either of the two ends it."""
        if (await receive())["type"] != "websocket.connect":
            return
        outbox = Outbox(send, self.limits.queued_bytes, self.limits.send_seconds)
        # Closed only after it was accepted: a browser tells no reason of a refused handshake.
        is_spoken = SUBPROTOCOL in scope.get("subprotocols", ())
        await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL if is_spoken else None})
        if is_spoken:
            close = await _Connection(self, scope, receive, outbox).serve()
        else:
            reason = f"The subprotocol must be {SUBPROTOCOL}."
            close = Close(CloseCode.WRONG_SUBPROTOCOL, reason)
        if close is not None:
            await outbox.close(close)


class _Connection:
    """One WebSocket that was accepted."""

    def __init__(
        self, endpoint: SocketEndpoint, scope: Scope, receive: Receive, outbox: Outbox
    ) -> None:
        self._endpoint = endpoint
        self._scope = scope
        self._receive = receive
        self._outbox = outbox
        self._tasks: set[asyncio.Task[None]] = set()
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._has_init = asyncio.Event()
        self._caller: Identity | None = None
        self._end: asyncio.Future[Close | None] = asyncio.get_running_loop().create_future()

    async def serve(self) -> Close | None:
        """Why it is to be closed; None when the client has gone."""
        try:
            with self._endpoint.requests.begin_endless():
                self._start(self._read)
                self._start(self._watch)
                return await self._end
        except Unavailable as error:
            return Close(CloseCode.SERVICE_RESTART, error.message)
        finally:
            for task in self._tasks:
                task.cancel()
            if self._tasks:
                await asyncio.wait(self._tasks)

    def _start(
        self, work: Callable[..., Coroutine[Any, Any, None]], *arguments: Any
    ) -> asyncio.Task[None]:
        task = asyncio.create_task(self._guard(work, *arguments))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _guard(self, work: Callable[..., Coroutine[Any, Any, None]], *arguments: Any) -> None:
        """Do a part of the work; where it cannot go on, neither does anything else of it."""
        try:
            await work(*arguments)
        except Close as close:
            end: Close | None = close
        except ClientDisconnect:
            end = None
        except Exception:  # noqa: BLE001 -- logged; the client is told that it was a bug
            _log.exception("unexpected error in a WebSocket")
            end = Close(CloseCode.INTERNAL_ERROR, "Unexpected error.")
        else:
            return
        if not self._end.done():
            self._end.set_result(end)

    async def _watch(self) -> None:
        """Wait until the client is too late, or its credential has ended."""
        limits = self._endpoint.limits
        try:
            async with asyncio.timeout(limits.init_seconds):
                await self._has_init.wait()
        except TimeoutError:
            reason = "Connection initialisation timeout"
            raise Close(CloseCode.INIT_TIMEOUT, reason) from None
        while True:
            await asyncio.sleep(limits.look_seconds)
            if self._caller is not None:
                refusal = await refusal_of(self._endpoint.identify, self._scope, self._caller)
                if refusal is not None:
                    raise Close.of_refusal(refusal)

    async def _read(self) -> None:
        while True:
            event = await self._receive()
            if event["type"] == "websocket.disconnect":
                raise ClientDisconnect
            message = read_message(event, self._endpoint.settings)
            match message.type:
                case "connection_init":
                    await self._init(message)
                case "subscribe":
                    await self._subscribe(message)
                case "complete":
                    operation = self._operations.pop(message.id, None)
                    if operation is not None:  # else it has ended while the message was on its way
                        operation.cancel()
                case "ping":
                    await self._outbox.send(pong_message(message.payload))

    async def _init(self, message: ClientMessage) -> None:
        if self._has_init.is_set():
            raise Close(CloseCode.SECOND_INIT, "Too many initialisation requests")
        self._has_init.set()
        self._scope = with_credential(self._scope, message.payload)
        caller = await identify_again(self._endpoint.identify, self._scope)
        if isinstance(caller, GatewayError):
            raise Close.of_refusal(caller)
        self._caller = caller
        await self._outbox.send(ACKNOWLEDGED)

    async def _subscribe(self, message: ClientMessage) -> None:
        if self._caller is None:
            raise Close(CloseCode.UNAUTHORIZED, "Unauthorized: send connection_init first.")
        if message.id in self._operations:
            raise Close(CloseCode.ID_IN_USE, f"Subscriber for {message.id} already exists")
        most = self._endpoint.limits.operations
        if len(self._operations) >= most:
            refusal = RateLimited(f"{most} operations run already; end some.", RETRY_AFTER)
            await self._send_answer(message.id, _refused(refusal))
            return
        organization_id = self._caller.organization_id
        self._operations[message.id] = self._start(self._run_charged, message, organization_id)

    async def _run_charged(self, message: ClientMessage, organization_id: int) -> None:
        await charged_to(self._endpoint.shares, organization_id, self._run(message))

    async def _run(self, message: ClientMessage) -> None:
        """Run an operation to its end."""
        answer = await self._answer(message)
        if isinstance(answer, EventFeed):
            answer = await self._send_events(message.id, answer)
        # First, as the client may use the id again once it has the answer.
        self._operations.pop(message.id, None)
        await self._send_answer(message.id, answer)

    async def _answer(self, message: ClientMessage) -> HttpResponse | EventFeed:
        try:
            request = read_parameters(message.payload or {})
        except BadRequest as error:
            raise Close(CloseCode.MALFORMED, error.message) from None
        except GatewayError as error:
            return _refused(error)
        caller = await identify_again(self._endpoint.identify, self._scope)
        if isinstance(caller, (Unauthenticated, Forbidden)):
            raise Close.of_refusal(caller)
        if isinstance(caller, GatewayError):
            return _refused(caller)
        return await self._endpoint.graphql.answer_operation(request, caller, new_request_id())

    async def _send_events(self, id: str, feed: EventFeed) -> HttpResponse:
        """Send what a subscription gives; returns why it does not go on."""
        with feed.slots.hold(feed.organization_id) as has_slot:
            if not has_slot:
                return feed.renderer.refusal(feed.slots.refusal())
            try:
                async with aclosing(feed.items()) as items:
                    async for item in items:
                        if isinstance(item, PrintedEvent):
                            await self._outbox.send(next_message(id, item.answer))
            except GatewayError as error:
                return feed.renderer.refusal(error)
        raise AssertionError  # events have no end

    async def _send_answer(self, id: str, answer: HttpResponse) -> None:
        for message in answer_messages(id, answer):
            await self._outbox.send(message)


def _refused(error: GatewayError) -> HttpResponse:
    """The answer to an operation that is not run."""
    return Renderer(GRAPHQL_RESPONSE, new_request_id()).refusal(error)
