"""Runs a handler: a write in one transaction with the read of its answer, and once per key."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from gql.domain.writes.idempotency import LONGEST_KEY, StoredAnswer, fingerprint, idempotent
from gql.domain.writes.transaction import retry_collisions
from gql.engine.query_runner import QueryRunner
from gql.engine.rest_query import RestArguments
from gql.http.entity_tags import CONDITIONS
from gql.http.media_types import JSON
from gql.identity import Permission
from gql.query.context import Context
from gql.rest.preconditions import check_preconditions, has_preconditions
from gql.rest.responses import json_response, read_response
from gql.rest.route import RestRoute
from gql.rest.unprocessable import Unprocessable, detail_of

KEY_HEADER = "Idempotency-Key"


def takes_key(route: RestRoute) -> bool:
    """Whether a route honours `Idempotency-Key`."""
    is_write = route.method != "GET" and route.permission is not None
    return is_write and not route.secret and not route.takes_lines


async def run_handler(
    route: RestRoute,
    queries: QueryRunner,
    context: Context,
    request: Request,
    raw: bytes,
    arguments: Mapping[str, Any],
) -> Response:
    """The handler's response, or the first response to a write that came with the same key before.

    A write, the comparison with `If-Match`, the read of the answer and the stored response are one
    transaction. A replayed response has the first one's status and body, and the header
    `Idempotent-Replayed: true`.

    Raises:
        Unprocessable: when the key cannot be one.
        IdempotencyKeyReused: when the key came with another request.
        PreconditionFailed: when the record is not as `If-Match` or `If-None-Match` say.
        WriteCollision: when others stood in the way of a write again and again.
    """
    permission = route.permission
    if permission in {None, Permission.READ}:
        return await _respond(route, queries, context, arguments)
    key = request.headers.get(KEY_HEADER) if takes_key(route) else None
    if key is not None:
        _check(key)
    address = (route.method, route.path, request.path_params, request.url.query)
    conditions = [request.headers.getlist(name) for name in CONDITIONS]
    request_fingerprint = fingerprint("rest", *address, *conditions, raw.hex())

    async def write() -> Response:
        async with idempotent(context, key, request_fingerprint, permission=permission) as replay:
            if replay.answer is not None:
                return Response(
                    replay.answer.body,
                    status_code=replay.answer.status,
                    headers={"Idempotent-Replayed": "true"},
                    media_type=JSON,
                )
            inside = replay.context
            if has_preconditions(route, request):
                await check_preconditions(route, queries, inside, request, arguments["path"])
            response = await _respond(route, queries, inside, {**arguments, "context": inside})
            if key is not None:
                replay.answer = StoredAnswer(response.status_code, bytes(response.body).decode())
            return response

    return await retry_collisions(write)


def to_response(route: RestRoute, value: Any) -> Response:
    """What a handler returned, as a response."""
    return value if isinstance(value, Response) else json_response(value, route.status)


async def _respond(
    route: RestRoute, queries: QueryRunner, context: Context, arguments: Mapping[str, Any]
) -> Response:
    result = await route.handler(**arguments)
    if route.reads is None or not isinstance(result, RestArguments):
        return to_response(route, result)
    body = await queries.fetch(context, route.reads, result)
    # Its tag has no version: what this transaction writes next would be of the same.
    response = await read_response(body, route.status)
    # So the tag is known to be of the record, and not of what was sent (RFC 9110, 8.7, 9.3.4).
    collection = route.path.partition("/{")[0]
    response.headers["Content-Location"] = f"{collection}/{result.key}"
    if route.status == HTTPStatus.CREATED:
        response.headers["Location"] = response.headers["Content-Location"]
    return response


def _check(key: str) -> None:
    if key.strip() and key.isprintable() and len(key) <= LONGEST_KEY:
        return
    message = f"Value error, a key has 1 to {LONGEST_KEY} printable characters"
    raise Unprocessable([detail_of("value_error", ("header", "idempotency-key"), message, key)])
