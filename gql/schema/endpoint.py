"""The GraphQL endpoint: one ASGI callable that follows the GraphQL-over-HTTP specification.

A request goes through four steps, each a function: *decide* who asks and in which media type the
answer goes out, *read* the request, *prepare* document and operation, *execute*. Whatever a step
refuses is rendered in one place. Strawberry brings the schema and its executor; its own views
answer 200 to everything, and know no limits that hold.
"""

import uuid
from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any, cast

import strawberry
from graphql import ExecutionResult, OperationDefinitionNode, OperationType, execute
from starlette.types import Receive, Scope, Send
from strawberry.execution import optimized_is_awaitable

from gql.database import Database
from gql.engine.compile_lock import CompileLock
from gql.engine.engine import Engine, Ready
from gql.engine.explain import Explanation
from gql.engine.fallback import OFF, AnswerCounts, Fallback
from gql.engine.request import Request
from gql.errors import BadRequest, GatewayError, MethodNotAllowed
from gql.http.media_types import JSON, response_type
from gql.identity import Identity, Permission
from gql.query.context import Context
from gql.schema.documents import Documents, InvalidDocument, choose_operation
from gql.schema.explaining import explained, wants_explanation
from gql.schema.rendering import Answer, Renderer
from gql.schema.request import (
    METHODS,
    Disconnected,
    parse_request,
    read_headers,
    read_raw,
    require_method,
    while_connected,
)
from gql.settings import Settings
from gql.stores import SmsSessions

Identify = Callable[[Scope], Awaitable[Identity | GatewayError]]
"""Tells who is asking, or why the credential was refused."""


