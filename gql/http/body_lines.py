"""Reads the lines of a body of any length, in bounded memory, compressed or not."""

import asyncio
import zlib
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import zstandard
from starlette.requests import ClientDisconnect
from starlette.types import Receive

from gql.errors import BadRequest, UnsupportedCoding

_SLICE = 256
"""Bytes of compressed input at a time: zstd makes at most 128 KB of four of them."""

_LARGEST_WINDOW = 8 << 20
"""Bytes that a zstd stream may look back: https://www.rfc-editor.org/rfc/rfc8878, 3.1.1.1.2."""

_FREE = 16 << 20
_MOST_TIMES = 250
"""How many times its size a body may expand to, beyond the first 16 MB: no list of items does."""


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...

    def decompress(self, data: bytes, /) -> bytes: ...


class _Plain:
    eof = True

    def decompress(self, data: bytes, /) -> bytes:
        return data


class _Members:
    """Any number of compressed members, one after the other (RFC 1952, 2.2; RFC 8878, 3).

    Args:
        begin: What decompresses one of them.
    """

    def __init__(self, begin: Callable[[], Any]) -> None:
        self._begin = begin
        self._member = begin()

    @property
    def eof(self) -> bool:
        return bool(self._member.eof)

    def decompress(self, data: bytes, /) -> bytes:
        parts = []
        while data:
            if self._member.eof:
                self._member = self._begin()
            parts.append(self._member.decompress(data))
            data = self._member.unused_data
        return b"".join(parts)


def _decompressor(content_encoding: bytes) -> _Decompressor:
    coding = content_encoding.strip().lower()
    if coding in {b"", b"identity"}:
        return _Plain()
    if coding in {b"gzip", b"x-gzip"}:
        return _Members(lambda: zlib.decompressobj(16 + zlib.MAX_WBITS))
    if coding == b"zstd":
        return _Members(zstandard.ZstdDecompressor(max_window_size=_LARGEST_WINDOW).decompressobj)
    name = coding.decode("latin-1")[:40]
    raise UnsupportedCoding(f"Send the body plain or compressed by gzip or zstd, not by {name}.")


class BodyLines:
    """The lines of a request's body, as they come; of one that is too long only that it is.

    Args:
        receive: Of the ASGI request.
        content_encoding: The header's value.
        longest: Bytes of a line.

    Raises:
        UnsupportedCoding: when the body is compressed by anything else.
    """

    def __init__(self, receive: Receive, content_encoding: bytes, longest: int) -> None:
        self._receive = receive
        self._decompressor = _decompressor(content_encoding)
        self._slice = 1 << 20 if isinstance(self._decompressor, _Plain) else _SLICE
        self._longest = longest
        self._rest = bytearray()
        self._is_too_long = False
        self._compressed = self._expanded = 0
        self.has_ended = False

    async def read(self) -> list[bytes | None]:
        """The lines that the next part of the body completes; None for one that is too long.

        Raises:
            ClientDisconnect: when the client went away.
            BadRequest: when the body is not compressed as it says, or expands too far.
        """
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        part = message.get("body", b"")
        self.has_ended = not message.get("more_body", False)
        lines: list[bytes | None] = []
        for start in range(0, len(part), self._slice):
            lines += self._split(self._expand(part[start : start + self._slice]))
            if len(lines) % 100 == 0:
                await asyncio.sleep(0)
        if self.has_ended and self._compressed and not self._decompressor.eof:
            raise BadRequest("The compressed body ends too early.")
        if self.has_ended and (self._rest or self._is_too_long):
            lines += self._split(b"\n")
        return lines

    def _expand(self, part: bytes) -> bytes:
        try:
            expanded = self._decompressor.decompress(part)
        except (zlib.error, zstandard.ZstdError, EOFError):
            raise BadRequest("The body is not compressed as its Content-Encoding says.") from None
        self._compressed += len(part)
        self._expanded += len(expanded)
        if self._expanded > _FREE + _MOST_TIMES * self._compressed:
            raise BadRequest(f"The body expands to more than {_MOST_TIMES} times its size.")
        return expanded

    def _split(self, part: bytes) -> Iterator[bytes | None]:
        """The lines that end in a part; what is left over waits for the next."""
        *ended, rest = part.split(b"\n")
        for line in ended:
            whole = bytes(self._rest) + line
            is_too_long = self._is_too_long or len(whole) > self._longest
            self._rest.clear()
            self._is_too_long = False
            yield None if is_too_long else whole
        if len(self._rest) + len(rest) > self._longest:
            self._is_too_long = True
            self._rest.clear()
        elif not self._is_too_long:
            self._rest += rest
