"""Voice calls: listed, searched, counted, read, and their metadata."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from gql.domain.call_search import SEARCHED_CALLS
from gql.domain.calls import CALLS
from gql.domain.sms import RECORDS_AS_CALLS
from gql.domain.writes.calls import merge_call_meta
from gql.engine.fields import ColumnSource, ConnectionField, EchoSource
from gql.engine.rest_query import RestArguments
from gql.kinds import Kind, changing, reading
from gql.query.context import Context
from gql.query.filters import LONGEST_TEXT, Condition
from gql.query.paging import Paging
from gql.rest.filters import FilterBy, Filters
from gql.rest.parameters import MOST_SMALL_INTEGER, Instant, Integer, Paged, SmallInteger, id_of
from gql.rest.reads import Money, list_of, lookup, page_of
from gql.rest.route import Answer, route

TAG = "Calls"

CALL_EXAMPLE: dict[str, Any] = {
    "id": 101,
    "call_sid": "CAxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "assistant_id": 123,
    "assistant_name": "ServiceBot",
    "flow_name": "Customer Support Flow",
    "to_phone_number": "+15551234567",
    "customer_phone_number": "+15559876543",
    "status": "completed",
    "duration": 180,
    "started_at": "2024-01-15T10:00:00Z",
    "ended_at": "2024-01-15T10:03:00Z",
    "call_meta": {"customer_id": "cust_abc123", "campaign": "winter_outreach"},
    "total_cost": 0.05,
    "llm_cost": 0.02,
    "tts_cost": 0.01,
    "stt_cost": 0.01,
    "telephony_cost": 0.01,
    "cost_currency": "USD",
}
"""The call of the API documents."""


class Call(BaseModel):
    """A voice call. Costs are null while they are not known."""

    id: int
    call_sid: str
    assistant_id: int | None
    assistant_name: str | None = Field(
        description="What it is called, or was called before it was deleted."
    )
    flow_name: Annotated[str | None, ColumnSource("graph_name")] = Field(
        description="The graph that the call was routed through."
    )
    to_phone_number: str
    customer_phone_number: str
    status: Literal["ongoing", "completed", "failed"]
    duration: int | None = Field(description="Seconds.")
    started_at: datetime | None
    ended_at: datetime | None
    call_meta: dict[str, Any] | None
    total_cost: Money | None
    llm_cost: Money | None
    tts_cost: Money | None
    stt_cost: Money | None
    telephony_cost: Money | None
    cost_currency: str | None


class Calls(BaseModel):
    """One page of calls."""

    items: Annotated[list[Call], ConnectionField.NODES]
    total: Annotated[int, ConnectionField.TOTAL_COUNT] = Field(
        description="Calls that pass the filters, on all pages."
    )
    skip: Annotated[int, EchoSource("skip")]
    limit: Annotated[int, EchoSource("limit")]


CallStatus = Annotated[
    str | None,
    FilterBy("status"),
    Field(description="`ongoing`, `completed` or `failed`."),
]
OfAssistant = Annotated[Integer | None, FilterBy("assistant_id")]
CustomerPhone = Annotated[
    str | None,
    FilterBy("customer_phone_number", "contains"),
    Field(description="Part of the number, by its digits."),
]
StartedFrom = Annotated[
    Instant | None,
    FilterBy("started_at", "gte"),
    Field(description="Started then or later. A bare date is its midnight, in UTC."),
]
StartedTo = Annotated[
    Instant | None,
    FilterBy("started_at", "lte"),
    Field(
        description="Started then or earlier. A bare date is its midnight: `2025-12-15` leaves out"
        " what started on that day, and `2025-12-15T23:59:59.999999Z` does not."
    ),
]


class CountFilters(Filters):
    """Which calls are counted."""

    resource = CALLS

    status: CallStatus = None
    assistant_id: OfAssistant = None
    date_from: StartedFrom = None
    date_to: StartedTo = None


class ExportFilters(Filters):
    """Which calls are exported."""

    resource = CALLS

    status: CallStatus = None
    assistant_id: OfAssistant = None
    customer_phone: CustomerPhone = None
    call_sid: Annotated[str | None, FilterBy("call_sid", "contains")] = Field(
        None, description="Part of it, in any case."
    )
    assistant_name: Annotated[str | None, FilterBy("assistant_name", "contains")] = Field(
        None, description="Part of it, in any case; deleted assistants are found too."
    )
    date_from: StartedFrom = None
    date_to: StartedTo = None


class ListFilters(ExportFilters, Paged):
    """Which calls are listed."""

    min_duration: Annotated[SmallInteger | None, FilterBy("duration", "gte")] = Field(
        None, description="Seconds."
    )
    max_duration: Annotated[SmallInteger | None, FilterBy("duration", "lte")] = Field(
        None, description="Seconds."
    )


class SearchQuery(BaseModel):
    """What to search for."""

    q: Annotated[
        str,
        Field(
            min_length=3,
            max_length=LONGEST_TEXT,
            description="Part of a SID, number or name.",
        ),
    ]
    limit: Annotated[int, Field(ge=1, le=200, description="Most calls to return.")] = 50


class CallPath(BaseModel):
    """Which call."""

    call_id: Annotated[int, id_of("call")]


class SidPath(BaseModel):
    """Which call, by the provider's id."""

    call_sid: str


