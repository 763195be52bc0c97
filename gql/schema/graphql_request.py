"""Reads a GraphQL request out of HTTP: the body of a POST or QUERY, the query string of a GET.

Follows https://graphql.github.io/graphql-over-http/draft/#sec-Request, and refuses what cannot be
read with a sentence that says what to change.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope

from gql.errors import BadRequest, MethodNotAllowed, PersistedQueryNotSupported, UriTooLong
from gql.http.body import read_body
from gql.http.media_types import require_json
from gql.http.strict_json import (
    HasNul,
    NotJson,
    NumberTooLong,
    TooDeep,
    check_shape,
    check_strings,
    decode_json,
)
from gql.settings import Settings

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "QUERY")
"""The methods of the endpoint, as the `Allow` header lists them."""

METHODS_WITH_BODY = frozenset({"POST", "QUERY"})

READING_METHODS = frozenset({"GET", "HEAD", "QUERY"})
"""Those that change nothing, so that their answers may be kept."""

_PARAMETERS = ("query", "operationName", "variables", "extensions")


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """The parameters of a GraphQL request, checked for type.

    `extensions` is checked too, but not kept: nothing reads it.

    Attributes:
        document: The GraphQL text; HTTP calls it `query`.
        operation_name: Which operation of the document to run.
        variables: Values by variable name.
    """

    document: str
    operation_name: str | None
    variables: dict[str, Any]


def require_method(method: str) -> None:
    """Pass for a method of the endpoint.

    Raises:
        MethodNotAllowed: for any other.
    """
    if method not in METHODS:
        raise MethodNotAllowed(
            f"Send GraphQL by POST, GET or QUERY, not {method}.", ", ".join(METHODS)
        )


async def read_raw(
    scope: Scope, receive: Receive, headers: Mapping[bytes, bytes], settings: Settings
) -> bytes:
    """The bytes of a request's parameters: the body of POST and QUERY, else the query string.

    Raises:
        PayloadTooLarge: when a body is longer than the limit.
        UnsupportedMediaType: when a body is not JSON in UTF-8, plain or compressed by gzip.
        ClientDisconnect: when the client went away.
    """
    if scope["method"] not in METHODS_WITH_BODY:
        query_string: bytes = scope["query_string"]
        return query_string
    require_json(headers.get(b"content-type", b"").decode("latin-1"))
    return await read_body(
        receive,
        settings.max_body_bytes,
        headers.get(b"content-length", b""),
        headers.get(b"content-encoding", b""),
    )


def parse_request(method: str, raw: bytes, settings: Settings) -> GraphQLRequest:
    """The GraphQL request in the bytes that `read_raw` read.

    Raises:
        Refused: when they hold none.
    """
    if method in METHODS_WITH_BODY:
        return _from_body(raw, settings)
    return _from_query_string(raw, settings)


def _from_body(body: bytes, settings: Settings) -> GraphQLRequest:
    if not body.strip():
        raise BadRequest('The body is empty; send a JSON object such as {"query": "{ viewer }"}.')
    parameters = load_json(body, settings, "The body")
    if isinstance(parameters, list):
        raise BadRequest("Batches are not served: send one JSON object per request, not an array.")
    if not isinstance(parameters, dict):
        raise BadRequest(f"The body must be a JSON object, not {_kind(parameters)}.")
    return read_parameters(parameters)


def _from_query_string(raw: bytes, settings: Settings) -> GraphQLRequest:
    """A GET's request; a parameter that is empty counts as left out."""
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
            text = parameters[name]
            parameters[name] = load_json(text.encode(), settings, f"The parameter {name}")
    return read_parameters(parameters)


def read_parameters(parameters: Mapping[str, Any]) -> GraphQLRequest:
    """A request of these parameters; others are ignored, as the specification asks.

    Raises:
        BadRequest: when one is missing, or of another type.
        PersistedQueryNotSupported: when there is the hash of a document in place of its text.
    """
    document = parameters.get("query")
    if document is None:
        if _names_persisted_query(parameters):
            raise PersistedQueryNotSupported
        names = ", ".join(sorted(parameters)[:8])
        only = f" The request has only {names}." if names else ""
        raise BadRequest(f"The parameter query is missing: send the document in it.{only}")
    if not isinstance(document, str):
        raise BadRequest(f"The parameter query must be a string, not {_kind(document)}.")
    operation_name = parameters.get("operationName")
    if operation_name is not None and not isinstance(operation_name, str):
        raise BadRequest(
            f"The parameter operationName must be a string or null, not {_kind(operation_name)}."
        )
    variables = _object_or_empty(parameters, "variables")
    _object_or_empty(parameters, "extensions")
    return GraphQLRequest(document, operation_name or None, variables)


def _names_persisted_query(parameters: Mapping[str, Any]) -> bool:
    """Whether a request has the hash of a document in place of its text.

    Clients with automatic persisted queries begin so, and send the text when they are told to:
    https://www.apollographql.com/docs/apollo-server/performance/apq
    """
    extensions = parameters.get("extensions")
    return isinstance(extensions, dict) and isinstance(extensions.get("persistedQuery"), dict)


def _object_or_empty(parameters: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = parameters.get(name)
    if value is None:
        return {}
    if isinstance(value, dict):
        return value
    raise BadRequest(f"The parameter {name} must be a JSON object or null, not {_kind(value)}.")


def load_json(raw: bytes, settings: Settings, subject: str) -> Any:
    """The JSON value of a text; nesting and numbers are checked before it is parsed.

    Raises:
        BadRequest: when it is none; `subject` begins the sentence.
    """
    max_depth, max_digits = settings.max_json_depth, settings.max_number_digits
    try:
        check_shape(raw, max_depth=max_depth, max_number_digits=max_digits)
        value = decode_json(raw)
        check_strings(raw, value)
    except TooDeep:
        raise BadRequest(f"{subject} is nested deeper than {max_depth} levels.") from None
    except NumberTooLong:
        raise BadRequest(
            f"{subject} has a number of more than {max_digits} digits; send a string."
        ) from None
    except NotJson as error:
        raise BadRequest(f"{subject} is not JSON: {error}.") from None
    except HasNul:
        raise BadRequest(
            f"{subject} has a NUL character (\\u0000) in a string; leave it out."
        ) from None
    return value


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
