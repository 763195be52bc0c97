"""Results, refusals and bugs as HTTP responses; every error carries a code and the request id."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any

import orjson
from graphql import (
    ExecutionResult,
    FieldNode,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
)
from starlette.types import Scope, Send
from strawberry.exceptions import StrawberryInputCoercionError

from gql.errors import BadInput, GatewayError, RefusedDocument
from gql.http.entity_tags import (
    REVALIDATED,
    BodyHashes,
    entity_tag_of_read,
    is_not_modified,
    named_tag,
)
from gql.http.media_types import JSON, PRODUCED
from gql.http.refusal import refusal_headers
from gql.steps import pause_if_long

_log = logging.getLogger(__name__)

UNEXPECTED = "Unexpected error; the request id leads to the log."

_WITHOUT_ERRORS = b'{"data":'

_CONTENT_TYPES = {kind: f"{kind}; charset=utf-8".encode() for kind in PRODUCED}
_NOT_STORED = ((b"cache-control", b"no-store"), (b"vary", b"Accept"))
_REVALIDATED = (
    (b"cache-control", REVALIDATED.encode()),
    (b"vary", b"Accept, Authorization, Cookie"),
)


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A finished HTTP response.

    Attributes:
        status: The HTTP status.
        media_type: What the body is.
        body: JSON in UTF-8; empty where the headers say all.
        headers: Beside those that every answer has.
        is_cacheable: Whether the client may keep it, and ask each time whether it is still so.
        has_data: Whether the operation ran, as far as it came.
        version: Of what it was made of, where that has one.
    """

    status: int
    media_type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    is_cacheable: bool = False
    has_data: bool = True
    version: str | None = None

    @classmethod
    def not_modified(cls, media_type: str, tag: str) -> "HttpResponse":
        """What says that the client has the answer already, under this tag."""
        return cls(HTTPStatus.NOT_MODIFIED, media_type, b"", {"etag": tag}, is_cacheable=True)

    async def as_read(self, scope: Scope, bodies: BodyHashes) -> "HttpResponse":
        """The same as the answer to a request that only reads: with an `ETag`, or a 304 for it.

        An answer with errors is left as it is.

        Args:
            scope: Of the request.
            bodies: Where a body is noted that stayed the same as its version changed.

        Raises:
            PreconditionFailed: when it must not be shown.
        """
        if self.status != HTTPStatus.OK or not self.body.startswith(_WITHOUT_ERRORS):
            return self
        tag = await entity_tag_of_read(self.media_type.encode() + self.body, self.version)
        if is_not_modified(scope, tag):
            bodies.record(tag)
            return HttpResponse.not_modified(self.media_type, named_tag(scope, tag))
        return replace(self, headers={**self.headers, "etag": tag}, is_cacheable=True)

    def with_extension(self, name: str, value: Any) -> "HttpResponse":
        """The same answer, which has no extensions yet, with this one at its end."""
        printed = orjson.dumps({name: value}, default=str)
        return replace(self, body=self.body[:-1] + b',"extensions":' + printed + b"}")

    async def send(self, send: Send, *, head: bool = False) -> None:
        """Send it; without the body when the request was a HEAD."""
        start = {"type": "http.response.start", "status": self.status, "headers": self.raw_headers}
        await send(start)
        await send({"type": "http.response.body", "body": b"" if head else self.body})

    @property
    def raw_headers(self) -> list[tuple[bytes, bytes]]:
        """The headers, as ASGI has them."""
        raw = [
            *(_REVALIDATED if self.is_cacheable else _NOT_STORED),
            *((name.encode(), value.encode("latin-1")) for name, value in self.headers.items()),
        ]
        if self.body:
            raw.append((b"content-type", _CONTENT_TYPES[self.media_type]))
        if self.status != HTTPStatus.NOT_MODIFIED:
            raw.append((b"content-length", b"%d" % len(self.body)))
        return raw


