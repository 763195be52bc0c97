"""Answers a subscription over Server-Sent Events: "distinct connections" of graphql-sse.

https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md

Each event is a `next` with the id of the event, from which the browser's EventSource goes on by
`Last-Event-ID`. The stream begins with the id of where it does, and what does not pass the
subscription's test moves the id too, with the heartbeat: so a client that was away reads on behind
it, also one that was told nothing yet. A stream that the gateway ends has no `complete`, which
would tell the client that there is no more: it comes again.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass

from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Send

from gql.errors import GatewayError, ResyncRequired, Unavailable
from gql.events.feed import Begun, EventFeed, PrintedEvent
from gql.events.reading import EventCursor
from gql.http.media_types import EVENT_STREAM
from gql.http.running_requests import SEND_SECONDS, RunningRequests
from gql.schema.rendering import Renderer

RETRY = b"retry: 1000\n\n"
"""Milliseconds after which a client that lost the connection comes again."""

_HEADERS = [
    (b"content-type", EVENT_STREAM.encode() + b"; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would keep events until its buffer is full
]


@dataclass(frozen=True)
class EventStream:
    """An answer that goes on until the client leaves, or the gateway does.

    Attributes:
        feed: What is sent.
        requests: Those that run in this process, of which this becomes one.
        receive: Tells when the client leaves.
        refuse: Why the caller may not go on; None while they may.
        renderer: Of refusals.
    """

    feed: EventFeed
    requests: RunningRequests
    receive: Receive
    refuse: Callable[[], Awaitable[GatewayError | None]]
    renderer: Renderer

    async def send(self, send: Send, *, head: bool = False) -> None:
        """Send events until there is a reason to end; a refusal, where there is no slot."""
        # Taken here and not before: whoever is cancelled on the way here has none to give back.
        with self.feed.slots.hold(self.feed.organization_id) as has_slot:
            if not has_slot:
                refusal = self.renderer.refusal(self.feed.slots.refusal())
                await refusal.send(send, head=head)
                return
            endings = suppress(ClientDisconnect, Unavailable, TimeoutError)
            with endings, self.requests.begin_endless() as running:
                running.receive = self.receive
                if head:
                    await send(_head())
                else:
                    await self._send_parts(send)
            await send({"type": "http.response.body", "body": b""})

    async def _send_parts(self, send: Send) -> None:
        async with aclosing(self._parts()) as parts:
            has_begun = False
            async for part in parts:
                if not has_begun:  # not before: who has the head, misses nothing from then on
                    await send(_head())
                    has_begun = True
                async with asyncio.timeout(SEND_SECONDS):
                    await send({"type": "http.response.body", "body": part, "more_body": True})

    async def _parts(self) -> AsyncGenerator[bytes, None]:
        try:
            async with aclosing(self.feed.items()) as items:
                async for item in items:
                    if isinstance(item, PrintedEvent):
                        yield _next(item.answer, _id(item.event.cursor))
                        continue
                    if isinstance(item, Begun):
                        yield _id(item.cursor) + RETRY
                        continue
                    refusal = await self.refuse()
                    if refusal is not None:
                        raise refusal
                    passed_over = item.passed_over
                    # Also so that nobody between takes the connection for dead.
                    yield b":\n\n" if passed_over is None else b"%s\n" % _id(passed_over)
        except ResyncRequired as error:
            yield _next(self._print(error))
            yield b"event: complete\ndata:\n\n"
        except GatewayError as error:  # the client comes again
            yield _next(self._print(error))

    def _print(self, error: GatewayError) -> bytes:
        return self.renderer.refusal(error).body


def _id(cursor: EventCursor) -> bytes:
    return b"id: %s\n" % str(cursor).encode()


def _next(answer: bytes, named: bytes = b"") -> bytes:
    return b"%sevent: next\ndata: %s\n\n" % (named, answer)


def _head() -> Message:
    return {"type": "http.response.start", "status": 200, "headers": _HEADERS}
