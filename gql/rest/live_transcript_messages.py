"""The messages of the documented live transcript, and the credential of its handshake.

Instants are written with `+00:00` and not with `Z`, which `datetime.fromisoformat` of Python before
3.11 does not read.
"""

from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

import orjson
from starlette.types import Message, Scope

from gql.errors import Forbidden, GatewayError, NotFound, Unauthenticated
from gql.http.headers import header_values, with_authorization
from gql.models.enums import CallStatus
from gql.models.types import now
from gql.query.resource import Record

TOKEN_SUBPROTOCOL = "burki-token-"  # noqa: S105 -- what comes before a key
"""How a subprotocol begins that brings a key: browsers can set no header of a WebSocket."""

LONGEST_MESSAGE = 1_000
"""Characters of what a client sends; what it may say has less than thirty."""

CLIENT_MESSAGES = ("ping", "request_status")

_STATUS_WORDS = {
    CallStatus.ONGOING: "in-progress",
    CallStatus.COMPLETED: "completed",
    CallStatus.FAILED: "failed",
}
_ERROR_WORDS: tuple[tuple[type[GatewayError], str], ...] = (
    (Unauthenticated, "authentication_failed"),
    (Forbidden, "access_denied"),
    (NotFound, "call_not_found"),
)


def token_subprotocol(scope: Scope) -> str | None:
    """The subprotocol that brings a key; None without one."""
    offered: list[str] = scope.get("subprotocols", [])
    return next((each for each in offered if each.startswith(TOKEN_SUBPROTOCOL)), None)


def with_token(scope: Scope) -> Scope:
    """A handshake with its key as the header `Authorization`, and without its query string.

    Raises:
        Unauthenticated: when it brings several.
    """
    authorizations = set(header_values(scope, b"authorization"))
    keys = parse_qs(scope["query_string"].decode("latin-1")).get("token", [])
    if (subprotocol := token_subprotocol(scope)) is not None:
        keys.append(subprotocol.removeprefix(TOKEN_SUBPROTOCOL))
    authorizations |= {f"Bearer {key}" for key in keys}
    scope = {**scope, "query_string": b""}
    if len(authorizations) > 1:
        raise Unauthenticated("Send one key: as a header, as `?token=` or as a subprotocol.")
    return with_authorization(scope, authorizations.pop()) if authorizations else scope


def client_message(frame: Message) -> str | None:
    """The type of what a client sent, an ASGI event `websocket.receive`; None where it is none."""
    text = frame.get("text") or (frame.get("bytes") or b"").decode(errors="replace")
    if len(text) > LONGEST_MESSAGE:
        return None
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    kind = message.get("type") if isinstance(message, dict) else None
    return kind if kind in CLIENT_MESSAGES else None


def segment_content(segment: Record) -> bytes:
    """What is told of a segment of speech, as JSON."""
    return orjson.dumps(
        {
            "content": segment.content,
            "speaker": segment.speaker,
            "is_final": segment.is_final,
            "confidence": segment.confidence,
            "segment_start": segment.segment_start,
            "segment_end": segment.segment_end,
            "created_at": _instant(segment.created_at),
        }
    )


def call_content(call: Record) -> dict[str, Any]:
    """What `call_status` has of a call."""
    return {
        "call_sid": call.call_sid,
        "status": _STATUS_WORDS[CallStatus(call.status)],
        "metadata": {
            "assistant_id": call.assistant_id,
            "started_at": _instant(call.started_at),
            "to_phone_number": call.to_phone_number,
            "customer_phone_number": call.customer_phone_number,
            "call_type": call.direction,
            "duration": call.duration,
        },
    }


def transcript_message(call_sid: str, content: bytes) -> bytes:
    """What is said, with `segment_content`."""
    return timed_message("transcript", call_sid=call_sid, data=orjson.Fragment(content))


def error_message(call_sid: str, error: GatewayError) -> bytes:
    """Why something cannot be told."""
    words = (word for kind, word in _ERROR_WORDS if isinstance(error, kind))
    word = next(words, error.code.lower())
    return timed_message("error", call_sid=call_sid, error=word, message=error.message)


def timed_message(kind: str, **values: Any) -> bytes:
    """A message of now."""
    return orjson.dumps({"type": kind, "timestamp": _instant(now()), **values})


def _instant(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()
