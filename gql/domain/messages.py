"""Messages and transcripts, as readers see them."""

from dataclasses import replace

from sqlalchemy import or_

from gql.models.enums import Role, Speaker
from gql.models.message import (
    ChatMessage,
    Transcript,
    message_chronology,
    transcript_chronology,
)
from gql.models.scope import table_of
from gql.query.filters import compare
from gql.query.resource import BY_ID, Link, Order, Resource

_FILTERS = {
    "role": compare("role"),
    "content": compare("content"),
    "timestamp": compare("timestamp"),
}
_BY_CHRONOLOGY = Order("chronology", "chronology", indexed_by="occurred_at")
_ORDERS = {"occurred_at": _BY_CHRONOLOGY, "message_index": Order("message_index", "integer")}
_COMPUTED = {"chronology": message_chronology}

MESSAGES = Resource(
    "message", table_of(ChatMessage), computed=_COMPUTED, filters=_FILTERS, orders=_ORDERS
)

SMS_MESSAGES = Resource(
    "message",
    table_of(ChatMessage),
    # Not IN: its list would be a parameter, and compiled statements have constants in their text.
    visible=lambda message: (or_(message.c.role == Role.USER, message.c.role == Role.ASSISTANT),),
    computed=_COMPUTED,
    filters=_FILTERS,
    orders=_ORDERS,
)
"""Messages of an SMS conversation: neither the system prompt nor a tool is part of the thread."""

TRANSCRIPTS = Resource(
    "transcript",
    table_of(Transcript),
    filters={"speaker": compare("speaker"), "is_final": compare("is_final")},
    computed={"chronology": transcript_chronology},
    orders={"occurred_at": _BY_CHRONOLOGY, "id": BY_ID},
)

DOCUMENTED_MESSAGES = replace(MESSAGES, visible=lambda message: (message.c.role != Role.TOOL,))
"""Those that the documented REST API has a role for."""

DOCUMENTED_TRANSCRIPTS = replace(
    TRANSCRIPTS, visible=lambda segment: (segment.c.speaker != Speaker.OTHER,)
)
"""Those that it has a speaker for."""

BY_CHRONOLOGY = ("chronology", "id")
"""How messages or transcripts of a call are sorted where the list is whole."""

OF_CALL = Link.by("call_id")
"""From a call or an SMS conversation to its messages or transcripts."""
