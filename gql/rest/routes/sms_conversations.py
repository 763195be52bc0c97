"""SMS conversations: listed, read, exported and archived."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field
from starlette.responses import Response

from gql.domain.messages import BY_CHRONOLOGY, OF_CALL, SMS_MESSAGES
from gql.domain.sms import RELATED, SMS_CONVERSATIONS
from gql.domain.writes.sms import archive_conversation
from gql.engine.fields import ColumnSource, IsLookedUpSource, ManySource
from gql.engine.query_runner import QueryRunner
from gql.engine.rest_query import RestArguments, RestQuery
from gql.http.media_types import JSON
from gql.kinds import Kind, changing, reading
from gql.loaders.record_loaders import ChildrenByParentLoader, RecordByKeyLoader
from gql.query.context import Context
from gql.query.paging import Paging
from gql.query.record_list import RecordList
from gql.query.resource import Record
from gql.rest.downloads import CSV, TEXT, csv_lines, file, iso_instant
from gql.rest.filters import FilterBy, Filters
from gql.rest.parameters import Paged, id_or_not_found
from gql.rest.reads import all_under, list_of, lookup, newest_under
from gql.rest.route import Answer, route
from gql.rest.routes.calls import CustomerPhone, OfAssistant, StartedFrom, StartedTo

TAG = "SMS conversations"
BASE = "/api/v1/sms-conversations"

_CSV_HEADER = ("Timestamp", "Role", "Content", "LLM Provider", "LLM Model")

CONVERSATION_EXAMPLE: dict[str, Any] = {
    "id": 101,
    "session_id": "sms:+15559876543:+15551234567",
    "assistant_id": 123,
    "assistant_name": "Support Bot",
    "customer_phone_number": "+15559876543",
    "assistant_phone_number": "+15551234567",
    "status": "active",
    "message_count": 8,
    "started_at": "2026-04-30T10:00:00Z",
    "last_activity": "2026-04-30T10:14:00Z",
    "ended_at": None,
    "channel": "sms",
}
"""The conversation of the API documents."""

MESSAGES_EXAMPLE: list[dict[str, Any]] = [
    {
        "id": 1,
        "conversation_id": 101,
        "role": "user",
        "content": "Can I reschedule?",
        "timestamp": "2026-04-30T10:05:00Z",
        "message_index": 1,
        "llm_provider": None,
        "llm_model": None,
    },
    {
        "id": 2,
        "conversation_id": 101,
        "role": "assistant",
        "content": "Sure. What day works best?",
        "timestamp": "2026-04-30T10:05:05Z",
        "message_index": 2,
        "llm_provider": "openai",
        "llm_model": "gpt-4o-mini",
    },
]
"""Its first messages."""

RELATED_EXAMPLE: list[dict[str, Any]] = [
    {
        "id": 101,
        "call_sid": "sms_101",
        "channel": "sms",
        "direction": "inbound",
        "status": "active",
        "duration": None,
        "message_count": 8,
        "started_at": "2026-04-30T10:00:00Z",
        "ended_at": None,
        "is_current": True,
    }
]
"""What is related to it: itself."""


class SmsConversation(BaseModel):
    """A thread of text messages between a customer and an assistant."""

    id: int
    session_id: str = Field(description="`sms:<customer>:<assistant number>`.")
    assistant_id: int | None
    assistant_name: str | None = Field(
        description="What it is called, or was called before it was deleted."
    )
    customer_phone_number: str
    assistant_phone_number: Annotated[str, ColumnSource("to_phone_number")]
    status: Literal["active", "completed"]
    message_count: int
    started_at: datetime
    last_activity: datetime
    ended_at: datetime | None
    channel: Literal["sms"]


class SmsMessage(BaseModel):
    """One message; only the assistant's have a model."""

    id: int
    conversation_id: Annotated[int, ColumnSource("call_id")]
    role: Literal["user", "assistant"]
    content: str
    timestamp: datetime
    message_index: int = Field(description="From 1.")
    llm_provider: str | None
    llm_model: str | None


