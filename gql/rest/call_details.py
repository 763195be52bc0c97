"""What was said in a voice call: its transcript and its messages."""

from typing import Annotated, Any

from pydantic import BaseModel, Field

from gql.context import Context
from gql.domain import reading
from gql.domain.filters import Condition
from gql.domain.messages import MESSAGES, OF_CALL, TRANSCRIPTS
from gql.domain.resource import Record
from gql.rest.call_filters import CallPath, SidPath, get_call, get_call_by_sid
from gql.rest.call_shapes import Message, Transcript, message_wire, transcript_wire
from gql.rest.route import Answer, RestRoute, route

TAG = "Calls"

SpeakerName = Annotated[str, Field(pattern="^(user|assistant)$")]


class TranscriptQuery(BaseModel):
    """Which stretches of speech."""

    speaker: SpeakerName | None = None
    include_interim: bool = Field(False, description="Also guesses that were corrected later.")


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
)
async def transcripts_by_sid(
    context: Context, path: SidPath, query: TranscriptQuery
) -> list[dict[str, Any]]:
    """What was heard in one call; its SID must match exactly."""
    call = await get_call_by_sid(context, path.call_sid)
    return [transcript_wire(each) for each in await list_transcripts(context, call, query)]


@route(
    "GET",
    "/api/v1/calls/{call_id}/transcripts",
    tag=TAG,
    summary="Get the transcript of a call",
    answers={200: Answer("In the order it was heard.", list[Transcript])},
    errors=(404,),
)
async def transcripts_by_id(
    context: Context, path: CallPath, query: TranscriptQuery
) -> list[dict[str, Any]]:
    """What was heard in one call."""
    call = await get_call(context, path.call_id)
    return [transcript_wire(each) for each in await list_transcripts(context, call, query)]


@route(
    "GET",
    "/api/v1/calls/{call_id}/messages",
    tag=TAG,
    summary="Get the messages of a call",
    answers={200: Answer("By `message_index`, from 0.", list[Message])},
    errors=(404,),
)
async def list_messages(
    context: Context, path: CallPath, query: MessageQuery
) -> list[dict[str, Any]]:
    """The messages of one call, the system prompt first."""
    call = await get_call(context, path.call_id)
    wanted = () if query.role is None else (Condition("role", "eq", query.role),)
    found = await reading.children(
        context, MESSAGES, OF_CALL, call.id, order=("message_index", "id"), filter=wanted
    )
    return [message_wire(message) for message in found]


async def list_transcripts(context: Context, call: Record, query: TranscriptQuery) -> list[Record]:
    """The stretches of speech of a call, in the order they were heard."""
    wanted = []
    if not query.include_interim:
        wanted.append(Condition("is_final", "eq", True))
    if query.speaker is not None:
        wanted.append(Condition("speaker", "eq", query.speaker))
    return await reading.children(context, TRANSCRIPTS, OF_CALL, call.id, filter=tuple(wanted))


SID_ROUTES: tuple[RestRoute, ...] = (transcripts_by_sid,)

ROUTES: tuple[RestRoute, ...] = (transcripts_by_id, list_messages)
