"""What was said in a voice call: its transcript and its messages."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from gql.domain.calls import CALLS
from gql.domain.messages import (
    BY_CHRONOLOGY,
    DOCUMENTED_MESSAGES,
    DOCUMENTED_TRANSCRIPTS,
    OF_CALL,
)
from gql.domain.sms import CALL_RECORDS
from gql.engine.rest_query import RestArguments
from gql.kinds import Kind, reading
from gql.loaders.record_loaders import ChildrenByParentLoader
from gql.query.context import Context
from gql.query.filters import Condition, Filter
from gql.query.record_list import RecordList
from gql.query.resource import Record
from gql.rest.reads import all_under, lookup
from gql.rest.route import Answer, route
from gql.rest.routes.calls import TAG, CallPath, SidPath

SpeakerName = Annotated[str, Field(pattern="^(user|assistant)$")]


class Transcript(BaseModel):
    """One stretch of speech."""

    id: int
    call_id: int
    content: str
    speaker: Literal["user", "assistant"]
    is_final: bool
    segment_start: float | None = Field(description="Seconds into the call.")
    segment_end: float | None
    confidence: float | None
    stt_timestamps: dict[str, Any] | None = Field(
        description="Word timings, as the provider gave them."
    )
    created_at: datetime


class Message(BaseModel):
    """One message; only the assistant's have a model and tokens."""

    id: int
    call_id: int
    role: Literal["system", "user", "assistant"]
    content: str
    message_index: int
    timestamp: datetime
    llm_provider: str | None
    llm_model: str | None
    prompt_tokens: int | None
    completion_tokens: int | None
    total_tokens: int | None


TRANSCRIPTS_OF_CALL = all_under(
    DOCUMENTED_TRANSCRIPTS, OF_CALL, Transcript, usual=100, order=BY_CHRONOLOGY
)
MESSAGES_OF_CALL = all_under(DOCUMENTED_MESSAGES, OF_CALL, Message, usual=50, order=BY_CHRONOLOGY)


class TranscriptQuery(BaseModel):
    """Which stretches of speech."""

    speaker: SpeakerName | None = None
    include_interim: bool = Field(False, description="Also guesses that were corrected later.")

    def filter(self) -> Filter:
        """The stretches as the domain knows them."""
        conditions = []
        if not self.include_interim:
            conditions.append(Condition("is_final", "eq", True))
        if self.speaker is not None:
            conditions.append(Condition("speaker", "eq", self.speaker))
        return tuple(conditions)


class MessageQuery(BaseModel):
    """Which messages."""

    role: Annotated[str, Field(pattern="^(system|user|assistant)$")] | None = None


@route(
    "GET",
    "/api/v1/calls/sid/{call_sid}/transcripts",
    tag=TAG,
    kinds=reading(Kind.CALLS),
    summary="Get the transcript of a call by SID",
    graphql=(
        '{ call(callSid: "CA1234567890abcdef") { transcript { nodes { speaker content } } } }'
    ),
    answers={200: Answer("In the order it was heard.", list[Transcript])},
    errors=(404,),
    reads=lookup(CALL_RECORDS, TRANSCRIPTS_OF_CALL, noun="call_with_sid", by="call_sid"),
)
def transcripts_by_sid(path: SidPath, query: TranscriptQuery) -> RestArguments:
    """What was heard in one call; nothing, in an SMS conversation. The SID must match exactly."""
    return RestArguments(path.call_sid, filter=query.filter())


@route(
    "GET",
    "/api/v1/calls/{call_id}/transcripts",
    tag=TAG,
    kinds=reading(Kind.CALLS),
    summary="Get the transcript of a call",
    graphql=(
        "{ call(id: 101) { transcript(filter: {isFinal: true}) { nodes { speaker "
        "content confidence } } } }"
    ),
    answers={200: Answer("In the order it was heard.", list[Transcript])},
    errors=(404,),
    reads=lookup(CALLS, TRANSCRIPTS_OF_CALL, noun="call"),
)
def transcripts_by_id(path: CallPath, query: TranscriptQuery) -> RestArguments:
    """What was heard in one call."""
    return RestArguments(path.call_id, filter=query.filter())


@route(
    "GET",
    "/api/v1/calls/{call_id}/messages",
    tag=TAG,
    kinds=reading(Kind.CALLS),
    summary="Get the messages of a call",
    graphql=(
        "{ call(id: 101) { messages(filter: {role: {eq: USER}}) { nodes { content "
        "messageIndex timestamp } } } }"
    ),
    answers={200: Answer("In the order they were written.", list[Message])},
    errors=(404,),
    reads=lookup(CALLS, MESSAGES_OF_CALL, noun="call"),
)
def list_messages(path: CallPath, query: MessageQuery) -> RestArguments:
    """The messages of one call, the system prompt first."""
    conditions = () if query.role is None else (Condition("role", "eq", query.role),)
    return RestArguments(path.call_id, filter=conditions)


async def list_transcripts(context: Context, call: Record, query: TranscriptQuery) -> list[Record]:
    """The stretches of speech of a call, in the order they were heard."""
    records = RecordList.filtered(DOCUMENTED_TRANSCRIPTS, query.filter(), OF_CALL)
    return await ChildrenByParentLoader.of(context, records, BY_CHRONOLOGY).load(call.id)
