"""SMS conversations: listed, read, exported and archived."""

from typing import Annotated, Any

from pydantic import BaseModel, Field
from starlette.responses import Response

from gql.domain.messages import OF_CALL, SMS_MESSAGES
from gql.domain.sms import RELATED, SMS_CONVERSATIONS
from gql.domain.writes.sms import archive_conversation
from gql.engine.rest_query import RestArguments, all_under, list_of, lookup
from gql.errors import NotFound
from gql.http.media_types import JSON
from gql.loaders import record_loaders
from gql.query.context import Context
from gql.query.paging import Paging
from gql.query.resource import Record
from gql.rest.downloads import CSV, TEXT
from gql.rest.parameters import Instant, Integer, Paged, id_or_not_found
from gql.rest.route import Answer, RestRoute, route
from gql.rest.routes.call_filters import Filters
from gql.rest.routes.sms_exports import conversation_file
from gql.rest.routes.sms_shapes import (
    CONVERSATION_EXAMPLE,
    CONVERSATION_FIELDS,
    MESSAGE_FIELDS,
    MESSAGES_EXAMPLE,
    RELATED_EXAMPLE,
    Archived,
    ExportedConversation,
    RelatedRecord,
    SmsConversation,
    SmsMessage,
    related_wire,
)

TAG = "SMS conversations"
BASE = "/api/v1/sms-conversations"

_BY_INDEX = ("message_index", "id")


class ConversationPath(BaseModel):
    """Which conversation; what is no number is not found."""

    conversation_id: Annotated[int, id_or_not_found("sms_conversation")]


class ConversationFilters(Filters, Paged):
    """Which conversations are listed."""

    resource = SMS_CONVERSATIONS

    status: str | None = Field(None, description="`active` or `completed`.")
    assistant_id: Integer | None = None
    customer_phone: str | None = Field(None, description="Part of the number, by its digits.")
    date_from: Instant | None = Field(None, description="Started then or later.")
    date_to: Instant | None = Field(None, description="Started then or earlier.")


class ExportFormat(BaseModel):
    """Which kind of file."""

    format: Annotated[str, Field(pattern="^(txt|csv|json)$")] = "txt"


@route(
    "GET",
    BASE,
    tag=TAG,
    summary="List SMS conversations",
    answers={200: Answer("A page of them.", list[SmsConversation], [CONVERSATION_EXAMPLE])},
    reads=list_of(SMS_CONVERSATIONS, CONVERSATION_FIELDS),
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
    summary="Get an SMS conversation",
    answers={200: Answer("The conversation.", SmsConversation, CONVERSATION_EXAMPLE)},
    errors=(404,),
    reads=lookup(SMS_CONVERSATIONS, CONVERSATION_FIELDS, noun=SMS_CONVERSATIONS.name),
)
def get_sms_conversation(path: ConversationPath) -> RestArguments:
    """One conversation, unless it is archived."""
    return RestArguments(path.conversation_id)


@route(
    "GET",
    BASE + "/{conversation_id}/messages",
    tag=TAG,
    summary="List the messages of an SMS conversation",
    answers={200: Answer("All of them, in order.", list[SmsMessage], MESSAGES_EXAMPLE)},
    errors=(404,),
    reads=lookup(
        SMS_CONVERSATIONS,
        all_under(SMS_MESSAGES, OF_CALL, MESSAGE_FIELDS, order=_BY_INDEX),
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
    summary="List what is related to an SMS conversation",
    answers={200: Answer("At most 50, newest first.", list[RelatedRecord], RELATED_EXAMPLE)},
    errors=(404,),
)
async def list_related_records(context: Context, path: ConversationPath) -> list[dict[str, Any]]:
    """Recent calls and SMS conversations of the same customer and assistant, this one included."""
    conversation = await _conversation(context, path)
    related = await record_loaders.union_list(context, RELATED, conversation.id)
    return [related_wire(record, conversation.id) for record in related]


@route(
    "GET",
    BASE + "/{conversation_id}/export",
    tag=TAG,
    summary="Export an SMS conversation",
    answers={200: Answer("A file.", ExportedConversation, files=(TEXT, CSV, JSON))},
    errors=(404,),
)
async def export_sms_conversation(
    context: Context, path: ConversationPath, query: ExportFormat
) -> Response:
    """Download a conversation as text, CSV or JSON.

    Cells that a spreadsheet would run as a formula begin with an apostrophe.
    """
    conversation = await _conversation(context, path)
    return conversation_file(conversation, await _messages(context, path), query.format)


@route(
    "DELETE",
    BASE + "/{conversation_id}",
    tag=TAG,
    summary="Archive an SMS conversation",
    answers={
        200: Answer(
            "It is archived.",
            Archived,
            {"success": True, "message": "SMS conversation archived successfully"},
        )
    },
    errors=(404,),
)
async def archive_sms_conversation(context: Context, path: ConversationPath) -> dict[str, Any]:
    """Hide a conversation for good, and delete its messages, logs and live session.

    The next message between the two opens a new conversation. Archiving it again is a 404.
    """
    await archive_conversation(context, path.conversation_id, context.sms_sessions)
    return {"success": True, "message": "SMS conversation archived successfully"}


async def _conversation(context: Context, path: ConversationPath) -> Record:
    """The conversation that the path names.

    Raises:
        NotFound: when the organization has none, or has archived it.
    """
    found = await record_loaders.find(context, SMS_CONVERSATIONS, path.conversation_id)
    if found is None:
        raise NotFound(SMS_CONVERSATIONS.name, path.conversation_id)
    return found


async def _messages(context: Context, path: ConversationPath) -> list[Record]:
    return await record_loaders.children(
        context, SMS_MESSAGES, OF_CALL, path.conversation_id, order=_BY_INDEX
    )


ROUTES: tuple[RestRoute, ...] = (
    list_sms_conversations,
    get_sms_conversation,
    archive_sms_conversation,
    list_sms_messages,
    list_related_records,
    export_sms_conversation,
)
