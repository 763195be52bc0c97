"""What was said in a voice call: its transcript and its messages."""

from typing import Annotated

from pydantic import BaseModel, Field

from gql.context import Context
from gql.domain import reading
from gql.domain.calls import CALLS
from gql.domain.filters import Condition, Filter
from gql.domain.messages import MESSAGES, OF_CALL, TRANSCRIPTS
from gql.domain.resource import Record
from gql.plan.read import LIST, Asked, found
from gql.plan.tree import ToMany
from gql.rest.call_filters import CallPath, SidPath
from gql.rest.call_shapes import MESSAGE_WIRE, TRANSCRIPT_WIRE, Message, Transcript
from gql.rest.route import Answer, RestRoute, route

TAG = "Calls"

SpeakerName = Annotated[str, Field(pattern="^(user|assistant)$")]


_HEARD = ToMany(TRANSCRIPTS, OF_CALL, ("id",), TRANSCRIPT_WIRE, LIST)
_SAID = ToMany(MESSAGES, OF_CALL, ("message_index", "id"), MESSAGE_WIRE, LIST)


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
    reads=found(CALLS, _HEARD, noun="call_with_sid", by="call_sid"),
)
def transcripts_by_sid(path: SidPath, query: TranscriptQuery) -> Asked:
    """What was heard in one call; its SID must match exactly."""
    return Asked(path.call_sid, filter=query.filter())


@route(
    "GET",
    "/api/v1/calls/{call_id}/transcripts",
    tag=TAG,
    summary="Get the transcript of a call",
    answers={200: Answer("In the order it was heard.", list[Transcript])},
    errors=(404,),
    reads=found(CALLS, _HEARD, noun="call"),
)
def transcripts_by_id(path: CallPath, query: TranscriptQuery) -> Asked:
    """What was heard in one call."""
    return Asked(path.call_id, filter=query.filter())


@route(
    "GET",
    "/api/v1/calls/{call_id}/messages",
    tag=TAG,
    summary="Get the messages of a call",
    answers={200: Answer("By `message_index`, from 0.", list[Message])},
    errors=(404,),
    reads=found(CALLS, _SAID, noun="call"),
)
def list_messages(path: CallPath, query: MessageQuery) -> Asked:
    """The messages of one call, the system prompt first."""
    wanted = () if query.role is None else (Condition("role", "eq", query.role),)
    return Asked(path.call_id, filter=wanted)


async def list_transcripts(context: Context, call: Record, query: TranscriptQuery) -> list[Record]:
    """The stretches of speech of a call, in the order they were heard."""
    return await reading.children(context, TRANSCRIPTS, OF_CALL, call.id, filter=query.filter())


SID_ROUTES: tuple[RestRoute, ...] = (transcripts_by_sid,)

ROUTES: tuple[RestRoute, ...] = (transcripts_by_id, list_messages)
