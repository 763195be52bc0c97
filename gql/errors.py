"""Every error of the gateway, on one page: as long as it is, since the tree is one vocabulary.

Clients switch over these codes, and both doors and the table of docs/errors.md are made of all of
them; in two files a code could be given twice, or be left out of the table.

Errors are raised low, as facts, and rendered once per door: GraphQL prints `code` under
`extensions`, REST answers `status` with `detail`.

    GatewayError                   INTERNAL_SERVER_ERROR  500  a bug: masked, and logged whole
    |-- Unauthenticated            UNAUTHENTICATED        401  no credential, or a bad one
    |-- Forbidden                  FORBIDDEN              403  the credential lacks a permission
    |-- NotFound                   NOT_FOUND              404  not in the organization
    |-- BadInput                   BAD_USER_INPUT         400  an argument that cannot be used
    |   |-- BadCursor              BAD_CURSOR             400  not of this list and order
    |   |-- TooLargeForInt         (the same)             400  selected as `Int`, has more bits
    |   `-- Invalid                (the same)             400  a write, with all its problems
    |-- ResyncRequired             RESYNC_REQUIRED        400  events may have been missed
    |-- Conflict                   CONFLICT               409  something stands in the way
    |   |-- VersionConflict        VERSION_CONFLICT       409  not the version that was read
    |   |-- PreconditionFailed     PRECONDITION_FAILED    412  not as `If-Match` says
    |   `-- InUse                  IN_USE                 409  others still refer to it
    |-- IdempotencyKeyReused       IDEMPOTENCY_KEY_REUSED 422  the key stands for another write
    |-- RateLimited                RATE_LIMITED           429  too many of them
    |-- Unavailable                UNAVAILABLE            503  cannot be done right now
    |   |-- DatabaseUnavailable    (the same)             503  the database cannot work
    |   |   |-- DatabaseReadOnly   (the same)             503  the database takes no writes
    |   |   |-- TableAltered       (the same)             503  a snapshot cannot be read on
    |   |   `-- WriteCollision     (the same)             503  other writes stood in the way
    |   |       `-- FormerPrimary  (the same)             503  sent to a primary of before
    |   `-- Overloaded             (the same)             503  too much is queued
    |-- DeadlineExceeded           DEADLINE_EXCEEDED      504  took longer than it may
    `-- Refused                    (a family)                  turned away at the door
        |-- BadRequest             BAD_REQUEST            400  cannot be read
        |-- MethodNotAllowed       METHOD_NOT_ALLOWED     405  needs another HTTP method
        |-- NotAcceptable          NOT_ACCEPTABLE         406  accepts no type that is produced
        |-- PayloadTooLarge        PAYLOAD_TOO_LARGE      413  the body is too long
        |-- UriTooLong             URI_TOO_LONG           414  the query string is too long
        |-- UnsupportedMediaType   UNSUPPORTED_MEDIA_TYPE 415  the body is not UTF-8 JSON
        |   `-- UnsupportedCoding  (the same)             415  compressed, and not by gzip
        `-- RefusedDocument        (a family)             400  GraphQL that cannot run
            |-- ParseFailed            GRAPHQL_PARSE_FAILED          is not GraphQL
            |-- ValidationFailed       GRAPHQL_VALIDATION_FAILED     does not fit the schema
            |-- TooComplex             QUERY_TOO_COMPLEX             is over a limit
            |   `-- AnswerTooLong      (the same)                    prints too much
            |-- PersistedQueryNotSupported PERSISTED_QUERY_NOT_SUPPORTED  has a hash alone
            |-- IntrospectionDisabled  INTROSPECTION_DISABLED        asks for the schema
            `-- OperationUnresolved    OPERATION_RESOLUTION_FAILURE  has no such operation
"""

# ruff: noqa: N818 -- these are facts about a request, and named as such

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar


