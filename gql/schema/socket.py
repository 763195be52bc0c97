"""GraphQL over a WebSocket: many operations at once, of which each is identified by its client.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md

An operation goes the same path as one that comes by POST, and a subscription gives the same events
as over Server-Sent Events. Its credential is looked at again for each operation, and between them.
"""

import asyncio
from contextlib import aclosing
from dataclasses import dataclass

from starlette.types import Receive, Scope, Send

from gql.errors import (
    RETRY_AFTER,
    BadRequest,
    Forbidden,
    GatewayError,
    RateLimited,
    Unauthenticated,
)
from gql.events.feed import EventFeed, Heartbeat, PrintedEvent
from gql.http.identify import Identify, identify_again
from gql.http.loop_task import charged_to
from gql.http.media_types import GRAPHQL_RESPONSE
from gql.http.request_id import new_request_id
from gql.http.running_requests import RunningRequests
from gql.http.socket_closing import Close
from gql.http.socket_outbox import Outbox
from gql.http.socket_tasks import SocketLimits, SocketTasks, ending_of, watch_credential
from gql.identity import Identity
from gql.loop_shares import LoopShares
from gql.schema.endpoint import GraphQLEndpoint
from gql.schema.graphql_request import read_parameters
from gql.schema.rendering import HttpResponse, Renderer
from gql.schema.socket_messages import (
    SUBPROTOCOL,
    ClientMessage,
    ProtocolCode,
    ack_message,
    answer_messages,
    next_message,
    pong_message,
    position_message,
    read_message,
    with_credential,
)
from gql.settings import Settings


@dataclass(frozen=True)
class ProtocolLimits(SocketLimits):
    """What one WebSocket may take.

    Attributes:
        operations: How many may run at once.
        init_seconds: Until `connection_init` must have come.
    """

    operations: int = 100
    init_seconds: float = 10.0


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
    limits: ProtocolLimits

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
            close = Close(ProtocolCode.WRONG_SUBPROTOCOL, reason)
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
        self._tasks = SocketTasks(endpoint.requests)
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._subscriptions: set[asyncio.Task[None] | None] = set()
        self._has_init = asyncio.Event()
        self._caller: Identity | None = None

    async def serve(self) -> Close | None:
        """Why it is to be closed; None when the client has gone."""
        return await self._tasks.run(self._read, self._await_init)

    async def _await_init(self) -> None:
        try:
            async with asyncio.timeout(self._endpoint.limits.init_seconds):
                await self._has_init.wait()
        except TimeoutError:
            reason = "Connection initialisation timeout"
            raise Close(ProtocolCode.INIT_TIMEOUT, reason) from None

    async def _read(self) -> None:
        while True:
            event = await self._receive()
            if event["type"] == "websocket.disconnect":
                ending = ending_of(event)
                if isinstance(ending, Close):
                    await self._finish()
                raise ending
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

    async def _finish(self) -> None:
        """Wait until the queries and mutations that run are answered."""
        running = set(self._operations.values()) - self._subscriptions
        if running:
            await asyncio.wait(running)

    async def _init(self, message: ClientMessage) -> None:
        if self._has_init.is_set():
            raise Close(ProtocolCode.SECOND_INIT, "Too many initialisation requests")
        self._has_init.set()
        self._scope = with_credential(self._scope, message.payload)
        caller = await identify_again(self._endpoint.identify, self._scope)
        if isinstance(caller, GatewayError):
            raise Close.of_refusal(caller, forbidden=ProtocolCode.FORBIDDEN)
        try:
            last_event_id = await self._endpoint.graphql.subscription_reader.last_event_id(caller)
        except GatewayError as error:
            raise Close.of_refusal(error, forbidden=ProtocolCode.FORBIDDEN) from None
        self._caller = caller
        self._tasks.start(self._watch, caller)
        await self._outbox.send(ack_message(last_event_id))

    async def _watch(self, caller: Identity) -> None:
        await watch_credential(
            self._endpoint.identify,
            self._scope,
            caller,
            seconds=self._endpoint.limits.look_seconds,
            forbidden=ProtocolCode.FORBIDDEN,
        )

    async def _subscribe(self, message: ClientMessage) -> None:
        if self._caller is None:
            raise Close(ProtocolCode.UNAUTHORIZED, "Unauthorized: send connection_init first.")
        if message.id in self._operations:
            raise Close(ProtocolCode.ID_IN_USE, f"Subscriber for {message.id} already exists")
        most = self._endpoint.limits.operations
        if len(self._operations) >= most:
            refusal = RateLimited(f"{most} operations run already; end some.", RETRY_AFTER)
            renderer = Renderer(GRAPHQL_RESPONSE, new_request_id())
            await self._send_answer(message.id, renderer.refusal(refusal))
            return
        organization_id = self._caller.organization_id
        self._operations[message.id] = self._tasks.start(
            self._run_charged, message, organization_id
        )

    async def _run_charged(self, message: ClientMessage, organization_id: int) -> None:
        await charged_to(self._endpoint.shares, organization_id, self._run(message))

    async def _run(self, message: ClientMessage) -> None:
        """Run an operation to its end."""
        renderer = Renderer(GRAPHQL_RESPONSE, new_request_id())
        answer = await self._answer(message, renderer)
        if isinstance(answer, EventFeed):
            task = asyncio.current_task()
            self._subscriptions.add(task)
            try:
                answer = await self._send_events(message.id, answer, renderer)
            finally:
                self._subscriptions.discard(task)
        # First, as the client may use the id again once it has the answer.
        self._operations.pop(message.id, None)
        await self._send_answer(message.id, answer)

    async def _answer(self, message: ClientMessage, renderer: Renderer) -> HttpResponse | EventFeed:
        try:
            request = read_parameters(message.payload or {})
        except BadRequest as error:
            raise Close(ProtocolCode.MALFORMED, error.message) from None
        except GatewayError as error:
            return renderer.refusal(error)
        caller = await identify_again(self._endpoint.identify, self._scope)
        if isinstance(caller, (Unauthenticated, Forbidden)):
            raise Close.of_refusal(caller, forbidden=ProtocolCode.FORBIDDEN)
        if isinstance(caller, GatewayError):
            return renderer.refusal(caller)
        return await self._endpoint.graphql.answer_operation(request, caller, renderer)

    async def _send_events(self, id: str, feed: EventFeed, renderer: Renderer) -> HttpResponse:
        """Send what a subscription gives; returns why it does not go on."""
        with feed.slots.hold(feed.organization_id) as has_slot:
            if not has_slot:
                return renderer.refusal(feed.slots.refusal())
            try:
                async with aclosing(feed.items()) as items:
                    async for item in items:
                        if isinstance(item, PrintedEvent):
                            await self._outbox.send(next_message(id, item.answer))
                        elif isinstance(item, Heartbeat) and item.passed_over is not None:
                            await self._outbox.send(position_message(id, item.passed_over))
            except GatewayError as error:
                return renderer.refusal(error)
        raise AssertionError  # events have no end

    async def _send_answer(self, id: str, answer: HttpResponse) -> None:
        for message in answer_messages(id, answer):
            await self._outbox.send(message)
