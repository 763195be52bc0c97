"""Answers in JSON for exceptions that a route raises: `{"detail": ...}`, as both doors do."""

from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gql.errors import GatewayError
from gql.http.refusal import refusal


def handle_http_exception(_request: Request, error: Exception) -> Response:
    """Starlette's own refusals: 404 for an unknown address, 405 for a wrong method."""
    if not isinstance(error, HTTPException):
        raise error
    # Without it a cache may keep a 404 or a 405 for as long as it likes (RFC 9111, 4.2.2).
    headers = {"Cache-Control": "no-store", **(error.headers or {})}
    return JSONResponse({"detail": error.detail}, status_code=error.status_code, headers=headers)


def handle_gateway_error(_request: Request, error: Exception) -> Response:
    """Refusals that routes raise; the base class itself is raised by no route, so it is a bug."""
    if not isinstance(error, GatewayError) or type(error) is GatewayError:
        raise error
    return refusal(error)


HANDLERS: Mapping[Any, Any] = {
    HTTPException: handle_http_exception,
    GatewayError: handle_gateway_error,
}
"""Anything else is a bug: `gql.app.requests` logs it and answers 500."""
