"""Reading a GraphQL request out of HTTP: the body of a POST, the query string of a GET."""

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope

from gql.errors import BadRequest, MethodNotAllowed, PayloadTooLarge, UriTooLong
from gql.http.media_types import require_json
from gql.http.strict_json import load_json
from gql.settings import Settings

METHODS = ("GET", "HEAD", "OPTIONS", "POST")
"""The methods of the endpoint, as the `Allow` header lists them."""

_PARAMETERS = ("query", "operationName", "variables", "extensions")


Found = TypeVar("Found")


class Disconnected(Exception):  # noqa: N818 -- a fact, not a fault
    """The client went away before its answer was begun."""


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """The four parameters of a GraphQL request, checked for type.

    Attributes:
        document: The GraphQL text; HTTP calls it `query`.
        operation_name: Which operation of the document to run.
        variables: Values by variable name.
        extensions: What the client sent beside the protocol; nothing reads it yet.
        safe: Whether the HTTP method promises to change nothing.
    """

    document: str
    operation_name: str | None
    variables: dict[str, Any]
    extensions: dict[str, Any]
    safe: bool


def read_headers(scope: Scope) -> dict[bytes, bytes]:
    """The request's headers by lower-case name, several of one name joined by commas."""
    headers: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        headers[name] = headers[name] + b"," + value if name in headers else value
    return headers


async def read_raw(
    scope: Scope, receive: Receive, headers: Mapping[bytes, bytes], settings: Settings
) -> bytes:
    """The bytes that a request's parameters are in: the body of a POST, else the query string.

    Raises:
        Refused: when they are too many, or in a form that cannot be read.
        Disconnected: when the client went away.
    """
    if scope["method"] == "POST":
        return await _body(receive, headers, settings)
    raw: bytes = scope["query_string"]
    return raw


def parse_request(method: str, raw: bytes, settings: Settings) -> GraphQLRequest:
    """The GraphQL request in those bytes.

    Raises:
        Refused: when there is none; the message says what to change.
    """
    if method == "POST":
        return _from_body(raw, settings)
    return _from_query_string(raw, settings)


async def while_connected(receive: Receive, work: Coroutine[Any, Any, Found]) -> Found:
    """What some work finds that may have to wait; a server does not end it by itself.

    Raises:
        Disconnected: when the client went away before it was found; then the work is cancelled.
    """
    working = asyncio.create_task(work)
    leaving = asyncio.create_task(_disconnect(receive))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            leaving.result()
            raise Disconnected
        return working.result()
    finally:
        working.cancel()
        leaving.cancel()


def require_method(method: str) -> None:
    """Pass for a method of the endpoint.

    Raises:
        MethodNotAllowed: for any other.
    """
    if method not in METHODS:
        raise MethodNotAllowed(f"Send GraphQL by POST or GET, not {method}.", ", ".join(METHODS))


async def _body(receive: Receive, headers: Mapping[bytes, bytes], settings: Settings) -> bytes:
    """The whole body, read no further than the limit."""
    require_json(_text(headers, b"content-type"), _text(headers, b"content-encoding"))
    limit = settings.max_body_bytes
    announced = headers.get(b"content-length", b"")
    if announced.isdigit() and (len(announced) > len(str(limit)) or int(announced) > limit):
        raise _too_large(limit)
    first, more = await _part(receive)
    if not more and len(first) <= limit:
        return first  # as nearly every body comes
    body = bytearray(first)
    while more:
        if len(body) > limit:
            raise _too_large(limit)
        part, more = await _part(receive)
        body += part
    if len(body) > limit:
        raise _too_large(limit)
    return bytes(body)


async def _part(receive: Receive) -> tuple[bytes, bool]:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise Disconnected
    return message.get("body", b""), message.get("more_body", False)


def _text(headers: Mapping[bytes, bytes], name: bytes) -> str:
    return headers.get(name, b"").decode("latin-1")


def _too_large(limit: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"The body is longer than {limit} bytes.")


async def _disconnect(receive: Receive) -> None:
    """Wait until the client goes away: a GET's empty body is all that may come before."""
    for _ in range(2):
        if (await receive())["type"] == "http.disconnect":
            return
    # Whoever goes on talking will not tell.
    await asyncio.Event().wait()


def _from_body(body: bytes, settings: Settings) -> GraphQLRequest:
    if not body.strip():
        raise BadRequest('The body is empty; send a JSON object such as {"query": "{ viewer }"}.')
    parameters = load_json(body, settings, what="The body")
    if isinstance(parameters, list):
        raise BadRequest("Batches are not served: send one JSON object per request, not an array.")
    if not isinstance(parameters, dict):
        raise BadRequest(f"The body must be a JSON object, not {_kind(parameters)}.")
    return _request(parameters, safe=False)


def _from_query_string(raw: bytes, settings: Settings) -> GraphQLRequest:
    """A GET's parameters; one that is empty counts as left out."""
    if len(raw) > settings.max_body_bytes:
        raise UriTooLong(
            f"The query string is longer than {settings.max_body_bytes} bytes; use POST."
        )
    try:
        pairs = parse_qsl(raw.decode("ascii"), errors="strict")
    except UnicodeDecodeError:
        raise BadRequest("The query string is not percent-encoded UTF-8.") from None
    parameters: dict[str, Any] = {}
    for name, text in pairs:
        if name in parameters and name in _PARAMETERS:
            raise BadRequest(f"The query string has {name} twice.")
        parameters[name] = text
    for name in ("variables", "extensions"):
        if name in parameters:
            parameters[name] = load_json(
                parameters[name].encode(), settings, what=f"The parameter {name}"
            )
    return _request(parameters, safe=True)


def _request(parameters: Mapping[str, Any], *, safe: bool) -> GraphQLRequest:
    """A request of these parameters; others are ignored, as the specification asks."""
    document = parameters.get("query")
    if document is None:
        given = ", ".join(sorted(parameters)[:8]) or "nothing"
        raise BadRequest(f"The parameter query is missing; given were: {given}.")
    if not isinstance(document, str):
        raise BadRequest(f"The parameter query must be a string, not {_kind(document)}.")
    operation_name = parameters.get("operationName")
    if operation_name is not None and not isinstance(operation_name, str):
        raise BadRequest(
            f"The parameter operationName must be a string or null, not {_kind(operation_name)}."
        )
    return GraphQLRequest(
        document,
        operation_name or None,
        _map(parameters, "variables"),
        _map(parameters, "extensions"),
        safe,
    )


def _map(parameters: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = parameters.get(name)
    if value is None:
        return {}
    if isinstance(value, dict):
        return value
    raise BadRequest(f"The parameter {name} must be a JSON object or null, not {_kind(value)}.")


_KINDS = {
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "a string",
    list: "an array",
    dict: "an object",
}


def _kind(value: Any) -> str:
    """What JSON calls a value, for a message."""
    return _KINDS.get(type(value), "null")
