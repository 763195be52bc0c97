"""The messages of GraphQL over WebSocket, as clients send them and as they are answered.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import orjson
from starlette.types import Message, Scope

from gql.errors import BadRequest, Forbidden, GatewayError, Unauthenticated
from gql.schema.graphql_request import load_json
from gql.schema.rendering import HttpResponse
from gql.settings import Settings

SUBPROTOCOL = "graphql-transport-ws"

LONGEST_ID = 256
"""Characters of an operation's id, which is sent back with each of its answers."""

LONGEST_REASON = 123
"""Bytes of why a WebSocket is closed: https://www.rfc-editor.org/rfc/rfc6455#section-5.5 ."""

ACKNOWLEDGED = b'{"type":"connection_ack"}'

_WITH_ID = frozenset({"subscribe", "complete"})
_TYPES = _WITH_ID | {"connection_init", "ping", "pong"}


class CloseCode(IntEnum):
    """Why the gateway closes a WebSocket: from 4000 on as the protocol says.

    The others are those of https://www.iana.org/assignments/websocket/websocket.xml .
    """

    TOO_LONG = 1009
    INTERNAL_ERROR = 1011
    SERVICE_RESTART = 1012
    TRY_AGAIN_LATER = 1013
    MALFORMED = 4400
    UNAUTHORIZED = 4401
    FORBIDDEN = 4403
    WRONG_SUBPROTOCOL = 4406
    INIT_TIMEOUT = 4408
    ID_IN_USE = 4409
    SECOND_INIT = 4429


class Close(Exception):  # noqa: N818 -- what happens to the WebSocket
    """The WebSocket is closed by the gateway.

    Args:
        code: Why.
        reason: The same as a sentence, which is cut where it is too long.
    """

    def __init__(self, code: CloseCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason.encode()[:LONGEST_REASON].decode(errors="ignore")

    @classmethod
    def of_refusal(cls, error: GatewayError) -> "Close":
        """Because nobody may be, or can be, let in."""
        is_forbidden = isinstance(error, (Unauthenticated, Forbidden))
        code = CloseCode.FORBIDDEN if is_forbidden else CloseCode.TRY_AGAIN_LATER
        return cls(code, error.message)


@dataclass(frozen=True, slots=True)
class ClientMessage:
    """What a client sent.

    Attributes:
        type: One that clients send.
        id: Of the operation; empty where the type has none.
        payload: An object, or None where the type needs none.
    """

    type: str
    id: str
    payload: dict[str, Any] | None


def read_message(frame: Message, settings: Settings) -> ClientMessage:
    """The message in a frame: an ASGI event of the type `websocket.receive`.

    Raises:
        Close: when there is none.
    """
    text = frame.get("text")
    if text is None:
        raise Close(CloseCode.MALFORMED, "Send messages as text, not as binary data.")
    raw = text.encode()
    if len(raw) > settings.max_body_bytes:
        reason = f"A message may have {settings.max_body_bytes} bytes."
        raise Close(CloseCode.TOO_LONG, reason)
    try:
        message = load_json(raw, settings, "The message")
    except BadRequest as error:
        raise Close(CloseCode.MALFORMED, error.message) from None
    if not isinstance(message, dict):
        raise Close(CloseCode.MALFORMED, "A message must be a JSON object.")
    kind, payload = message.get("type"), message.get("payload")
    if not isinstance(kind, str) or kind not in _TYPES:
        raise Close(CloseCode.MALFORMED, f"The type must be one of {', '.join(sorted(_TYPES))}.")
    if not isinstance(payload, dict) and (payload is not None or kind == "subscribe"):
        raise Close(CloseCode.MALFORMED, f"The payload of {kind} must be a JSON object.")
    return ClientMessage(kind, _id(message) if kind in _WITH_ID else "", payload)


def with_credential(scope: Scope, payload: dict[str, Any] | None) -> Scope:
    """A handshake with the credential of `connection_init` in place of its own, if there is one.

    Raises:
        Close: when it is in no form that is read.
    """
    authorization = _authorization(payload or {})
    if authorization is None:
        return scope
    headers = [header for header in scope["headers"] if header[0] != b"authorization"]
    return {**scope, "headers": [*headers, (b"authorization", authorization.encode())]}


def answer_messages(id: str, answer: HttpResponse) -> Iterator[bytes]:
    """How the one answer to an operation is sent, to its end."""
    if answer.has_data:
        yield next_message(id, answer.body)
        yield b'{"id":%s,"type":"complete"}' % orjson.dumps(id)
    else:
        errors = orjson.loads(answer.body)["errors"]
        yield orjson.dumps({"id": id, "type": "error", "payload": errors})


def next_message(id: str, answer: bytes) -> bytes:
    """How one of the answers to an operation is sent."""
    return b'{"id":%s,"type":"next","payload":%s}' % (orjson.dumps(id), answer)


def pong_message(payload: dict[str, Any] | None) -> bytes:
    """The answer to a `ping`, with the payload of that."""
    return orjson.dumps(
        {"type": "pong"} if payload is None else {"type": "pong", "payload": payload}
    )


def _id(message: dict[str, Any]) -> str:
    value = message.get("id")
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_ID:
        reason = f"The id must be a string of 1 to {LONGEST_ID} characters."
        raise Close(CloseCode.MALFORMED, reason)
    return value


def _authorization(payload: dict[str, Any]) -> str | None:
    """The header that the payload of `connection_init` stands for; None without a credential."""
    values = [value for name, value in payload.items() if name.lower() == "authorization"]
    values += [f"Bearer {value}" for name, value in payload.items() if name == "apiKey"]
    if not values:
        return None
    if len(values) > 1 or not isinstance(values[0], str):
        reason = 'Send {"authorization": "Bearer <key or token>"} or {"apiKey": "<key>"}.'
        raise Close(CloseCode.FORBIDDEN, reason)
    return values[0]
