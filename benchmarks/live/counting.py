"""Subscribers that look for a number in what they are sent, and read nothing else of it.

So that hundreds of them take hardly anything of the machine on which the gateway is measured.
"""

import asyncio
import json
import re
from collections.abc import Callable
from typing import Any

from benchmarks.abuse.requests import HOST, post

NUMBER = re.compile(rb'"n": ?(\d+)')
"""What calls have in their metadata here."""

SEGMENT = re.compile(rb'"content": ?"Segment (\d+)"')
"""What is said in calls here."""

_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10
_MASKED = 0x80
_LONG = 126
_NO_MASK = bytes(4)
"""A client has to mask what it sends, and may do it by zeros: RFC 6455, 5.3."""

Seen = Callable[[int], None]
Lost = Callable[[Exception], None]


class CountingSubscriber(asyncio.Protocol):
    """One connection with one subscription.

    Args:
        key: Of the organization.
        query: With the variable `$after`.
        after: The event after which it begins: nothing that comes later is missed.
        seen: Called with each number.
        lost: Called when it ends by itself.

    Attributes:
        number: What is looked for, with the number as its group.
        begun: Ends when the gateway has taken the subscription.
    """

    number = NUMBER

    def __init__(self, key: str, query: str, after: str, seen: Seen, lost: Lost) -> None:
        self._key = key
        self._payload = {"query": query, "variables": {"after": after}}
        self._seen, self._lost = seen, lost
        self._unread = b""
        self._transport: asyncio.Transport | None = None
        self.begun: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        """Ask for it."""
        self._transport = transport
        transport.write(self.opening())

    def connection_lost(self, error: Exception | None) -> None:
        """Say so, unless it was closed here."""
        if self._transport is not None:
            self.fail(error or ConnectionResetError("the gateway ended it"))

    def close(self) -> None:
        """End it."""
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.abort()

    def fail(self, error: Exception) -> None:
        """End it for a reason."""
        self.close()
        if not self.begun.done():
            self.begun.set_exception(error)
        self._lost(error)

    def write(self, data: bytes) -> None:
        """Send something more."""
        if self._transport is not None:
            self._transport.write(data)

    def begin(self) -> None:
        """From now on it is told."""
        if not self.begun.done():
            self.begun.set_result(None)

    def look(self, text: bytes) -> bool:
        """Tell of the numbers in a text; whether there was any."""
        if b'"errors"' in text:
            self.fail(RuntimeError(text.decode()))
        numbers = self.number.findall(text)
        for number in numbers:
            self._seen(int(number))
        return bool(numbers)

    def opening(self) -> bytes:
        """What is sent first."""
        raise NotImplementedError


class EventStreamSubscriber(CountingSubscriber):
    """By Server-Sent Events."""

    def opening(self) -> bytes:
        """The request."""
        return post("/graphql", self._payload, self._key, headers="Accept: text/event-stream\r\n")

    def data_received(self, data: bytes) -> None:
        """The answer's head, or some of its events."""
        text = self._unread + data
        if not self.begun.done():
            if b"retry: " not in text:
                self._unread = text
                return
            self.begin()
        # What is cut off at the end of a number is looked at with what follows.
        end = text.rfind(b"\n") + 1
        self.look(text[:end])
        self._unread = text[end:]


class SocketSubscriber(CountingSubscriber):
    """By `graphql-transport-ws`.

    Attributes:
        closing: With which code and reason the gateway closed it.
    """

    closing: tuple[int, str] | None = None

    def opening(self) -> bytes:
        """The handshake."""
        return self.handshake("/graphql", "Sec-WebSocket-Protocol: graphql-transport-ws\r\n")

    def handshake(self, path: str, headers: str = "") -> bytes:
        """A handshake for a path; further headers end in CRLF."""
        return (
            f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {self._key}\r\n"
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n{headers}\r\n"
        ).encode()

    def on_open(self) -> None:
        """Send what comes first over the open WebSocket."""
        self._send(_TEXT, json.dumps({"type": "connection_init"}).encode())

    def on_first(self) -> None:
        """Answer the first message."""
        subscribe = {"id": "1", "type": "subscribe", "payload": self._payload}
        self._send(_TEXT, json.dumps(subscribe).encode())

    _is_open = False

    def data_received(self, data: bytes) -> None:
        """The answer to the handshake, or some frames: RFC 6455, 5.2."""
        self._unread += data
        if not self._is_open:
            head, blank_line, rest = self._unread.partition(b"\r\n\r\n")
            if not blank_line:
                return
            if b" 101 " not in head:
                self.fail(ConnectionError(head.decode()))
                return
            self._is_open, self._unread = True, rest
            self.on_open()
        while (frame := self._frame()) is not None:
            self._take(*frame)

    def _frame(self) -> tuple[int, bytes] | None:
        """The next whole frame: its kind, and what it has."""
        text = self._unread
        if len(text) < 2:  # noqa: PLR2004 -- the shortest one
            return None
        size, start = text[1], 2
        if size >= _LONG:
            start = 4 if size == _LONG else 10
            size = int.from_bytes(text[2:start], "big")
        if len(text) < start + size:
            return None
        self._unread = text[start + size :]
        return text[0] & 15, text[start : start + size]

    def _take(self, kind: int, text: bytes) -> None:
        if kind == _PING:
            self._send(_PONG, text)
        elif kind == _CLOSE:
            self.closing = int.from_bytes(text[:2], "big"), text[2:].decode()
            self.fail(ConnectionResetError(self.closing[1]))
        elif kind == _TEXT and not self.begun.done():
            self.on_first()
            self.begin()
        elif kind == _TEXT:
            self.look(text)

    def _send(self, kind: int, text: bytes) -> None:
        """A masked frame of less than 65,536 bytes."""
        size = len(text)
        length = bytes([_MASKED | size]) if size < _LONG else _long_length(size)
        self.write(bytes([0x80 | kind]) + length + _NO_MASK + text)


def _long_length(size: int) -> bytes:
    return bytes([_MASKED | _LONG]) + size.to_bytes(2, "big")


class TranscriptListener(SocketSubscriber):
    """Follows what is said in a call, which is named in place of a document."""

    number = SEGMENT

    def opening(self) -> bytes:
        """The handshake."""
        return self.handshake(f"/live-transcript/{self._payload['query']}")

    def on_open(self) -> None:
        """Nothing has to be sent."""

    def on_first(self) -> None:
        """The same."""


SUBSCRIBERS: dict[str, type[CountingSubscriber]] = {
    "Server-Sent Events": EventStreamSubscriber,
    "WebSocket": SocketSubscriber,
}
"""By the name in reports."""
