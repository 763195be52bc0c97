"""A GraphQL request that was let in, on its way to the answer."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.types import Receive, Scope

from gql.database import RequestDatabase
from gql.errors import GatewayError
from gql.http.request_log import LONGEST_NAME
from gql.identity import Identity
from gql.schema.graphql_request import GraphQLRequest, parse_request
from gql.schema.rendering import Renderer
from gql.settings import Settings


@dataclass(slots=True)
class UsualRequest:
    """A request of a caller who is known, with no header that asks for anything else.

    Attributes:
        scope: Of the ASGI request.
        receive: The same.
        caller: Who sent it.
        request_id: Of the request.
        media_type: Of the answer.
        content_type: The header's value; empty without one.
        content_length: The same.
        log: The further fields of its line in the log.
    """

    scope: Scope
    receive: Receive
    caller: Identity
    request_id: str
    media_type: str
    content_type: bytes
    content_length: bytes
    log: dict[str, Any] = field(default_factory=dict)


Admit = Callable[[UsualRequest], Awaitable[GatewayError | None]]
"""Lets the caller of a request in, or says why it does not."""


@dataclass(slots=True)
class ReceivedRequest:
    """A request that was let in and read, but perhaps not parsed.

    Attributes:
        method: GET, HEAD, POST or QUERY; POST of an operation that came over a WebSocket.
        raw: The body, or the query string.
        caller: Who sent it.
        database: What it works with.
        renderer: Of the answer.
        log: The fields of its line in the log.
        parsed: What `raw` would be, of an operation that came over a WebSocket.
    """

    method: str
    raw: bytes
    caller: Identity
    database: RequestDatabase
    renderer: Renderer
    log: dict[str, Any]
    parsed: GraphQLRequest | None = None

    def parse(self, settings: Settings) -> GraphQLRequest:
        """Its document, operation name and variables.

        Raises:
            Refused: when it has none.
        """
        return self.parsed or parse_request(self.method, self.raw, settings)

    def log_operation(self, name: str | None, points: int) -> None:
        """Say in the log which operation it is, and what it costs."""
        self.log.update(operation=name and name[:LONGEST_NAME], points=points)
