"""Reads the body of a request, no further than a limit."""

import zlib

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from gql.errors import BadRequest, PayloadTooLarge, UnsupportedCoding
from gql.http.headers import header_value

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_GZIP = 16 + zlib.MAX_WBITS
"""What tells `zlib` to expect the format of gzip: RFC 1952."""


async def read_body_of(scope: Scope, receive: Receive, limit: int) -> bytes:
    """The whole body of a request, as its headers describe it; see `read_body`."""
    content_length = header_value(scope, b"content-length") or b""
    content_encoding = header_value(scope, b"content-encoding") or b""
    return await read_body(receive, limit, content_length, content_encoding)


async def read_body(
    receive: Receive, limit: int, content_length: bytes = b"", content_encoding: bytes = b""
) -> bytes:
    """The whole body: decompressed, and without a byte order mark (RFC 8259, 8.1).

    Args:
        receive: Of the ASGI request.
        limit: In bytes, before and after decompression.
        content_length: The header's value. A body that it says is too long is not read at all.
        content_encoding: The header's value.

    Raises:
        PayloadTooLarge: when the body is longer than the limit.
        UnsupportedCoding: when it is compressed otherwise than by gzip.
        BadRequest: when it should be gzip, and is not.
        ClientDisconnect: when the client went away before the end of the body.
    """
    _check_length(content_length, limit)
    is_gzip = _is_gzip(content_encoding)
    body = await _read_whole(receive, limit)
    if is_gzip:
        body = _decompress(body, limit)
    return body.removeprefix(_BYTE_ORDER_MARK)


async def read_raw_body(scope: Scope, receive: Receive, limit: int) -> bytes:
    """The whole body to the byte, as a signature is over it.

    Raises:
        PayloadTooLarge: when it is longer than the limit. If its headers say so, it is not read.
        ClientDisconnect: when the client went away before the end of the body.
    """
    _check_length(header_value(scope, b"content-length") or b"", limit)
    return await _read_whole(receive, limit)


async def drain(receive: Receive, limit: int) -> None:
    """Read the rest of a body, of which nothing is kept.

    Raises:
        PayloadTooLarge: when that is longer than the limit.
        ClientDisconnect: when the client went away before the end of the body.
    """
    length, more = 0, True
    while more:
        part, more = await _receive_part(receive)
        length += len(part)
        if length > limit:
            raise _too_large(limit)


def _check_length(content_length: bytes, limit: int) -> None:
    # The digits are counted first, as `int` refuses to read very many of them.
    if content_length.isdigit() and (
        len(content_length) > len(str(limit)) or int(content_length) > limit
    ):
        raise _too_large(limit)


async def _read_whole(receive: Receive, limit: int) -> bytes:
    part, more = await _receive_part(receive)
    if not more and len(part) <= limit:
        return part  # nearly every body comes in one part
    body = bytearray(part)
    while more and len(body) <= limit:
        part, more = await _receive_part(receive)
        body += part
    if len(body) > limit:
        raise _too_large(limit)
    return bytes(body)


def _is_gzip(content_encoding: bytes) -> bool:
    """Whether a body is compressed by gzip; `x-gzip` is the same (RFC 9110, 8.4.1.3)."""
    coding = content_encoding.strip().lower()
    if coding in {b"", b"identity"}:
        return False
    if coding in {b"gzip", b"x-gzip"}:
        return True
    name = coding.decode("latin-1")[:40]
    raise UnsupportedCoding(f"Send the body plain or compressed by gzip, not by {name}.")


def _decompress(body: bytes, limit: int) -> bytes:
    """What gzip has compressed; not a byte more than the limit is made of it."""
    decompressor = zlib.decompressobj(_GZIP)
    try:
        whole = decompressor.decompress(body, limit + 1)
    except zlib.error:
        raise BadRequest("The body is not gzip, as its Content-Encoding says.") from None
    if len(whole) > limit:
        raise _too_large(limit)
    if not decompressor.eof or decompressor.unused_data:
        raise BadRequest("The gzip body is cut off, or goes on after its end.")
    return whole


async def _receive_part(receive: Receive) -> tuple[bytes, bool]:
    """The next part of the body, and whether more will come."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    return message.get("body", b""), message.get("more_body", False)


def _too_large(limit: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"The body is longer than {limit} bytes.")