class GraphQLEndpoint:
    """Serves a schema at one address.

    Args:
        schema: What can be asked; its extensions would not run, so it must have none.
        database: What operations read and write.
        settings: Limits, and whether schema and suggestions are told.
        identify: Tells who is asking.
        sms_sessions: Where live SMS sessions are kept.

    Attributes:
        engine: Compiles queries; None when settings say so.
        counts: Which way operations went.
    """

    def __init__(
        self,
        schema: strawberry.Schema,
        database: Database,
        settings: Settings,
        *,
        identify: Identify,
        sms_sessions: SmsSessions | None = None,
    ) -> None:
        if schema.extensions:
            raise ValueError("GraphQLEndpoint does not run Strawberry's schema extensions")
        self._schema = schema._schema  # noqa: SLF001 -- Strawberry has no other way to it
        self._executor_class = schema.execution_context_class
        self._database = database
        self._settings = settings
        self._identify = identify
        self._sms_sessions = sms_sessions
        lock = CompileLock()
        self._documents = Documents(self._schema, settings, lock)
        self.engine = Engine(schema, database, lock) if settings.compiled else None
        self.counts = self.engine.counts if self.engine else AnswerCounts()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        try:
            answer = await self._answer(scope, receive)
        except Disconnected:
            return
        await answer.send(send, head=scope["method"] == "HEAD")

    def sizes(self) -> dict[str, tuple[int, float]]:
        """How much of what is remembered, and about how many bytes it takes."""
        memories = {} if self.engine is None else self.engine.caches
        engine = {name: memory.size() for name, memory in memories.items()}
        return {"documents": self._documents.size(), **engine}

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        """The answer to a request, whatever happens to it."""
        render = Renderer(JSON, _request_id(scope))
        try:
            headers = read_headers(scope)
            accept = headers.get(b"accept", b"").decode("latin-1")
            media_type = response_type(accept)
            if media_type != JSON:
                render = Renderer(media_type, render.request_id)
            if scope["method"] == "OPTIONS":
                return Answer(200, JSON, b"", {"allow": ", ".join(METHODS)})
            require_method(scope["method"])
            caller = await self._caller(scope)
            run = self._explain if wants_explanation(headers, caller) else self._run
            raw = await read_raw(scope, receive, headers, self._settings)
            return await run(caller, scope["method"], raw, receive, render)
        except InvalidDocument as error:
            return render.invalid(error.kind, error.errors)
        except GatewayError as error:
            return render.refusal(error)
        except Disconnected:
            raise
        except Exception as error:  # noqa: BLE001 -- the last line: a bug is masked and logged
            return render.bug(error)

    async def _caller(self, scope: Scope) -> Identity:
        """Who is asking.

        Raises:
            GatewayError: why the credential was refused.
        """
        caller = await self._identify(scope)
        if isinstance(caller, GatewayError):
            raise caller
        return caller

    async def _run(
        self, caller: Identity, method: str, raw: bytes, receive: Receive, render: Renderer
    ) -> Answer:
        """Run the operation: as a compiled plan where there is one, else field by field.

        The plan of a request that came before, to the byte, is found without reading it again.
        """
        engine, request = self.engine, None
        plan: Ready | Fallback | None = None
        if engine is not None and method == "POST":
            plan = engine.cached(raw)
        if plan is not None:
            caller.require(Permission.READ)
        else:
            request = await self._request(caller, method, raw, receive)
            plan = OFF if engine is None else await engine.plan_of(request, caller)
        if engine is not None:
            body = await engine.answer(plan, caller.organization_id, render.request_id)
            if isinstance(body, bytes):
                return Answer(200, render.media_type, body)
        else:
            self.counts.record_fallback(OFF)
        request = request or await self._request(caller, method, raw, receive)
        return await self._resolve(request, caller, render)

    async def _explain(
        self, caller: Identity, method: str, raw: bytes, receive: Receive, render: Renderer
    ) -> Answer:
        """As `_run` does, but step by step and with notes, which the answer then ends with."""
        notes = Explanation()
        text = parse_request(method, raw, self._settings).document
        notes.remembered["document"] = text in self._documents
        with notes.timed("parse"):
            request = await self._request(caller, method, raw, receive)
        if self.engine is None:
            body: bytes | Fallback = self.counts.record_fallback(OFF)
        else:
            request_id = render.request_id
            body = await notes.answer(self.engine, self._database, request, caller, request_id)
        if isinstance(body, bytes):
            return explained(Answer(200, render.media_type, body), notes)
        with notes.resolved(body):
            answer = await self._resolve(request, caller, render)
        return explained(answer, notes)

    async def _resolve(self, request: Request, caller: Identity, render: Renderer) -> Answer:
        """The answer of the reference way."""
        context = Context(caller, self._database, render.request_id, self._sms_sessions)
        try:
            return render.result(await self._execute(request, context))
        finally:
            await context.close()

    async def _request(
        self, caller: Identity, method: str, raw: bytes, receive: Receive
    ) -> Request:
        """What a request asks for, valid and permitted: a document and the operation in it."""
        asked = parse_request(method, raw, self._settings)
        valid = self._documents.get(asked.document)
        if valid is None:
            valid = await while_connected(receive, self._documents.validate(asked.document))
        operation = choose_operation(valid.document, asked.operation_name)
        self._documents.check_cost(valid, operation, asked.variables)
        _permit(caller, operation, method)
        again = raw if method == "POST" else None
        return Request(asked.document, valid.document, operation, asked.variables, again)

    async def _execute(self, request: Request, context: Context) -> ExecutionResult:
        """Run the operation field by field."""
        name = request.operation.name
        result = execute(
            self._schema,
            request.document,
            context_value=context,
            variable_values=request.variables,
            operation_name=name.value if name else None,
            executor_class=self._executor_class,
            is_awaitable=cast("Any", optimized_is_awaitable),
            hide_suggestions=not self._settings.suggestions,
        )
        if isawaitable(result):
            result = await result
        return result


def _request_id(scope: Scope) -> str:
    """The id that a middleware gave the request, or a new one."""
    given = scope.get("state", {}).get("request_id")
    return given if isinstance(given, str) else uuid.uuid4().hex


def _permit(caller: Identity, operation: OperationDefinitionNode, method: str) -> None:
    """Pass when the caller may run the operation by this HTTP method; decided once, not per field.

    Raises:
        Forbidden: when the credential lacks the permission.
        MethodNotAllowed: when a mutation came by GET.
        BadRequest: when it is a subscription.
    """
    if operation.operation == OperationType.SUBSCRIPTION:
        raise BadRequest("Subscriptions are served over WebSocket, not as one HTTP answer.")
    if operation.operation == OperationType.QUERY:
        caller.require(Permission.READ)
        return
    if method != "POST":
        raise MethodNotAllowed("Send mutations by POST: a GET must not change anything.", "POST")
    caller.require(Permission.WRITE)
