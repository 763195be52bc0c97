"""Messages and transcripts, as readers see them."""

from sqlalchemy import or_

from gql.models.enums import Role
from gql.models.message import ChatMessage, Transcript
from gql.models.scope import table_of
from gql.query.filters import compare
from gql.query.resource import Link, Order, Resource

_FILTERS = {
    "role": compare("role"),
    "content": compare("content"),
    "timestamp": compare("timestamp"),
}
_ORDERS = {"message_index": Order("message_index", "integer")}

MESSAGES = Resource("message", table_of(ChatMessage), filters=_FILTERS, orders=_ORDERS)

SMS_MESSAGES = Resource(
    "message",
    table_of(ChatMessage),
    # Not IN: its list would be a parameter, and compiled statements have constants in their text.
    visible=lambda message: (or_(message.c.role == Role.USER, message.c.role == Role.ASSISTANT),),
    filters=_FILTERS,
    orders=_ORDERS,
)
"""Messages of an SMS conversation: neither the system prompt nor a tool is part of the thread."""

TRANSCRIPTS = Resource(
    "transcript",
    table_of(Transcript),
    filters={"speaker": compare("speaker"), "is_final": compare("is_final")},
    orders={"id": Order("id", "integer")},
)

OF_CALL = Link.by("call_id")
"""From a call or an SMS conversation to its messages or transcripts."""
