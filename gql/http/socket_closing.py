"""Why the gateway closes a WebSocket."""

from enum import IntEnum
from typing import Self

from gql.errors import Forbidden, GatewayError, Unauthenticated

LONGEST_REASON = 123
"""Bytes of why a WebSocket is closed: https://www.rfc-editor.org/rfc/rfc6455#section-5.5 ."""


class CloseCode(IntEnum):
    """Those of every subprotocol: https://www.iana.org/assignments/websocket/websocket.xml ."""

    POLICY_VIOLATION = 1008
    TOO_LONG = 1009
    INTERNAL_ERROR = 1011
    SERVICE_RESTART = 1012
    TRY_AGAIN_LATER = 1013


class Close(Exception):  # noqa: N818 -- what happens to the WebSocket
    """The WebSocket is closed by the gateway.

    Args:
        code: Why.
        reason: The same as a sentence, which is cut where it is too long.
    """

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason.encode()[:LONGEST_REASON].decode(errors="ignore")

    @classmethod
    def of_refusal(cls, error: GatewayError, *, forbidden: int) -> Self:
        """Because nobody may be, or can be, let in.

        Args:
            error: Why.
            forbidden: The code where nobody may.
        """
        is_forbidden = isinstance(error, (Unauthenticated, Forbidden))
        return cls(forbidden if is_forbidden else CloseCode.TRY_AGAIN_LATER, error.message)