class MetadataIn(BaseModel):
    """Keys to set; null removes one."""

    metadata: dict[str, Any]


CALL = lookup(CALLS, Call, noun="call")


@route(
    "GET",
    "/api/v1/calls",
    tag=TAG,
    kinds=reading(Kind.CALLS),
    summary="List calls",
    graphql=(
        "{ calls(first: 50, filter: {status: {eq: COMPLETED}, assistantName: {contains: "
        '"support"}}) { totalCount nodes { id callSid status duration cost { total currency } '
        "} } }"
    ),
    answers={
        200: Answer(
            "One page, newest first.",
            Calls,
            {"items": [CALL_EXAMPLE], "total": 1250, "skip": 0, "limit": 100},
        )
    },
    reads=page_of(CALLS, Calls),
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
    echoed = {"skip": query.skip, "limit": query.limit}
    return RestArguments(paging=newest, filter=query.filter(), echoed=echoed)


@route(
    "GET",
    "/api/v1/calls/search",
    tag=TAG,
    kinds=reading(Kind.CALLS),
    summary="Search calls",
    graphql=(
        '{ calls(filter: {customerPhoneNumber: {contains: "5551234"}}) { nodes { id callSid } } }'
    ),
    answers={200: Answer("Newest first.", list[Call], [CALL_EXAMPLE])},
    reads=list_of(SEARCHED_CALLS, Call),
)
def search_calls(query: SearchQuery) -> RestArguments:
    """Calls whose SID, customer's number or assistant's name contains the text.

    The filters of the list can do more; this is for callers that still have it.
    """
    newest = Paging(query.limit, "started_at", descending=True)
    return RestArguments(paging=newest, filter=(Condition("anywhere", "contains", query.q),))


@route(
    "GET",
    "/api/v1/calls/sid/{call_sid}",
    tag=TAG,
    kinds=reading(Kind.CALLS),
    summary="Get a call by SID",
    graphql='{ call(callSid: "CA1234567890abcdef") { id status } }',
    answers={200: Answer("The call.", Call, CALL_EXAMPLE)},
    errors=(404,),
    reads=lookup(RECORDS_AS_CALLS, Call, noun="call_with_sid", by="call_sid"),
)
def get_by_sid(path: SidPath) -> RestArguments:
    """One call, or one SMS conversation by its `sms_102`; the SID must match exactly."""
    return RestArguments(path.call_sid)


@route(
    "GET",
    "/api/v1/calls/{call_id}",
    tag=TAG,
    kinds=reading(Kind.CALLS),
    summary="Get a call",
    graphql=(
        "{ call(id: 101) { callSid status duration cost { total llm tts stt telephony "
        "currency } } }"
    ),
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
    kinds=changing(Kind.CALLS),
    summary="Change the metadata of a call",
    graphql=(
        'mutation { updateCallMeta(input: {id: 101, meta: {campaign: "spring", customer_id: '
        "null}}) { call { meta } userErrors { message path } } }"
    ),
    answers={200: Answer("The call as it is now.", Call, CALL_EXAMPLE)},
    errors=(400, 404),
    reads=CALL,
    guarded_by=CALL,
)
async def patch_metadata(context: Context, path: CallPath, body: MetadataIn) -> RestArguments:
    """Set keys of a call's metadata; a key that is null is removed, and others stay."""
    await merge_call_meta(context, path.call_id, body.metadata)
    return RestArguments(path.call_id)
