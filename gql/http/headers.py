"""Reads request headers out of an ASGI scope, where their names are in lower case."""

import re

from starlette.types import Scope

_GZIP = re.compile(rb"(?:^|,)\s*(?:x-)?gzip\s*(?:;\s*q=([0-9.]+)\s*)?(?:,|$)")


def header_values(scope: Scope, name: bytes) -> list[str]:
    """Every value of a header, in order."""
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]


def cookie_values(scope: Scope, name: str) -> list[str]:
    """Every content of the cookies of a name: several, when several were sent."""
    values = header_values(scope, b"cookie")
    pairs = (pair.partition("=") for value in values for pair in value.split(";"))
    return [content.strip() for each, _, content in pairs if each.strip() == name]


def header_value(scope: Scope, name: bytes) -> bytes | None:
    """The first value of a header; None without one."""
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value)
    return None


def headers_by_name(scope: Scope) -> dict[bytes, bytes]:
    """All headers; the values of one that is repeated are joined by commas (RFC 9110, 5.3)."""
    headers: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        headers[name] = headers[name] + b"," + value if name in headers else value
    return headers


def with_authorization(scope: Scope, authorization: str) -> Scope:
    """A request with another `Authorization` header, or with its first one."""
    headers = [header for header in scope["headers"] if header[0] != b"authorization"]
    return {**scope, "headers": [*headers, (b"authorization", authorization.encode())]}


def accepts_gzip(scope: Scope) -> bool:
    """Whether `Accept-Encoding` names gzip, and not with `q=0`."""
    value = header_value(scope, b"accept-encoding")
    match = _GZIP.search(value) if value is not None else None
    return match is not None and (match[1] is None or match[1].strip(b"0.") != b"")
