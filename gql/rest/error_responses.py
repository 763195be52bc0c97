"""The one place that renders errors of this door: `{"detail": ...}` for every refusal."""

from starlette.responses import Response

from gql.errors import GatewayError, Invalid, NotFound, Problem, format_path
from gql.http.refusal import refusal
from gql.rest.partial_body import BodyProblem
from gql.rest.responses import json_response
from gql.rest.unprocessable import Detail, Unprocessable

_NOT_FOUND = {
    "assistant": "Assistant with ID {key}",
    "assistant_with_number": "Assistant with phone number {key}",
    "call": "Call with ID {key}",
    "call_with_sid": "Call with SID {key}",
}
"""By noun, where the documents word the 404: what is "not found in your organization"."""


def error_response(error: GatewayError) -> Response:
    """The response to a fact that was raised below."""
    if isinstance(error, NotFound):
        return refusal(error, detail=_not_found(error))
    if isinstance(error, Invalid):
        return refusal(error, more={"errors": [_detail(problem) for problem in error.problems]})
    return refusal(error)


def unprocessable_response(error: Unprocessable, *, status: int = 422) -> Response:
    """The response to a request that does not fit.

    Args:
        error: All of its problems.
        status: 422 puts them into `detail`; 400 puts a sentence there, and them into `errors`.
    """
    if status == 422:  # noqa: PLR2004
        return json_response({"detail": error.details}, status)
    sentence = "; ".join(_sentence(detail) for detail in error.details)
    return json_response({"detail": sentence, "errors": error.details}, status)


def _not_found(error: NotFound) -> str:
    words = _NOT_FOUND.get(error.noun)
    if words is None:
        return error.message
    return f"{words.format(key=error.key)} not found in your organization"


def _detail(problem: Problem) -> Detail:
    if isinstance(problem, BodyProblem) and problem.detail:
        return problem.detail
    return {
        "type": problem.code.lower(),
        "loc": ["body", *problem.path],
        "msg": problem.message,
    }


def _sentence(detail: Detail) -> str:
    """`nodes[0].assistant_id: Field required`, for `loc` `["body", "nodes", 0, "assistant_id"]`."""
    loc, message = detail["loc"], detail["msg"]
    if detail["type"] == "json_invalid":
        return f"The body is not JSON at character {loc[1]}: {detail['ctx']['error']}"
    return f"{format_path(tuple(loc[1:])) or 'The body'}: {message}"
