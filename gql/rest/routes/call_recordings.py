"""Recordings of voice calls."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from gql.domain.calls import CALLS
from gql.domain.messages import OF_CALL
from gql.domain.recordings import DATED_RECORDINGS
from gql.domain.sms import CALL_RECORDS
from gql.engine.fields import ColumnSource, ConstantSource
from gql.engine.rest_query import RestArguments
from gql.kinds import Kind, reading
from gql.rest.filters import FilterBy, Filters
from gql.rest.reads import all_under, lookup
from gql.rest.route import Answer, route
from gql.rest.routes.calls import TAG, CallPath, SidPath


class Recording(BaseModel):
    """A file about a call, which its source keeps."""

    id: int
    call_id: int
    recording_sid: Annotated[str, ColumnSource("external_id")]
    file_path: Annotated[str | None, ConstantSource("null")] = Field(
        description="Always null: there are no files here."
    )
    recording_url: Annotated[str | None, ColumnSource("url")] = Field(
        description="Null where only the source's own interface gives it."
    )
    duration: float | None = Field(description="Seconds.")
    format: str | None
    recording_type: Annotated[str, ColumnSource("kind")] = Field(
        description="`full`, `customer`, `assistant`, `video`, `pcap` or `log`."
    )
    recording_source: Annotated[str, ColumnSource("source")] = Field(
        description="The system that has it."
    )
    status: str | None = Field(description="In that system's word.")
    created_at: datetime | None = Field(
        description="When it begins or, where nobody says, when the source told of it."
    )


class RecordingQuery(Filters):
    """Which recordings."""

    resource = DATED_RECORDINGS

    recording_type: Annotated[str | None, FilterBy("kind")] = None


RECORDINGS_OF_CALL = all_under(DATED_RECORDINGS, OF_CALL, Recording, usual=2)


@route(
    "GET",
    "/api/v1/calls/sid/{call_sid}/recordings",
    tag=TAG,
    kinds=reading(Kind.CALLS),
    summary="Get the recordings of a call by SID",
    graphql='{ call(callSid: "CA1234567890abcdef") { recordings { nodes { kind url } } } }',
    answers={200: Answer("By id.", list[Recording])},
    errors=(404,),
    reads=lookup(CALL_RECORDS, RECORDINGS_OF_CALL, noun="call_with_sid", by="call_sid"),
)
def recordings_by_sid(path: SidPath, query: RecordingQuery) -> RestArguments:
    """What was recorded of one call; nothing, of an SMS conversation. The SID matches exactly."""
    return RestArguments(path.call_sid, filter=query.filter())


@route(
    "GET",
    "/api/v1/calls/{call_id}/recordings",
    tag=TAG,
    kinds=reading(Kind.CALLS),
    summary="Get the recordings of a call",
    graphql="{ call(id: 101) { recordings { nodes { externalId kind url durationMs } } } }",
    answers={200: Answer("By id.", list[Recording])},
    errors=(404,),
    reads=lookup(CALLS, RECORDINGS_OF_CALL, noun="call"),
)
def recordings_by_id(path: CallPath, query: RecordingQuery) -> RestArguments:
    """What was recorded of one call."""
    return RestArguments(path.call_id, filter=query.filter())
