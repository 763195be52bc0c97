"""Reads the body of a request, no further than a limit."""

from starlette.requests import ClientDisconnect
from starlette.types import Receive

from gql.errors import PayloadTooLarge


async def read_body(receive: Receive, limit: int, content_length: bytes = b"") -> bytes:
    """The whole body.

    Args:
        receive: Of the ASGI request.
        limit: In bytes.
        content_length: The header's value. A body that it says is too long is not read at all.

    Raises:
        PayloadTooLarge: when the body is longer than the limit.
        ClientDisconnect: when the client went away before the end of the body.
    """
    # The digits are counted first, as `int` refuses to read very many of them.
    if content_length.isdigit() and (
        len(content_length) > len(str(limit)) or int(content_length) > limit
    ):
        raise _too_large(limit)
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


async def _receive_part(receive: Receive) -> tuple[bytes, bool]:
    """The next part of the body, and whether more will come."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    return message.get("body", b""), message.get("more_body", False)


def _too_large(limit: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"The body is longer than {limit} bytes.")
