"""The one place that renders errors of this door: `{"detail": ...}`, whatever went wrong."""

import math
from typing import Any

from starlette.responses import Response

from gql.errors import (
    GatewayError,
    Invalid,
    MethodNotAllowed,
    NotFound,
    Problem,
    Unauthenticated,
    VersionConflict,
)
from gql.rest.json_output import json_response
from gql.rest.not_found import not_found
from gql.rest.partial_body import BodyProblem
from gql.rest.validation import Detail, Unprocessable


def refusal(error: GatewayError) -> Response:
    """The answer to a fact that was raised below; a write that is wrong lists its problems.

    A version that is not the expected one is a 412: here it can only come from `If-Match`.
    """
    sentence = not_found(error) if isinstance(error, NotFound) else error.message
    body: dict[str, Any] = {"detail": sentence}
    if isinstance(error, Invalid):
        body["errors"] = [_detail(problem) for problem in error.problems]
    headers = {"Cache-Control": "no-store"}
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, MethodNotAllowed):
        headers["Allow"] = error.allow
    status = 412 if isinstance(error, VersionConflict) else error.status
    seconds = error.extensions.get("retry_after")
    if seconds is not None:
        # Clients read it with int().
        headers["Retry-After"] = str(max(1, math.ceil(seconds)))
    return json_response(body, status, headers=headers)


def unprocessable(error: Unprocessable, *, status: int = 422) -> Response:
    """The answer to a request that does not fit.

    Args:
        error: All of its problems.
        status: 422 puts them into `detail`; 400 puts a sentence there, and them into `errors`.
    """
    if status == 422:  # noqa: PLR2004
        return json_response({"detail": error.details}, status)
    sentence = "; ".join(_sentence(detail) for detail in error.details)
    return json_response({"detail": sentence, "errors": error.details}, status)


def _detail(problem: Problem) -> Detail:
    if isinstance(problem, BodyProblem) and problem.detail:
        return problem.detail
    return {
        "type": problem.code.lower(),
        "loc": ["body", *problem.path],
        "msg": problem.message,
    }


def _sentence(detail: Detail) -> str:
    """`body.nodes[0].assistant_id: Field required`, without the first step."""
    place = ""
    for step in detail["loc"][1:]:
        place += f"[{step}]" if isinstance(step, int) else f".{step}"
    place = place.removeprefix(".")
    if detail["type"] == "json_invalid":
        return f"The body is not JSON at character {detail['loc'][1]}: {detail['ctx']['error']}"
    message: str = detail["msg"]
    return f"{place}: {message}" if place else f"The body: {message}"