class GatewayError(Exception):
    """A fact about a request, with a stable `code` and an HTTP `status`.

    Args:
        message: One sentence for the caller that says what to change.
        extensions: Further machine-readable facts, printed beside the code.

    Attributes:
        fails_request: Whether a GraphQL query fails as a whole when one field raises it: what the
            other fields read would be half of a snapshot.
    """

    code: ClassVar[str] = "INTERNAL_SERVER_ERROR"
    status: ClassVar[int] = 500
    meaning: ClassVar[str] = "Unexpected; the request id leads to the log."
    fails_request: ClassVar[bool] = False

    def __init__(self, message: str, **extensions: Any) -> None:
        super().__init__(message)
        self.message = message
        self.extensions: dict[str, Any] = {"code": self.code, **extensions}


class Unauthenticated(GatewayError):
    """No credential was presented, or the one presented is not valid."""

    code = "UNAUTHENTICATED"
    status = 401
    meaning = "No credential, or one that is unknown, expired or revoked."


class Forbidden(GatewayError):
    """The credential is valid but lacks a permission."""

    code = "FORBIDDEN"
    status = 403
    meaning = "The credential is valid but lacks a permission."


class NotFound(GatewayError):
    """There is no such object in the caller's organization.

    Args:
        noun: The kind of object, as a resource name: `call`.
        key: What the caller asked for.
    """

    code = "NOT_FOUND"
    status = 404
    meaning = "No such object in the organization of the credential."

    def __init__(self, noun: str, key: int | str) -> None:
        super().__init__(f"There is no {noun.replace('_', ' ')} {key} in your organization.")
        self.noun = noun
        self.key = key


class BadInput(GatewayError):
    """An argument has the right type but a value that cannot be used."""

    code = "BAD_USER_INPUT"
    status = 400
    meaning = "An argument has a value that cannot be used; the message says which and why."


class BadCursor(BadInput):
    """A cursor is forged, damaged, or belongs to another list or order."""

    code = "BAD_CURSOR"
    meaning = "The cursor is damaged or belongs to another list or order."


class ResyncRequired(GatewayError):
    """Events after the one that was named may have been missed."""

    code = "RESYNC_REQUIRED"
    status = 400
    meaning = "Events may have been missed: read everything anew, and subscribe without `after`."


class TooLargeForInt(BadInput):
    """A field of the type `Int` was selected of a record whose number has more than 32 bits.

    It says nothing against what was read or changed: only this one field has no value.
    """


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a write.

    Attributes:
        path: Where, from the top of the request: `("edges", 2, "to_node_id")`.
        message: One sentence that begins with the path, unless it needs none.
        code: `INVALID`, `REQUIRED`, `OUT_OF_RANGE`, `TOO_LONG`, `TOO_MANY`, `NOT_FOUND` or
            `ALREADY_EXISTS`.
    """

    path: tuple[str | int, ...]
    message: str
    code: str = "INVALID"

    def moved(self, path: tuple[str | int, ...]) -> "Problem":
        """The same problem, at the path that it has in another API."""
        here = format_path(self.path)
        if not self.message.startswith(here):
            return Problem(path, self.message, self.code)
        return Problem(path, format_path(path) + self.message.removeprefix(here), self.code)


def format_path(path: tuple[str | int, ...]) -> str:
    """A path in the notation of JavaScript: `edges[2].to_node_id`."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return "".join(steps).removeprefix(".")


class Invalid(BadInput):
    """A write that cannot be done, with everything that is wrong with it.

    Args:
        problems: At least one; the message is all of their messages, `; ` between them.
    """

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems


class Conflict(GatewayError):
    """What others did stands in the way; reading again tells what it is."""

    code = "CONFLICT"
    status = 409
    meaning = "What others did, or are doing, stands in the way; read again, then try again."


class VersionConflict(Conflict):
    """The object was changed after the version that the caller expects."""

    code = "VERSION_CONFLICT"
    meaning = "Somebody changed it after the version that you expect; read it again first."


