"""Answers a subscription over Server-Sent Events: "distinct connections" of graphql-sse.

https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md

Each event is a `next` with the id of the event, from which the browser's EventSource goes on by
`Last-Event-ID`. What does not pass the subscription's test moves the id too, with the heartbeat: so
a client that was away reads on behind it. A stream that the gateway ends has no `complete`, which
would tell the client that there is no more: it comes again.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Send

from gql.errors import GatewayError, ResyncRequired, Unavailable
from gql.events.hub import EventHubs
from gql.events.reading import EventCursor, StoredEvent
from gql.http.media_types import EVENT_STREAM
from gql.http.running_requests import RunningRequests
from gql.schema.subscription import Passes

HEARTBEAT_SECONDS = 12.0
"""Seconds between two comments, so that nobody between takes the connection for dead; the
credential is looked at as often."""

SEND_SECONDS = 20.0
"""How long a client may take to receive what is sent; a slower one is cut off, and comes again."""

RETRY = b"retry: 1000\n\n"
"""Milliseconds after which a client that lost the connection comes again."""

_HEADERS = [
    (b"content-type", EVENT_STREAM.encode() + b"; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would keep events until its buffer is full
]


class SubscriptionSlots:
    """How many subscriptions run in this process, by organization.

    Args:
        most: Of one organization.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.used: dict[int, int] = {}

    def take(self, organization_id: int) -> bool:
        """Whether there is a slot."""
        used = self.used.get(organization_id, 0)
        if used >= self.most:
            return False
        self.used[organization_id] = used + 1
        return True

    def give_back(self, organization_id: int) -> None:
        """Somebody else may have it."""
        self.used[organization_id] -= 1
        if not self.used[organization_id]:
            del self.used[organization_id]


@dataclass
class EventStream:
    """An answer that goes on until the client leaves, or the gateway does.

    Attributes:
        hubs: Where events come from.
        slots: One of them is used, and given back in the end.
        requests: Those that run in this process, of which this becomes one.
        receive: Tells when the client leaves.
        organization_id: Whose events.
        after: The event id after which to begin; None for what comes from now on.
        passes: Which events are printed.
        print_event: Prints the answer to the document for one event, as JSON.
        refuse: Why the caller may not go on; None while they may.
        print_refusal: A refusal as a GraphQL answer.
    """

    hubs: EventHubs
    slots: SubscriptionSlots
    requests: RunningRequests
    receive: Receive
    organization_id: int
    after: str | None
    passes: Passes
    print_event: Callable[[StoredEvent], Awaitable[bytes]]
    refuse: Callable[[], Awaitable[GatewayError | None]]
    print_refusal: Callable[[GatewayError], bytes]

    async def send(self, send: Send, *, head: bool = False) -> None:
        """Send events until there is a reason to end."""
        try:
            endings = suppress(ClientDisconnect, Unavailable, TimeoutError)
            with endings, self.requests.begin_endless() as running:
                running.receive = self.receive
                await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
                if not head:
                    await self._send_parts(send)
            await send({"type": "http.response.body", "body": b""})
        finally:
            self.slots.give_back(self.organization_id)

    async def _send_parts(self, send: Send) -> None:
        async with aclosing(self._parts()) as parts:
            async for part in parts:
                async with asyncio.timeout(SEND_SECONDS):
                    await send({"type": "http.response.body", "body": part, "more_body": True})

    async def _parts(self) -> AsyncGenerator[bytes, None]:
        yield RETRY
        try:
            after = None if self.after is None else EventCursor.parse(self.after)
            async with (
                self.hubs.follow(self.organization_id, after) as events,
                aclosing(self._of(events)) as parts,
            ):
                async for part in parts:
                    yield part
        except ResyncRequired as error:
            yield _next(self.print_refusal(error))
            yield b"event: complete\ndata:\n\n"
        except GatewayError as error:  # the client comes again
            yield _next(self.print_refusal(error))

    async def _of(self, events: AsyncIterator[StoredEvent]) -> AsyncGenerator[bytes, None]:
        """Events, and between them heartbeats, until the caller may not go on."""
        loop = asyncio.get_running_loop()
        passed_over: EventCursor | None = None
        next_beat = loop.time() + HEARTBEAT_SECONDS
        following = asyncio.ensure_future(anext(events))
        try:
            while True:
                await asyncio.wait({following}, timeout=max(0.0, next_beat - loop.time()))
                if loop.time() >= next_beat:
                    next_beat = loop.time() + HEARTBEAT_SECONDS
                    refusal = await self.refuse()
                    if refusal is not None and not isinstance(refusal, Unavailable):
                        raise refusal
                    yield b":\n\n" if passed_over is None else b"%s\n" % _id(passed_over)
                    passed_over = None
                if not following.done():
                    continue
                event = following.result()
                following = asyncio.ensure_future(anext(events))
                passed_over = event.cursor
                if self.passes(event):
                    yield _next(await self.print_event(event), _id(event.cursor))
                    passed_over = None
        finally:
            following.cancel()
            await asyncio.wait({following})


def _id(cursor: EventCursor) -> bytes:
    return b"id: %s\n" % str(cursor).encode()


def _next(answer: bytes, named: bytes = b"") -> bytes:
    return b"%sevent: next\ndata: %s\n\n" % (named, answer)
