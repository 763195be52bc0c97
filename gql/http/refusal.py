"""A refused request as an HTTP response: `{"detail": ...}`, and the headers that go with it."""

import math
from collections.abc import Mapping
from typing import Any

import orjson
from starlette.responses import Response

from gql.errors import GatewayError, MethodNotAllowed, Unauthenticated, UnsupportedCoding
from gql.http.media_types import JSON


def refusal(
    error: GatewayError,
    *,
    status: int | None = None,
    detail: str | None = None,
    more: Mapping[str, Any] | None = None,
) -> Response:
    """The response to a request that was refused; what is not given comes from the error.

    Args:
        error: Why.
        status: The HTTP status.
        detail: The sentence for the caller.
        more: Further members of the body, after `detail`.
    """
    return Response(
        orjson.dumps({"detail": error.message if detail is None else detail, **(more or {})}),
        status_code=status or error.status,
        headers={"Cache-Control": "no-store", **refusal_headers(error)},
        media_type=JSON,
    )


def refusal_headers(error: GatewayError) -> dict[str, str]:
    """The headers that HTTP asks for beside a 401, a 405, a 415 and a limit that passes."""
    headers: dict[str, str] = {}
    if isinstance(error, Unauthenticated):
        headers["www-authenticate"] = "Bearer"
    if isinstance(error, MethodNotAllowed):
        headers["allow"] = error.allow
    if isinstance(error, UnsupportedCoding):
        headers["accept-encoding"] = "gzip"  # RFC 9110, 15.5.16
    seconds = error.extensions.get("retry_after")
    if seconds is not None:
        # In whole seconds, and not 0: that would ask to try again at once.
        headers["retry-after"] = str(max(1, math.ceil(seconds)))
    return headers
