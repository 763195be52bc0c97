"""Voice calls: listed, searched, read, and their metadata changed."""

from typing import Annotated, Any

from pydantic import BaseModel, Field

from gql.domain.call_search import SEARCHED_CALLS
from gql.domain.calls import CALLS
from gql.domain.writes.calls import merge_call_meta
from gql.engine.fields import ConnectionField, EchoSource
from gql.engine.plan import PlanNode
from gql.engine.rest_query import RestArguments, list_of, lookup, page_of
from gql.engine.rest_resolvers import answer
from gql.query.context import Context
from gql.query.filters import Condition
from gql.query.paging import Paging
from gql.rest.parameters import MOST_SMALL_INTEGER
from gql.rest.route import Answer, RestRoute, route
from gql.rest.routes.call_filters import CallPath, ListFilters, SidPath
from gql.rest.routes.call_shapes import CALL_EXAMPLE, CALL_FIELDS, Call, Calls

TAG = "Calls"

CALL = lookup(CALLS, CALL_FIELDS, noun="call")


class Search(BaseModel):
    """What to search for."""

    q: Annotated[str, Field(min_length=3, description="Part of a SID, number or name.")]
    limit: Annotated[int, Field(ge=1, le=200, description="Most calls to return.")] = 50


class MetadataIn(BaseModel):
    """Keys to set; null removes one."""

    metadata: dict[str, Any]


@route(
    "GET",
    "/api/v1/calls",
    tag=TAG,
    summary="List calls",
    answers={
        200: Answer(
            "One page, newest first.",
            Calls,
            {"items": [CALL_EXAMPLE], "total": 1250, "skip": 0, "limit": 100},
        )
    },
    reads=page_of(
        CALLS,
        items=PlanNode(ConnectionField.NODES, CALL_FIELDS),
        total=ConnectionField.TOTAL_COUNT,
        skip=EchoSource("skip"),
        limit=EchoSource("limit"),
    ),
)
def list_calls(query: ListFilters) -> RestArguments:
    """The organization's voice calls, newest first; filters are combined with AND."""
    newest = Paging(
        query.limit,
        "started_at",
        descending=True,
        # As far as a database counts; there is nothing beyond.
        offset=min(query.skip, MOST_SMALL_INTEGER),
    )
    told = {"skip": query.skip, "limit": query.limit}
    return RestArguments(paging=newest, filter=query.filter(), echoed=told)


@route(
    "GET",
    "/api/v1/calls/search",
    tag=TAG,
    summary="Search calls",
    answers={200: Answer("Newest first.", list[Call], [CALL_EXAMPLE])},
    reads=list_of(SEARCHED_CALLS, CALL_FIELDS),
)
def search_calls(query: Search) -> RestArguments:
    """Calls whose SID, customer's number or assistant's name contains the text.

    The filters of the list can do more; this is for callers that still have it.
    """
    newest = Paging(query.limit, "started_at", descending=True)
    return RestArguments(paging=newest, filter=(Condition("anywhere", "contains", query.q),))


@route(
    "GET",
    "/api/v1/calls/sid/{call_sid}",
    tag=TAG,
    summary="Get a call by SID",
    answers={200: Answer("The call.", Call, CALL_EXAMPLE)},
    errors=(404,),
    reads=lookup(CALLS, CALL_FIELDS, noun="call_with_sid", by="call_sid"),
)
def get_by_sid(path: SidPath) -> RestArguments:
    """One call; its SID must match exactly."""
    return RestArguments(path.call_sid)


@route(
    "GET",
    "/api/v1/calls/{call_id}",
    tag=TAG,
    summary="Get a call",
    answers={200: Answer("The call.", Call, CALL_EXAMPLE)},
    errors=(404,),
    reads=CALL,
)
def get_by_id(path: CallPath) -> RestArguments:
    """One call."""
    return RestArguments(path.call_id)


@route(
    "PATCH",
    "/api/v1/calls/{call_id}/metadata",
    tag=TAG,
    summary="Change the metadata of a call",
    answers={200: Answer("The call as it is now.", Call, CALL_EXAMPLE)},
    errors=(400, 404),
)
async def patch_metadata(context: Context, path: CallPath, body: MetadataIn) -> Any:
    """Set keys of a call's metadata; a key that is null is removed, and others stay."""
    await merge_call_meta(context, path.call_id, body.metadata)
    await context.refresh()
    return (await answer(context, CALL, RestArguments(path.call_id))).value


LITERAL_ROUTES: tuple[RestRoute, ...] = (list_calls, search_calls, get_by_sid)
"""Those without an id in the path; they are tried first."""

ROUTES: tuple[RestRoute, ...] = (get_by_id, patch_metadata)