class PreconditionFailed(Conflict):
    """The object is not as the headers `If-Match` and `If-None-Match` say."""

    code = "PRECONDITION_FAILED"
    status = 412
    meaning = "`If-Match` or `If-None-Match` does not hold; read the object again first."

    def __init__(self) -> None:
        super().__init__(
            "If-Match or If-None-Match does not hold: somebody changed this since you read it;"
            " read it again."
        )


class InUse(Conflict):
    """The object cannot be deleted while others refer to it."""

    code = "IN_USE"
    meaning = "It cannot be deleted while others refer to it; the message names them."


class IdempotencyKeyReused(GatewayError):
    """An idempotency key came again with another request."""

    code = "IDEMPOTENCY_KEY_REUSED"
    status = 422
    meaning = "The idempotency key stands for another request; use a new key for each write."


class RateLimited(GatewayError):
    """There were too many requests in a window of time, or too many of a kind at a time.

    Args:
        message: Of what there were too many.
        retry_after: Seconds until it is worth trying again.
    """

    code = "RATE_LIMITED"
    status = 429
    meaning = (
        "Over a rate limit, too many attempts, or too many downloads or heavy operations at a time;"
        " the `Retry-After` header says in how many seconds to try again."
    )

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message, retry_after=retry_after)


class Unavailable(GatewayError):
    """Something that is needed cannot be reached right now; trying again may help.

    Args:
        message: What it is, and what to do.
        retry_after: Seconds until it is worth trying again; None when only an operator can help.
    """

    code = "UNAVAILABLE"
    status = 503
    meaning = (
        "The database cannot be reached or used, or too many new documents or downloads run;"
        " the `Retry-After` header says in how many seconds to try again."
    )

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message, **({} if retry_after is None else {"retry_after": retry_after}))


RETRY_AFTER = 2.0
"""Seconds until it is worth trying again when something was restarted or is full."""


class DatabaseUnavailable(Unavailable):
    """The database cannot be reached, or cannot work: it restarts, or its disk is full."""

    fails_request = True

    def __init__(self, message: str) -> None:
        super().__init__(message, RETRY_AFTER)


TAKES_NO_WRITES = "The database takes no writes right now; reads work. Try again later."


class DatabaseReadOnly(DatabaseUnavailable):
    """The database takes no writes: it is a replica, or set so while another one takes over."""

    def __init__(self) -> None:
        super().__init__(TAKES_NO_WRITES)


class TableAltered(DatabaseUnavailable):
    """A statement was prepared before its table was altered, and its snapshot cannot read on."""

    def __init__(self) -> None:
        super().__init__("A table was altered while this ran; try again.")


class WriteCollision(DatabaseUnavailable):
    """Another transaction stood in the way of a write, which was rolled back."""

    def __init__(
        self, message: str = "Other writes stood in the way of this one: it was undone; try again."
    ) -> None:
        super().__init__(message)


class FormerPrimary(WriteCollision):
    """A write was sent to what was the primary once; done again, it gets a new connection."""

    def __init__(self) -> None:
        super().__init__(TAKES_NO_WRITES)


class Overloaded(Unavailable):
    """Too much is queued already."""


class DeadlineExceeded(GatewayError):
    """The request took longer than it may, and was ended."""

    code = "DEADLINE_EXCEEDED"
    status = 504
    meaning = "It took longer than a request may, and was ended; ask for less at once."
    fails_request = True

    def __init__(self) -> None:
        super().__init__("This took longer than a request may; ask for less at once.")


class Refused(GatewayError):
    """A request that a door turned away before anything was read or written."""

    code = "BAD_REQUEST"
    status = 400


class BadRequest(Refused):
    """The request is not one that can be read."""

    meaning = "The request cannot be read; the message says where and why."


