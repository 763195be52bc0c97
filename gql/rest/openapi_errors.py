"""The error responses of a route in the OpenAPI document."""

from typing import Any

from gql.errors import PreconditionFailed
from gql.rest.idempotent_run import takes_key
from gql.rest.route import RestRoute

_PROBLEM: dict[str, Any] = {
    "title": "Problem",
    "type": "object",
    "required": ["type", "loc", "msg"],
    "properties": {
        "type": {"type": "string", "description": "What kind of problem: `int_parsing`."},
        "loc": {
            "type": "array",
            "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
            "description": "Where, from `path`, `query`, `header` or `body` down.",
        },
        "msg": {"type": "string"},
        "input": {"description": "What was sent; left out where the body holds a password."},
        "ctx": {"type": "object", "description": "The limits that were passed."},
    },
}

ERROR_SCHEMAS: dict[str, Any] = {
    "Problem": _PROBLEM,
    "Refusal": {
        "title": "Refusal",
        "type": "object",
        "required": ["detail"],
        "properties": {
            "detail": {"type": "string"},
            "errors": {
                "type": "array",
                "items": {"$ref": "#/components/schemas/Problem"},
                "description": "With a body that is wrong: everything that is.",
            },
        },
    },
    "Unprocessable": {
        "title": "Unprocessable",
        "type": "object",
        "required": ["detail"],
        "properties": {
            "detail": {
                "anyOf": [
                    {"type": "array", "items": {"$ref": "#/components/schemas/Problem"}},
                    {"type": "string"},
                ]
            }
        },
    },
}
"""The schemas of error bodies."""

_MEANINGS = {
    400: (
        "The body cannot be used; `errors` lists everything that is wrong.",
        "name: Field required",
    ),
    401: (
        "No credential, or one that is unknown, expired or revoked.",
        "Authentication required. Provide a valid API key or login session.",
    ),
    403: (
        "The credential lacks a permission.",
        "This needs the write permission, which your credential lacks.",
    ),
    404: (
        "There is no such object in your organization.",
        "There is no graph 7 in your organization.",
    ),
    409: (
        "In conflict with others.",
        "The idempotency key has just expired; send the request again.",
    ),
    412: ("`If-Match` or `If-None-Match` does not hold.", PreconditionFailed().message),
    413: ("The body is too long.", "The body is longer than 1000000 bytes."),
    415: (
        "The body is compressed otherwise than by gzip; `Accept-Encoding` says what is read.",
        "Send the body plain or compressed by gzip, not by br.",
    ),
    429: (
        "Over a rate limit, or too many at a time; `Retry-After` says when to try again.",
        "This API key may use 60 requests in 60 seconds and has none left; try again in 9 seconds.",
    ),
    500: ("A bug; the request id leads to the log.", "Internal Server Error"),
    503: (
        "The database cannot be reached or used; `Retry-After` says when to try again.",
        "The database cannot be reached right now; try again.",
    ),
    504: (
        "It took longer than a request may, and was ended.",
        "This took longer than a request may; ask for less at once.",
    ),
}

_UNPROCESSABLE = {
    "description": "Parameters or body do not fit.",
    "content": {
        "application/json": {
            "schema": {"$ref": "#/components/schemas/Unprocessable"},
            "example": {
                "detail": [
                    {
                        "type": "greater_than_equal",
                        "loc": ["query", "limit"],
                        "msg": "Input should be greater than or equal to 1",
                        "input": "0",
                        "ctx": {"ge": 1},
                    }
                ]
            },
        }
    },
}


def error_responses(route: RestRoute) -> dict[str, Any]:
    """The error responses of a route, by status."""
    statuses = {500, 503, 504, *route.errors}
    if route.permission is not None:
        statuses |= {401, 403, 429}
    if "body" in route.models:
        statuses |= {413, 415, route.refuses_bodies_with}
    if route.method != "GET":
        statuses.add(409)
    if route.guarded_by is not None:
        statuses.add(412)
    if route.models or takes_key(route):
        statuses.add(422)
    return {str(status): _response(status) for status in sorted(statuses)}


def _response(status: int) -> dict[str, Any]:
    if status == 422:  # noqa: PLR2004
        return _UNPROCESSABLE
    description, detail = _MEANINGS[status]
    response: dict[str, Any] = {
        "description": description,
        "content": {
            "application/json": {
                "schema": {"$ref": "#/components/schemas/Refusal"},
                "example": {"detail": detail},
            }
        },
    }
    if status == 401:  # noqa: PLR2004
        response["headers"] = {"WWW-Authenticate": {"schema": {"const": "Bearer"}}}
    if status in {429, 503}:
        response["headers"] = {"Retry-After": {"schema": {"type": "integer", "minimum": 1}}}
    return response
