"""The routes of SMS conversations with ids that are strings, as `GQL_SMS_IDS=string` has them.

The API documents print numbers. The OpenAPI document of the same API says strings, and clients that
are generated from it refuse numbers. Nothing else differs: each route is the other one with another
shape.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from pydantic import BaseModel, create_model

from gql.domain.messages import BY_CHRONOLOGY, OF_CALL, SMS_MESSAGES
from gql.domain.sms import RELATED, SMS_CONVERSATIONS
from gql.engine.fields import ColumnSource, ManySource
from gql.rest.reads import all_under, list_of, lookup, newest_under
from gql.rest.route import Answer, RestRoute
from gql.rest.routes import sms_conversations as numbered

_IDS = frozenset({"id", "conversation_id"})
_NOUN = SMS_CONVERSATIONS.name


def _with_string_ids(
    model: type[BaseModel], columns: Mapping[str, str], **fields: Any
) -> type[BaseModel]:
    """The same shape with ids that are strings.

    Args:
        model: The shape.
        columns: The column of each id, by the name of the field.
        fields: Further fields that differ.
    """
    ids = {
        name: (Annotated[str, ColumnSource(column, "integer_text")], ...)
        for name, column in columns.items()
    }
    definitions: dict[str, Any] = {**ids, **fields}
    return create_model(model.__name__, __base__=model, __doc__=model.__doc__, **definitions)


def _answered_by(route: RestRoute, model: Any) -> dict[int, Answer]:
    """The answers of a route in another shape."""
    return {
        status: replace(answer, model=model, example=_example(answer.example))
        for status, answer in route.answers.items()
    }


def _example(value: Any) -> Any:
    if isinstance(value, list):
        return [_example(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {name: str(each) if name in _IDS else each for name, each in value.items()}


Conversation = _with_string_ids(numbered.SmsConversation, {"id": "id"})
Message = _with_string_ids(numbered.SmsMessage, {"id": "id", "conversation_id": "call_id"})
Related = _with_string_ids(numbered.RelatedRecord, {"id": "id"})
_MESSAGES = Annotated[
    list[Message],  # type: ignore[valid-type]  # made above
    ManySource(SMS_MESSAGES, OF_CALL, BY_CHRONOLOGY),
]
Exported = _with_string_ids(numbered.ExportedConversation, {"id": "id"}, messages=(_MESSAGES, ...))

CONVERSATION = lookup(SMS_CONVERSATIONS, Conversation, noun=_NOUN)

ROUTES: Mapping[RestRoute, RestRoute] = {
    numbered.list_sms_conversations: replace(
        numbered.list_sms_conversations,
        reads=list_of(SMS_CONVERSATIONS, Conversation),
        answers=_answered_by(numbered.list_sms_conversations, list[Conversation]),  # type: ignore[valid-type]
    ),
    numbered.get_sms_conversation: replace(
        numbered.get_sms_conversation,
        reads=CONVERSATION,
        answers=_answered_by(numbered.get_sms_conversation, Conversation),
    ),
    numbered.list_sms_messages: replace(
        numbered.list_sms_messages,
        reads=lookup(
            SMS_CONVERSATIONS,
            all_under(SMS_MESSAGES, OF_CALL, Message, usual=50, order=BY_CHRONOLOGY),
            noun=_NOUN,
        ),
        answers=_answered_by(numbered.list_sms_messages, list[Message]),  # type: ignore[valid-type]
    ),
    numbered.list_related_records: replace(
        numbered.list_related_records,
        reads=lookup(SMS_CONVERSATIONS, newest_under(RELATED, Related), noun=_NOUN),
        answers=_answered_by(numbered.list_related_records, list[Related]),  # type: ignore[valid-type]
    ),
    numbered.export_sms_conversation: replace(
        numbered.export_sms_conversation,
        handler=numbered.exporter(lookup(SMS_CONVERSATIONS, Exported, noun=_NOUN)),
        answers=_answered_by(numbered.export_sms_conversation, Exported),
    ),
    numbered.archive_sms_conversation: replace(
        numbered.archive_sms_conversation, guarded_by=CONVERSATION
    ),
}
"""By the route with numbers."""
