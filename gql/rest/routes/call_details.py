"""What was said in a voice call: its transcript and its messages."""

from typing import Annotated

from pydantic import BaseModel, Field

from gql.domain.calls import CALLS
from gql.domain.messages import MESSAGES, OF_CALL, TRANSCRIPTS
from gql.engine.rest_query import RestArguments, all_under, lookup
from gql.loaders import record_loaders
from gql.query.context import Context
from gql.query.filters import Condition, Filter
from gql.query.resource import Record
from gql.rest.route import Answer, RestRoute, route
from gql.rest.routes.call_filters import CallPath, SidPath
from gql.rest.routes.call_shapes import MESSAGE_FIELDS, TRANSCRIPT_FIELDS, Message, Transcript

TAG = "Calls"

SpeakerName = Annotated[str, Field(pattern="^(user|assistant)$")]


_TRANSCRIPTS = all_under(TRANSCRIPTS, OF_CALL, TRANSCRIPT_FIELDS)
_MESSAGES = all_under(MESSAGES, OF_CALL, MESSAGE_FIELDS, order=("message_index", "id"))


class TranscriptQuery(BaseModel):
    """Which stretches of speech."""

    speaker: SpeakerName | None = None
    include_interim: bool = Field(False, description="Also guesses that were corrected later.")

    def filter(self) -> Filter:
        """The stretches as the domain knows them."""
        wanted = []
        if not self.include_interim:
            wanted.append(Condition("is_final", "eq", True))
        if self.speaker is not None:
            wanted.append(Condition("speaker", "eq", self.speaker))
        return tuple(wanted)


class MessageQuery(BaseModel):
    """Which messages."""

    role: Annotated[str, Field(pattern="^(system|user|assistant)$")] | None = None


@route(
    "GET",
    "/api/v1/calls/sid/{call_sid}/transcripts",
    tag=TAG,
    summary="Get the transcript of a call by SID",
    answers={200: Answer("In the order it was heard.", list[Transcript])},
    errors=(404,),
    reads=lookup(CALLS, _TRANSCRIPTS, noun="call_with_sid", by="call_sid"),
)
def transcripts_by_sid(path: SidPath, query: TranscriptQuery) -> RestArguments:
    """What was heard in one call; its SID must match exactly."""
    return RestArguments(path.call_sid, filter=query.filter())


@route(
    "GET",
    "/api/v1/calls/{call_id}/transcripts",
    tag=TAG,
    summary="Get the transcript of a call",
    answers={200: Answer("In the order it was heard.", list[Transcript])},
    errors=(404,),
    reads=lookup(CALLS, _TRANSCRIPTS, noun="call"),
)
def transcripts_by_id(path: CallPath, query: TranscriptQuery) -> RestArguments:
    """What was heard in one call."""
    return RestArguments(path.call_id, filter=query.filter())


@route(
    "GET",
    "/api/v1/calls/{call_id}/messages",
    tag=TAG,
    summary="Get the messages of a call",
    answers={200: Answer("By `message_index`, from 0.", list[Message])},
    errors=(404,),
    reads=lookup(CALLS, _MESSAGES, noun="call"),
)
def list_messages(path: CallPath, query: MessageQuery) -> RestArguments:
    """The messages of one call, the system prompt first."""
    wanted = () if query.role is None else (Condition("role", "eq", query.role),)
    return RestArguments(path.call_id, filter=wanted)


async def list_transcripts(context: Context, call: Record, query: TranscriptQuery) -> list[Record]:
    """The stretches of speech of a call, in the order they were heard."""
    return await record_loaders.children(
        context, TRANSCRIPTS, OF_CALL, call.id, filter=query.filter()
    )


SID_ROUTES: tuple[RestRoute, ...] = (transcripts_by_sid,)

ROUTES: tuple[RestRoute, ...] = (transcripts_by_id, list_messages)
