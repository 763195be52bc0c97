"""HTTP connections with bounds: on bytes, on time, and on how many there are.

uvicorn bounds none of what comes before a complete request, nor how long a client takes an answer:
one connection could fill the memory with headers without end, or stay open half said for ever.
`BoundedHttpProtocol` adds the bounds to uvicorn's own protocol, and reads what that keeps anyway: a
request that arrives in one part costs a few comparisons more. Time is looked at once a second, for
all connections together, so there is no timer per request.
"""

import asyncio
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from gql.http.media_types import JSON
from gql.http.streamed_body import is_streamed_body
from gql.settings import Settings

MOST_PIPELINED = 16
"""Requests that may wait on a connection while one is answered."""

PARSED_AT_ONCE = 16 * 1024
"""Most bytes that are parsed before the bounds are looked at; a read gives up to 256 KB."""

BLANK_LINE = b"\r\n\r\n"
"""What a head ends with."""

LEAST_SENT = 32 * 1024
"""Bytes that a client must take of its answer within `GQL_SEND_TIMEOUT`."""

LOOK_SECONDS = 1.0
"""Between two looks at all connections."""


@dataclass(frozen=True)
class ConnectionLimits:
    """What a connection may take; bytes are counted as they come, with chunk sizes and trailers."""

    header_bytes: int
    header_seconds: float
    body_bytes: int
    body_seconds: float
    send_seconds: float
    connections: int
    has_cors: bool = False

    @classmethod
    def of(cls, settings: Settings) -> "ConnectionLimits":
        # The application counts the body itself, and refuses with the right words; this is for
        # bodies that nobody reads, and for chunks that are mostly sizes.
        body_bytes = 2 * settings.max_body_bytes + settings.max_header_bytes
        return cls(
            settings.max_header_bytes,
            settings.header_timeout,
            body_bytes,
            settings.body_timeout,
            settings.send_timeout,
            settings.max_connections,
            has_cors=settings.cors_origins is not None,
        )


class Awaited(Enum):
    """What a connection waits for."""

    HEAD = "the head of a request"
    BODY = "the body of a request"
    ANSWER = "the application, or nothing: uvicorn ends idle connections itself"


class SendWatch:
    """Ends a connection when hardly anything was taken of what is to be sent, in some seconds.

    Also one that is closing: closing waits for what is to be sent.

    Args:
        transport: Of the connection.
        seconds: In which a client must take `LEAST_SENT` bytes, or the rest.
        now: By the clock of the event loop.
    """

    def __init__(self, transport: asyncio.Transport, seconds: float, now: float) -> None:
        self._transport = transport
        self._seconds = seconds
        self._since = now
        self._unsent = 0  # the most since then
        self.has_resumed = False

    def end_if_late(self, now: float) -> None:
        """Look at the connection, which is done again and again."""
        unsent = self._transport.get_write_buffer_size()
        # Writing resumes when the buffer is nearly empty, after it was full.
        if not unsent or self.has_resumed or unsent <= self._unsent - LEAST_SENT:
            self._unsent, self._since, self.has_resumed = unsent, now, False
        elif now - self._since >= self._seconds:
            self._transport.abort()
        else:
            self._unsent = max(self._unsent, unsent)


class Watched:
    """A connection that is looked at once a second."""

    def end_if_late(self, now: float) -> None:
        """End it when its client takes too long."""
        raise NotImplementedError


class ConnectionWatch:
    """Looks at the connections of a process once a second, as long as there are any.

    Until the first connection it can be pickled, as worker processes need it.
    """

    def __init__(self, limits: ConnectionLimits, *, seconds: float = LOOK_SECONDS) -> None:
        self.limits = limits
        self._seconds = seconds
        self._is_running = False

    def start(self, loop: asyncio.AbstractEventLoop, connections: set[Any]) -> None:
        """Look at the connections of a server from now on, unless that is done already."""
        if self._is_running:
            return
        self._is_running = True

        def look() -> None:
            for connection in tuple(connections):  # a server may have WebSockets that are not ours
                if isinstance(connection, Watched):
                    connection.end_if_late(loop.time())
            self._is_running = bool(connections)
            if connections:
                loop.call_later(self._seconds, look)

        loop.call_later(self._seconds, look)