@dataclass(slots=True)
class Renderer:
    """Renders the answer to one request.

    Attributes:
        media_type: Of the answer: JSON, until the client's `Accept` header has been read.
        request_id: Printed beside every error, and in the log.
    """

    media_type: str
    request_id: str

    def result(
        self,
        result: ExecutionResult,
        operation: OperationDefinitionNode,
        dumps: Callable[[Any], bytes] = orjson.dumps,
    ) -> HttpResponse:
        """The answer to an operation that ran, or whose variables did not let it run.

        Args:
            result: What it came to.
            operation: The operation.
            dumps: Prints the answer as JSON.
        """
        failure = failure_of(result, operation)
        if failure is not None:
            return self.refusal(failure)
        errors = [self._executed(error) for error in result.errors or ()]
        if result.data is None and all(error.path is None for error in result.errors or ()):
            unexpected = any(entry["extensions"]["code"] == GatewayError.code for entry in errors)
            return self._errors(GatewayError if unexpected else BadInput, errors)
        body: dict[str, Any] = {"data": result.data}
        if errors:
            # First, as the specification advises: a reader of the raw answer sees them.
            body = {"errors": errors, "data": result.data}
        return HttpResponse(200, self.media_type, dumps(body))

    def invalid(self, kind: type[GatewayError], errors: Sequence[GraphQLError]) -> HttpResponse:
        """The answer to a document with these errors, all of one kind."""
        entries = [
            self._entry(each, {"code": kind.code, **(each.extensions or {})}) for each in errors
        ]
        return self._errors(kind, entries)

    def refusal(self, error: GatewayError) -> HttpResponse:
        """The answer to a request that was refused as a whole."""
        entry = {"message": error.message, "extensions": self._stamped(error.extensions)}
        return self._errors(type(error), [entry], refusal_headers(error))

    def bug(self, error: Exception) -> HttpResponse:
        """The answer to a request that met a bug: logged whole, masked for the caller."""
        self._log_bug(error, "the request")
        return self.refusal(GatewayError(UNEXPECTED))

    def _errors(
        self,
        kind: type[GatewayError],
        errors: Sequence[Mapping[str, Any]],
        headers: Mapping[str, str] | None = None,
    ) -> HttpResponse:
        """An answer without data.

        With `application/json` a client cannot know that an error status comes from GraphQL and not
        from a proxy, so a document or variable that is refused answers 200 there.
        """
        legacy = self.media_type == JSON and issubclass(kind, (RefusedDocument, BadInput))
        body = orjson.dumps({"errors": errors})
        status = 200 if legacy else kind.status
        return HttpResponse(status, self.media_type, body, headers or {}, has_data=False)

    def _executed(self, error: GraphQLError) -> dict[str, Any]:
        """An error of the execution; one that was not raised for the caller is masked."""
        pause_if_long()
        cause = root_cause(error)
        if isinstance(cause, GatewayError) and type(cause) is not GatewayError:
            return self._entry(error, cause.extensions)
        if _caused_by_input(error):
            return self._entry(error, {"code": BadInput.code})
        self._log_bug(cause, "/".join(map(str, error.path or ("the variables",))))
        masked = GraphQLError(UNEXPECTED, nodes=error.nodes, path=error.path)
        return self._entry(masked, {"code": GatewayError.code})

    def _entry(self, error: GraphQLError, extensions: Mapping[str, Any]) -> dict[str, Any]:
        entry: dict[str, Any] = {"message": error.message}
        if error.locations:
            entry["locations"] = [location.formatted for location in error.locations]
        if error.path is not None:
            entry["path"] = error.path
        return entry | {"extensions": self._stamped(extensions)}

    def _stamped(self, extensions: Mapping[str, Any]) -> dict[str, Any]:
        return {**extensions, "requestId": self.request_id}

    def _log_bug(self, error: Exception, where: str) -> None:
        """Log what the caller is not told."""
        extra = {"request_id": self.request_id}
        _log.error("unexpected error in %s", where, exc_info=error, extra=extra)


def failure_of(result: ExecutionResult, operation: OperationDefinitionNode) -> GatewayError | None:
    """Why an operation fails as a whole, by an error of one field; None when it does not.

    A mutation of several fields has perhaps done some of them: the path says which one failed.
    """
    selections = operation.selection_set.selections
    is_one_field = len(selections) == 1 and isinstance(selections[0], FieldNode)
    if operation.operation == OperationType.MUTATION and not is_one_field:
        return None
    causes = (root_cause(error) for error in result.errors or ())
    failures = (each for each in causes if isinstance(each, GatewayError) and each.fails_request)
    return next(failures, None)


def root_cause(error: GraphQLError) -> Exception:
    """What was raised first; graphql-core wraps it when it learns where it was raised."""
    cause: Exception = error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return cause


def _caused_by_input(error: GraphQLError) -> bool:
    """Whether an error of the execution says that a variable or an argument does not fit.

    Coercing a variable fails before there is a path, with whatever the scalar raised as the cause.
    Coercing an argument fails at its field, with a GraphQLError as the cause; so does printing a
    value that its type does not allow, which is a bug of ours and told apart by its message.
    """
    cause = error.original_error
    if error.path is None:
        return cause is None or isinstance(cause, (GraphQLError, ValueError, TypeError))
    if isinstance(cause, StrawberryInputCoercionError):
        return True
    return isinstance(cause, GraphQLError) and cause.message.startswith("Argument ")
