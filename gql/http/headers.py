"""Reads request headers out of an ASGI scope, where their names are in lower case."""

from starlette.types import Scope


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
