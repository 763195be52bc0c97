"""An SMS conversation as a file: as text for people, CSV for spreadsheets, JSON for programs."""

from collections.abc import Callable, Sequence

from starlette.responses import Response

from gql.engine.rest_fields import present, presenter
from gql.http.media_types import JSON
from gql.query.resource import Record
from gql.rest.downloads import CSV, TEXT, csv_lines, file, iso_instant
from gql.rest.json_output import dumps
from gql.rest.routes.sms_shapes import CONVERSATION_FIELDS, MESSAGE_FIELDS

CSV_HEADER = ("Timestamp", "Role", "Content", "LLM Provider", "LLM Model")

Messages = Sequence[Record]


def conversation_file(conversation: Record, messages: Messages, format: str) -> Response:
    """The attachment `sms_conversation_102.csv`.

    Args:
        conversation: What is exported.
        messages: All of its messages, in order.
        format: `txt`, `csv` or `json`.
    """
    media_type, content = _FORMATS[format]
    name = f"sms_conversation_{conversation.id}.{format}"
    return file(content(conversation, messages), name=name, media_type=media_type)


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
        said = "\n    ".join(message.content.splitlines())
        lines.append(f"[{message.timestamp:%Y-%m-%d %H:%M:%S}] {message.role}: {said}")
    return ("\n".join(lines) + "\n").encode()


def _as_csv(_conversation: Record, messages: Messages) -> bytes:
    """One line per message."""
    lines = (
        (each.timestamp, each.role, each.content, each.llm_provider, each.llm_model)
        for each in messages
    )
    return csv_lines((CSV_HEADER, *lines))


def _as_json(conversation: Record, messages: Messages) -> bytes:
    """The conversation as it is answered, with `messages`."""
    said = list(map(presenter(MESSAGE_FIELDS), messages))
    return dumps({**present(CONVERSATION_FIELDS, conversation), "messages": said})


_FORMATS: dict[str, tuple[str, Callable[[Record, Messages], bytes]]] = {
    "txt": (TEXT, _as_text),
    "csv": (CSV, _as_csv),
    "json": (JSON, _as_json),
}
