"""The messages of GraphQL over WebSocket, as clients send them and as they are answered.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import orjson
from starlette.types import Message, Scope

from gql.errors import BadRequest
from gql.events.reading import EventCursor
from gql.http.headers import with_authorization
from gql.http.socket_closing import Close, CloseCode
from gql.schema.graphql_request import load_json
from gql.schema.rendering import HttpResponse
from gql.settings import Settings

SUBPROTOCOL = "graphql-transport-ws"

LONGEST_ID = 256
"""Characters of an operation's id, which is sent back with each of its answers."""

_WITH_ID = frozenset({"subscribe", "complete"})
_TYPES = _WITH_ID | {"connection_init", "ping", "pong"}


class ProtocolCode(IntEnum):
    """Why a WebSocket is closed, as the protocol says; further reasons are `CloseCode`s."""

    MALFORMED = 4400
    UNAUTHORIZED = 4401
    FORBIDDEN = 4403
    WRONG_SUBPROTOCOL = 4406
    INIT_TIMEOUT = 4408
    ID_IN_USE = 4409
    SECOND_INIT = 4429


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
        raise Close(ProtocolCode.MALFORMED, "Send messages as text, not as binary data.")
    raw = text.encode()
    if len(raw) > settings.max_body_bytes:
        reason = f"A message may have {settings.max_body_bytes} bytes."
        raise Close(CloseCode.TOO_LONG, reason)
    try:
        message = load_json(raw, settings, "The message")
    except BadRequest as error:
        raise Close(ProtocolCode.MALFORMED, error.message) from None
    if not isinstance(message, dict):
        raise Close(ProtocolCode.MALFORMED, "A message must be a JSON object.")
    kind, payload = message.get("type"), message.get("payload")
    if not isinstance(kind, str) or kind not in _TYPES:
        raise Close(ProtocolCode.MALFORMED, f"The type must be one of {', '.join(sorted(_TYPES))}.")
    if not isinstance(payload, dict) and (payload is not None or kind == "subscribe"):
        raise Close(ProtocolCode.MALFORMED, f"The payload of {kind} must be a JSON object.")
    return ClientMessage(kind, _id(message) if kind in _WITH_ID else "", payload)


def with_credential(scope: Scope, payload: dict[str, Any] | None) -> Scope:
    """A handshake with the credential of `connection_init` in place of its own, if there is one.

    Raises:
        Close: when it is in no form that is read.
    """
    authorization = _authorization(payload or {})
    return scope if authorization is None else with_authorization(scope, authorization)


def ack_message(last_event_id: str | None) -> bytes:
    """The answer to `connection_init`, with where subscriptions that come from now on begin.

    None for a caller who may follow nothing.
    """
    message: dict[str, Any] = {"type": "connection_ack"}
    if last_event_id is not None:
        message["payload"] = {"lastEventId": last_event_id}
    return orjson.dumps(message)


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


def position_message(id: str, cursor: EventCursor) -> bytes:
    """How a subscription is told that nothing up to an event was for it: by a `ping`.

    Its payload is free, and every client of the protocol answers it, whatever it makes of that.
    """
    payload = {"id": id, "lastEventId": str(cursor)}
    return orjson.dumps({"type": "ping", "payload": payload})


def pong_message(payload: dict[str, Any] | None) -> bytes:
    """The answer to a `ping`, with the payload of that."""
    return orjson.dumps(
        {"type": "pong"} if payload is None else {"type": "pong", "payload": payload}
    )


def _id(message: dict[str, Any]) -> str:
    value = message.get("id")
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_ID:
        reason = f"The id must be a string of 1 to {LONGEST_ID} characters."
        raise Close(ProtocolCode.MALFORMED, reason)
    return value


def _authorization(payload: dict[str, Any]) -> str | None:
    """The header that the payload of `connection_init` stands for; None without a credential."""
    values = [value for name, value in payload.items() if name.lower() == "authorization"]
    values += [f"Bearer {value}" for name, value in payload.items() if name == "apiKey"]
    if not values:
        return None
    if len(values) > 1 or not isinstance(values[0], str):
        reason = 'Send {"authorization": "Bearer <key or token>"} or {"apiKey": "<key>"}.'
        raise Close(ProtocolCode.FORBIDDEN, reason)
    return values[0]
