"""Writes that are done only if a record is as the caller has read it: `If-Match`."""

from typing import Any

from starlette.requests import Request

from gql.domain.writes.rows import lock
from gql.domain.writes.transaction import WriteContext
from gql.engine.query_runner import QueryRunner
from gql.engine.rest_query import RestArguments
from gql.http.entity_tags import CONDITIONS, entity_tag, is_not_modified
from gql.rest.route import RestRoute


def has_preconditions(route: RestRoute, request: Request) -> bool:
    """Whether a write is to be done only if the record has a certain `ETag`."""
    return route.guarded_by is not None and any(name in request.headers for name in CONDITIONS)


async def check_preconditions(
    route: RestRoute, queries: QueryRunner, write: WriteContext, request: Request, path: Any
) -> None:
    """Read what the record's `ETag` is of, and compare; nobody changes the record until the commit.

    Args:
        route: Of the write.
        queries: What reads.
        write: The transaction of the write.
        request: With the conditions.
        path: The path's model, whose one field is the id of the record.

    Raises:
        NotFound: when there is no such record.
        PreconditionFailed: when it is not as the caller expects.
    """
    query = route.guarded_by
    if query is None or query.record is None:
        return
    (key,) = path.model_dump().values()
    await lock(write, query.record.resource, key)
    body = await queries.fetch(write, query, RestArguments(key))
    is_not_modified(request.scope, entity_tag(body))