class RelatedRecord(BaseModel):
    """A call or an SMS conversation of the same customer and assistant."""

    id: int
    call_sid: str
    channel: Literal["voice", "sms"]
    direction: Literal["inbound", "outbound"]
    status: Literal["active", "ongoing", "completed", "failed"]
    duration: int | None = Field(description="Seconds; null for SMS.")
    message_count: int
    started_at: datetime
    ended_at: datetime | None
    is_current: Annotated[bool, IsLookedUpSource()] = Field(
        description="Whether it is the conversation that was asked about."
    )


class ExportedConversation(SmsConversation):
    """A conversation with all of its messages."""

    messages: Annotated[list[SmsMessage], ManySource(SMS_MESSAGES, OF_CALL, BY_CHRONOLOGY, 50)]


class Archived(BaseModel):
    """A conversation was archived."""

    success: bool
    message: str


CONVERSATION = lookup(SMS_CONVERSATIONS, SmsConversation, noun=SMS_CONVERSATIONS.name)
EXPORTED = lookup(SMS_CONVERSATIONS, ExportedConversation, noun=SMS_CONVERSATIONS.name)


class ConversationPath(BaseModel):
    """Which conversation; what is no number is not found."""

    conversation_id: Annotated[int, id_or_not_found("sms_conversation")]


class ConversationFilters(Filters, Paged):
    """Which conversations are listed."""

    resource = SMS_CONVERSATIONS

    status: Annotated[str | None, FilterBy("status")] = Field(
        None, description="`active` or `completed`."
    )
    assistant_id: OfAssistant = None
    customer_phone: CustomerPhone = None
    date_from: StartedFrom = None
    date_to: StartedTo = None


class ExportFormat(BaseModel):
    """Which kind of file."""

    format: Annotated[str, Field(pattern="^(txt|csv|json)$")] = "txt"


@route(
    "GET",
    BASE,
    tag=TAG,
    kinds=reading(Kind.SMS),
    summary="List SMS conversations",
    graphql=(
        "{ smsConversations(first: 100, filter: {status: {eq: ACTIVE}}) { nodes { id "
        "sessionId messageCount lastActivity } } }"
    ),
    answers={200: Answer("A page of them.", list[SmsConversation], [CONVERSATION_EXAMPLE])},
    reads=list_of(SMS_CONVERSATIONS, SmsConversation),
)
def list_sms_conversations(query: ConversationFilters) -> RestArguments:
    """SMS conversations, the latest message first; all filters must hold.

    Archived conversations are left out. A status that there is not gives an empty list.
    """
    latest = Paging(query.limit, "last_activity", descending=True, offset=query.skip)
    return RestArguments(paging=latest, filter=query.filter())


@route(
    "GET",
    BASE + "/{conversation_id}",
    tag=TAG,
    kinds=reading(Kind.SMS),
    summary="Get an SMS conversation",
    graphql="{ smsConversation(id: 102) { sessionId status assistantName } }",
    answers={200: Answer("The conversation.", SmsConversation, CONVERSATION_EXAMPLE)},
    errors=(404,),
    reads=CONVERSATION,
)
def get_sms_conversation(path: ConversationPath) -> RestArguments:
    """One conversation, unless it is archived."""
    return RestArguments(path.conversation_id)


@route(
    "GET",
    BASE + "/{conversation_id}/messages",
    tag=TAG,
    kinds=reading(Kind.SMS),
    summary="List the messages of an SMS conversation",
    graphql=(
        "{ smsConversation(id: 102) { messages(first: 100) { nodes { role content timestamp } } } }"
    ),
    answers={200: Answer("All of them, in order.", list[SmsMessage], MESSAGES_EXAMPLE)},
    errors=(404,),
    reads=lookup(
        SMS_CONVERSATIONS,
        all_under(SMS_MESSAGES, OF_CALL, SmsMessage, usual=50, order=BY_CHRONOLOGY),
        noun=SMS_CONVERSATIONS.name,
    ),
)
def list_sms_messages(path: ConversationPath) -> RestArguments:
    """Every message of the customer and the assistant, oldest first."""
    return RestArguments(path.conversation_id)


