"""Which texts are indexed by their words: the migration `full_text` makes the indexes."""

from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, FromClause, case, func

from gql.domain.messages import SMS_MESSAGES, TRANSCRIPTS
from gql.models.enums import Role
from gql.query.text_indexes import SearchedText, SpokenWords, TextIndex
from gql.sql.json_sql import literal_text

_FINAL_TRANSCRIPTS = replace(TRANSCRIPTS, visible=lambda segment: (segment.c.is_final,))
"""Without what speech-to-text took back later."""


def _spoken(message: FromClause) -> ColumnElement[Any]:
    """Neither the system prompt, which every conversation repeats, nor what tools answer."""
    role = message.c.role
    is_spoken = (role == literal_text(Role.USER)) | (role == literal_text(Role.ASSISTANT))
    return case((is_spoken, message.c.content))


_SPOKEN_TEXTS = {
    SearchedText.MESSAGES: TextIndex(
        SMS_MESSAGES,
        "content",
        _spoken,
        lambda message: func.coalesce(message.c.occurred_at, message.c.timestamp),
        "chat_message_words",
    ),
    SearchedText.TRANSCRIPTS: TextIndex(
        _FINAL_TRANSCRIPTS,
        "content",
        lambda segment: segment.c.content,
        lambda segment: func.coalesce(segment.c.occurred_at, segment.c.created_at),
        "transcript_words",
    ),
}

TEXT_INDEXES = {
    **_SPOKEN_TEXTS,
    SearchedText.SUMMARIES: TextIndex(
        None, "summary", lambda call: call.c.summary, lambda call: call.c.started_at, "call_words"
    ),
}
"""Of every kind of text."""

SPOKEN_WORDS = SpokenWords("said", _SPOKEN_TEXTS)
"""The filter of conversations by what was said in them; a summary is not."""