class MethodNotAllowed(Refused):
    """The HTTP method does not fit the address or the operation.

    Args:
        message: Which method to use instead.
        allow: The methods that do fit, as the `Allow` header lists them.
    """

    code = "METHOD_NOT_ALLOWED"
    status = 405
    meaning = "The HTTP method does not fit; the `Allow` header lists those that do."

    def __init__(self, message: str, allow: str) -> None:
        super().__init__(message)
        self.allow = allow


class NotAcceptable(Refused):
    """The `Accept` header names no media type that can be produced."""

    code = "NOT_ACCEPTABLE"
    status = 406
    meaning = "The `Accept` header names none of the media types in `extensions.produces`."


class PayloadTooLarge(Refused):
    """The body is longer than the limit."""

    code = "PAYLOAD_TOO_LARGE"
    status = 413
    meaning = "The body is longer than `GQL_MAX_BODY_BYTES`."


class UriTooLong(Refused):
    """The query string is longer than the limit."""

    code = "URI_TOO_LONG"
    status = 414
    meaning = "The query string is longer than `GQL_MAX_BODY_BYTES`; send it by POST."


class UnsupportedMediaType(Refused):
    """The body is in a media type, character set or compression that is not read."""

    code = "UNSUPPORTED_MEDIA_TYPE"
    status = 415
    meaning = "The body is not `application/json` in UTF-8, plain or compressed by gzip."


class UnsupportedCoding(UnsupportedMediaType):
    """The body is compressed in a way that is not read; the answer says which are."""


class RefusedDocument(Refused):
    """A well-formed request whose GraphQL document cannot run."""


class ParseFailed(RefusedDocument):
    """The document is not GraphQL."""

    code = "GRAPHQL_PARSE_FAILED"
    meaning = "The document is not GraphQL; `locations` says where."


class ValidationFailed(RefusedDocument):
    """The document does not fit the schema."""

    code = "GRAPHQL_VALIDATION_FAILED"
    meaning = "The document does not fit the schema; `locations` says where."


class TooComplex(RefusedDocument):
    """The document is over one of the limits."""

    code = "QUERY_TOO_COMPLEX"
    meaning = "Over a limit; the message names limit and figure, and the heaviest paths of a cost."


class AnswerTooLong(TooComplex):
    """The answer has more bytes than may be sent."""

    fails_request = True

    def __init__(self) -> None:
        super().__init__(
            "The answer is longer than may be sent at once; ask for smaller pages, or for fewer"
            " long texts."
        )


class PersistedQueryNotSupported(RefusedDocument):
    """The request has the hash of a document in place of its text.

    Message, code and status are those that clients know, upon which they send the text.
    """

    code = "PERSISTED_QUERY_NOT_SUPPORTED"
    status = 200
    meaning = "The request has only the hash of a document; send its text, as clients then do."

    def __init__(self) -> None:
        super().__init__("PersistedQueryNotSupported")


class IntrospectionDisabled(RefusedDocument):
    """The document asks for the schema, which this installation does not tell."""

    code = "INTROSPECTION_DISABLED"
    meaning = "The document asks for `__schema` or `__type`, and `GQL_INTROSPECTION` is off."


class OperationUnresolved(RefusedDocument):
    """It cannot be told which operation of the document is meant."""

    code = "OPERATION_RESOLUTION_FAILURE"
    meaning = "`operationName` is missing or names no operation of the document."


def error_table() -> str:
    """Every code as a Markdown table, in the order of this page."""
    rows = [f"| `{kind.code}` | {kind.status} | {kind.meaning} |" for kind in _kinds(GatewayError)]
    return "\n".join(("| Code | Status | Meaning |", "| --- | --- | --- |", *dict.fromkeys(rows)))


def _kinds(kind: type[GatewayError]) -> Iterator[type[GatewayError]]:
    """The classes of this page that are raised, from the root down."""
    if "meaning" in vars(kind) and kind.__module__ == __name__:
        yield kind
    for below in kind.__subclasses__():
        yield from _kinds(below)