@route(
    "GET",
    BASE + "/{conversation_id}/related",
    tag=TAG,
    kinds=reading(Kind.SMS, Kind.CALLS),
    summary="List what is related to an SMS conversation",
    graphql=("{ smsConversation(id: 102) { related { id channel direction status startedAt } } }"),
    answers={200: Answer("At most 50, newest first.", list[RelatedRecord], RELATED_EXAMPLE)},
    errors=(404,),
    reads=lookup(
        SMS_CONVERSATIONS, newest_under(RELATED, RelatedRecord), noun=SMS_CONVERSATIONS.name
    ),
)
def list_related_records(path: ConversationPath) -> RestArguments:
    """Recent calls and SMS conversations of the same customer and assistant, this one included."""
    return RestArguments(path.conversation_id)


def exporter(exported: RestQuery) -> Callable[..., Awaitable[Response]]:
    """The handler of the export, whose JSON is what this read prints."""

    async def export_sms_conversation(
        context: Context, queries: QueryRunner, path: ConversationPath, query: ExportFormat
    ) -> Response:
        """Download a conversation as text, CSV or JSON.

        Cells that a spreadsheet would run as a formula begin with an apostrophe.
        """
        name = f"sms_conversation_{path.conversation_id}.{query.format}"
        if query.format == "json":
            body = await queries.fetch(context, exported, RestArguments(path.conversation_id))
            return file(body, name=name, media_type=JSON)
        conversations = RecordByKeyLoader.of(context, SMS_CONVERSATIONS)
        conversation = await conversations.require(path.conversation_id)
        media_type, write = _WRITERS[query.format]
        content = write(conversation, await _messages(context, path))
        return file(content, name=name, media_type=media_type)

    return export_sms_conversation


export_sms_conversation = route(
    "GET",
    BASE + "/{conversation_id}/export",
    tag=TAG,
    kinds=reading(Kind.SMS),
    summary="Export an SMS conversation",
    graphql="none: a download stays REST",
    answers={200: Answer("A file.", ExportedConversation, files=(TEXT, CSV, JSON))},
    errors=(404,),
)(exporter(EXPORTED))


@route(
    "DELETE",
    BASE + "/{conversation_id}",
    tag=TAG,
    kinds=changing(Kind.SMS),
    summary="Archive an SMS conversation",
    graphql=(
        "mutation { archiveSmsConversation(input: {id: 102}) { userErrors { message path } } }"
    ),
    answers={
        200: Answer(
            "It is archived.",
            Archived,
            {"success": True, "message": "SMS conversation archived successfully"},
        )
    },
    errors=(404,),
    guarded_by=CONVERSATION,
)
async def archive_sms_conversation(context: Context, path: ConversationPath) -> dict[str, Any]:
    """Hide a conversation for good, and delete its messages, logs and live session.

    The next message between the two opens a new conversation. Archiving it again is a 404.
    """
    await archive_conversation(context, path.conversation_id, context.sms_sessions)
    return {"success": True, "message": "SMS conversation archived successfully"}


async def _messages(context: Context, path: ConversationPath) -> list[Record]:
    records = RecordList(SMS_MESSAGES, link=OF_CALL)
    return await ChildrenByParentLoader.of(context, records, BY_CHRONOLOGY).load(
        path.conversation_id
    )


Messages = Sequence[Record]


def _as_text(conversation: Record, messages: Messages) -> bytes:
    """Three lines about the conversation, an empty one, and `[2026-04-30 10:05:00] user: ...`."""
    assistant = conversation.assistant_name or "Unknown assistant"
    lines = [
        f"SMS conversation {conversation.id} with {conversation.customer_phone_number}",
        f"Assistant: {assistant} ({conversation.to_phone_number})",
        f"Started: {iso_instant(conversation.started_at)}",
        "",
    ]
    for message in messages:
        # Further lines of a message are set in: nobody can write what looks like another message.
        content = "\n    ".join(message.content.splitlines())
        lines.append(f"[{message.timestamp:%Y-%m-%d %H:%M:%S}] {message.role}: {content}")
    return ("\n".join(lines) + "\n").encode()


def _as_csv(_conversation: Record, messages: Messages) -> bytes:
    """One line per message."""
    lines = (
        (each.timestamp, each.role, each.content, each.llm_provider, each.llm_model)
        for each in messages
    )
    return csv_lines((_CSV_HEADER, *lines))


_WRITERS: dict[str, tuple[str, Callable[[Record, Messages], bytes]]] = {
    "txt": (TEXT, _as_text),
    "csv": (CSV, _as_csv),
}