class BoundedHttpProtocol(HttpToolsProtocol, Watched):
    """One HTTP connection.

    uvicorn keeps the newest request whose head is complete in `cycle`, and the scope of the newest
    one that has begun in `scope`; both are None before.

    Args:
        watch: The one of the process; give it by `functools.partial`.
        arguments: uvicorn's.
    """

    cycle: RequestResponseCycle | None  # type: ignore[assignment]  # as it really is

    def __init__(self, *, watch: ConnectionWatch, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._watch = watch
        self._limits = watch.limits
        self._received = 0  # bytes of the head that has begun, else of the body
        self._parsed_at_once = self._most_at_once = min(PARSED_AT_ONCE, watch.limits.header_bytes)
        self._awaited: tuple[Awaited, object, int] = (Awaited.HEAD, None, 0)
        self._awaited_since = self.loop.time()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._sending = SendWatch(transport, self._limits.send_seconds, self.loop.time())
        self._watch.start(self.loop, self.connections)
        if len(self.connections) > self._limits.connections:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, "There are too many connections.")

    def data_received(self, data: bytes) -> None:
        if len(data) > self._parsed_at_once:
            self._receive_in_slices(data)
            return
        begun, complete = self.scope, self.cycle
        with_body = complete if complete is not None and complete.more_body else None
        _parse(self, data)
        if self._is_in_head():
            # Behind a body that ends in the same data, bytes of the body may count as well.
            own = data if self.scope is begun else data.rpartition(BLANK_LINE)[2]
            self._received = len(own) + (self._received if self.scope is begun else 0)
        elif self.cycle is not complete or (with_body and not with_body.more_body):
            self._received = 0
        else:
            self._received += len(data)
        self._parsed_at_once = self._most_at_once
        if self._received:
            self._look_at_length()
        if self.pipeline and len(self.pipeline) > MOST_PIPELINED:
            self._end()

    def _receive_in_slices(self, data: bytes) -> None:
        """Look at the bounds now and then, and exactly where a head would be too long."""
        start = 0
        # An upgrade to a WebSocket takes it out of the set, and so does its loss.
        while start < len(data) and not self.transport.is_closing() and self in self.connections:
            end = start + self._parsed_at_once
            self.data_received(data[start:end])
            start = end

    def resume_writing(self) -> None:
        super().resume_writing()
        self._sending.has_resumed = True

    def end_if_late(self, now: float) -> None:
        """End a connection whose client takes too long over a request, or over its answer."""
        self._sending.end_if_late(now)
        if self.transport.is_closing():
            return
        awaited = (self._what_is_awaited(), self.cycle, self._progress())
        if awaited != self._awaited:
            self._awaited, self._awaited_since = awaited, now
            return
        waited = now - self._awaited_since
        if awaited[0] is Awaited.HEAD and waited >= self._limits.header_seconds:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, "The request did not arrive in time.")
        if awaited[0] is Awaited.BODY and waited >= self._limits.body_seconds:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, "The body did not arrive in time.")

    def _is_in_head(self) -> bool:
        """Whether the newest request that has begun has no complete head yet."""
        cycle = self.cycle
        return cycle is None or self.scope is not cycle.scope

    def _look_at_length(self) -> None:
        """End the connection if a head or a body is too long, or look again where it would be."""
        cycle, limits = self.cycle, self._limits
        if cycle is not None and cycle.more_body and not self._is_in_head():
            is_too_long = self._received > limits.body_bytes and not is_streamed_body(cycle.scope)
            if is_too_long and not self.transport.is_closing():
                self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too long.")
            return
        left = limits.header_bytes - self._received
        if left > 0:
            self._parsed_at_once = min(left, self._most_at_once)
        elif not self.transport.is_closing():
            self._refuse(
                HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
                f"The head of the request is longer than {limits.header_bytes} bytes.",
            )

    def _what_is_awaited(self) -> Awaited:
        cycle = self.cycle
        if cycle is None:
            return Awaited.HEAD
        if cycle.response_complete:
            # `more_body` says nothing any more: uvicorn leaves it set after an early answer. Its
            # timer runs between two requests, until the first byte of the next.
            is_idle = self.timeout_keep_alive_task is not None
            return Awaited.ANSWER if is_idle else Awaited.HEAD
        if not cycle.more_body:
            return Awaited.ANSWER
        # A client that is held back waits for us.
        is_held_back = is_streamed_body(cycle.scope) and self.flow.read_paused
        return Awaited.ANSWER if is_held_back else Awaited.BODY

    def _progress(self) -> int:
        """What has come of a body that may take as long as it wants, if it only goes on."""
        cycle = self.cycle
        return self._received if cycle is not None and is_streamed_body(cycle.scope) else 0

    def _refuse(self, status: HTTPStatus, detail: str) -> None:
        """Say why, unless something else is being said, and end the connection.

        A client that sent nothing gets no words either: it did not ask.
        """
        cycle = self.cycle
        is_silent = cycle is None and not self._received and status is HTTPStatus.REQUEST_TIMEOUT
        is_answered = cycle is not None and (
            cycle.more_body if cycle.response_complete else cycle.response_started
        )
        if not (is_silent or is_answered or self.pipeline):
            body = b'{"detail":"%s"}' % detail.encode("ascii")
            head = (
                f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: {JSON}\r\n"
                f"content-length: {len(body)}\r\nconnection: close\r\n"
            )
            if status is HTTPStatus.SERVICE_UNAVAILABLE:
                head += "retry-after: 1\r\n"
            if self._limits.has_cors:
                # No head was read, so nobody knows the origin; these words are no secret.
                head += "access-control-allow-origin: *\r\n"
                head += "access-control-expose-headers: retry-after\r\n"
            self.transport.write(head.encode("ascii") + b"\r\n" + body)
        self._end()

    def _end(self) -> None:
        """Close the connection, and let the application know that waits for its body."""
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()
        self.transport.close()


_parse = HttpToolsProtocol.data_received
