"""One declaration per route, from which validation and the OpenAPI document both come.

No library keeps the documented contract: spectree 3 leaves `query` and `body` out of `loc`, reports
one kind of problem at a time, refuses a repeated parameter, accepts an empty body and words broken
JSON its own way; FastAPI validates our own output.

A handler is a function whose parameters are filled by name: `path`, `query` and `body`, each
annotated with a pydantic model; `context`; `queries`, which runs reads; and `request`, for
what these lack. A parameter `body: PartialBody[Model]` takes a body that does not fit too, with its
problems; `body: Model | None` a request without a body.

A handler returns a JSON value, which is answered with the first documented status, or a Starlette
`Response`. With `reads` it returns the `RestArguments` of this read, which is run then; a handler
that writes does so first, and the read sees what was written.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from gql.engine.rest_query import RestQuery
from gql.identity import Permission
from gql.kinds import Needed
from gql.query.weights import LIST
from gql.rest.partial_body import PartialBody

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Handler = Callable[..., Any]

_MODELS = ("path", "query", "body")
_NEEDS = frozenset({"context", "queries", "request", *_MODELS})
_FROM_METHOD: object = object()
_STAYS_REST = "none: it stays REST"


@dataclass(frozen=True)
class Answer:
    """One documented success.

    Attributes:
        description: What it means.
        model: A pydantic model of the body, or `list[...]` of one; for documentation only.
        example: A whole body, from the documents where they have one.
        files: The media types of a download.
        lines: Whether it is NDJSON.
    """

    description: str
    model: Any = None
    example: Any = None
    files: tuple[str, ...] = ()
    lines: bool = False


@dataclass(frozen=True, eq=False)
class RestRoute:
    """One method of one path.

    Attributes:
        path: Without a trailing slash; both spellings are served.
        permission: What the caller must have; None lets everybody in.
        kinds: What a caller who is limited to kinds of objects needs of those.
        kinds_of_query: By query parameter, what they need besides where it is set.
        answers: By status; a handler that returns a value is answered with the first.
        errors: Statuses of refusals, beside those that every route has.
        refuses_bodies_with: The status for a body that does not fit.
        needs: The names of the handler's parameters.
        models: The pydantic models among them: `path`, `query`, `body`.
        takes_partial_body: Whether the handler takes a body that does not fit, too.
        takes_no_body: Whether the handler takes a request without a body, too.
        example: A body to send.
        secret: Whether the answer must not be stored for an `Idempotency-Key`.
        reads: What the answer is read by, when the handler returns `RestArguments`.
        guarded_by: What the record that the path names is read by, for a write that is refused
            when the `ETag` of that is not as `If-Match` and `If-None-Match` say.
        is_download: Whether the answer is read while it is sent; a few of them run at a time.
        takes_lines: Whether the body is NDJSON, which the answer reads while it is sent.
        points: What a request costs whose handler reads or writes by itself; what the handler only
            declares has a price by its arguments, and a download one for each of its pages.
        graphql: What does the same in GraphQL: a document, or words that say why there is none.
    """

    method: Method
    path: str
    handler: Handler
    summary: str
    tag: str
    permission: Permission | None
    kinds: Needed
    answers: Mapping[int, Answer]
    errors: tuple[int, ...]
    refuses_bodies_with: int
    needs: tuple[str, ...]
    models: Mapping[str, type[BaseModel]] = field(default_factory=dict)
    takes_partial_body: bool = False
    takes_no_body: bool = False
    example: Any = None
    secret: bool = False
    reads: RestQuery | None = None
    guarded_by: RestQuery | None = None
    is_download: bool = False
    takes_lines: bool = False
    points: int = LIST.points
    graphql: str = _STAYS_REST
    kinds_of_query: Mapping[str, Needed] = field(default_factory=dict)

    @property
    def status(self) -> int:
        """The status of a plain value."""
        return next(iter(self.answers))

    @property
    def description(self) -> str:
        """The handler's docstring."""
        return inspect.cleandoc(self.handler.__doc__ or "")


def route(
    method: Method,
    path: str,
    *,
    tag: str,
    summary: str,
    answers: Mapping[int, Answer],
    errors: Sequence[int] = (),
    kinds: Needed,
    kinds_of_query: Mapping[str, Needed] | None = None,
    permission: Any = _FROM_METHOD,
    refuses_bodies_with: Literal[400, 422] = 422,
    example: Any = None,
    secret: bool = False,
    reads: RestQuery | None = None,
    guarded_by: RestQuery | None = None,
    is_download: bool = False,
    takes_lines: bool = False,
    points: int = LIST.points,
    graphql: str = _STAYS_REST,
) -> Callable[[Handler], RestRoute]:
    """Declare a handler's route; the decorated name becomes the `RestRoute`.

    Args:
        method: The HTTP method; HEAD comes with GET.
        path: `/api/v1/calls/{call_id}`, without a trailing slash.
        tag: The group it is documented in.
        summary: A few words; the handler's docstring tells more.
        answers: The successes, the usual one first.
        errors: Further statuses, such as 404.
        kinds: What it reads and changes, for callers who are limited to kinds of objects.
        kinds_of_query: By query parameter, what it reads besides where that is set.
        permission: By default READ for GET and WRITE for the others; None lets everybody in.
        refuses_bodies_with: 400 where the documents list no 422 for bodies.
        example: A body to send.
        secret: The answer holds a secret, so it is not stored for an `Idempotency-Key`.
        reads: What the answer is read by, when the handler returns `RestArguments`.
        guarded_by: What the record that the path names is read by, whose `ETag` a write may expect.
        is_download: The answer is read while it is sent; see `StreamSlots`.
        takes_lines: The body is NDJSON, which the answer reads while it is sent.
        points: What a request costs that is no declared read and no download: by default what a
            read or a write of single records does.
        graphql: What does the same in GraphQL: a document, or words that say why there is none.

    Raises:
        TypeError: when the handler has a parameter of another name.
    """
    if permission is _FROM_METHOD:
        permission = Permission.READ if method == "GET" else Permission.WRITE

    def declare(handler: Handler) -> RestRoute:
        hints = get_type_hints(handler)
        needs = tuple(inspect.signature(handler).parameters)
        unknown = set(needs) - _NEEDS
        if unknown:
            raise TypeError(f"{handler.__name__} asks for {unknown}; there are {sorted(_NEEDS)}")
        body = hints.get("body")
        takes_partial_body = get_origin(body) is PartialBody
        if takes_partial_body:
            (hints["body"],) = get_args(body)
        takes_no_body = NoneType in get_args(body)
        if takes_no_body:
            hints["body"] = get_args(body)[0]
        return RestRoute(
            method=method,
            path=path,
            handler=handler,
            summary=summary,
            tag=tag,
            permission=permission,
            kinds=kinds,
            answers={int(HTTPStatus(status)): answer for status, answer in answers.items()},
            errors=tuple(errors),
            refuses_bodies_with=refuses_bodies_with,
            needs=needs,
            models={name: hints[name] for name in _MODELS if name in needs},
            takes_partial_body=takes_partial_body,
            takes_no_body=takes_no_body,
            example=example,
            secret=secret,
            reads=reads,
            guarded_by=guarded_by,
            is_download=is_download,
            takes_lines=takes_lines,
            points=points,
            graphql=graphql,
            kinds_of_query=kinds_of_query or {},
        )

    return declare
