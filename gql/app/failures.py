"""Answers in JSON for what a route refuses: `{"detail": ...}`, as every door does."""

from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gql.errors import GatewayError
from gql.http.refusal import refusal


def refused_by_starlette(_request: Request, error: Exception) -> Response:
    """An address that is not there, or a method that it does not take."""
    if not isinstance(error, HTTPException):
        raise error
    return JSONResponse(
        {"detail": error.detail}, status_code=error.status_code, headers=error.headers
    )


def refused_by_us(_request: Request, error: Exception) -> Response:
    """A fact about the request that was raised below; a bug is not one, and goes on."""
    if not isinstance(error, GatewayError) or type(error) is GatewayError:
        raise error
    return refusal(error)


HANDLERS: Mapping[Any, Any] = {HTTPException: refused_by_starlette, GatewayError: refused_by_us}
"""Anything else is a bug: `gql.app.requests` logs it and answers 500."""
