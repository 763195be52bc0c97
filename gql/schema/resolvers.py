"""Runs operations by resolvers: mutations, and whatever no plan answers."""

from collections.abc import Callable
from functools import partial
from inspect import isawaitable
from typing import Any, cast

import orjson
from graphql import ExecutionResult, GraphQLSchema, OperationType, execute
from strawberry.execution import optimized_is_awaitable

from gql.accounts.secret_box import SecretBox
from gql.database import must_read_again, read_again
from gql.engine.document import Request
from gql.engine.fallback import Fallback
from gql.errors import AnswerTooLong
from gql.events.reading import StoredEvent
from gql.query.context import Context
from gql.query.webhook_checks import WebhookChecks
from gql.schema.bounded_execution import executor_bounded_to
from gql.schema.documents import Documents
from gql.schema.following import Following
from gql.schema.hidden_names import hide_names
from gql.schema.json_pieces import LONG, dumps_in_pieces
from gql.schema.received import ReceivedRequest
from gql.schema.rendering import HttpResponse, Renderer, failure_of
from gql.settings import Settings
from gql.steps import in_steps
from gql.stores import SmsSessionStore


class Resolvers:
    """The second way to an answer.

    Args:
        schema: What is executed.
        documents: Bounds what operations without a plan may cost.
        settings: The limits, and whether suggestions are on.
        sms_sessions: Where live SMS sessions are kept.
        webhook_checks: Of webhook subscriptions that are saved.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        documents: Documents,
        settings: Settings,
        sms_sessions: SmsSessionStore | None,
        webhook_checks: WebhookChecks,
    ) -> None:
        self._schema = schema
        self._documents = documents
        self._settings = settings
        self._sms_sessions = sms_sessions
        self._executor_class = executor_bounded_to(settings.max_response_bytes)
        self._secret_box = SecretBox.of(settings)
        self._webhook_checks = webhook_checks

    async def answer(
        self, request: Request, received: ReceivedRequest, fallback: Fallback
    ) -> HttpResponse:
        """The answer that resolvers make, and why no plan did."""
        renderer = received.renderer
        received.log["way"] = "resolvers"
        await self._documents.check_resolver_cost(request, fallback)
        is_query = request.operation.operation == OperationType.QUERY
        result, printed_bytes = await self.execute(request, received)
        failure = failure_of(result, request.operation)
        if must_read_again(received.database, failure, only_reads=is_query):
            result, printed_bytes = await self.execute(request, received)
        dumps = orjson.dumps if printed_bytes < LONG else dumps_in_pieces
        answer = await in_steps(self._render, request, renderer, result, dumps)
        if is_query and len(answer.body) > self._settings.max_response_bytes:
            raise AnswerTooLong
        return answer

    def _render(
        self,
        request: Request,
        renderer: Renderer,
        result: ExecutionResult,
        dumps: Callable[[Any], bytes],
    ) -> HttpResponse:
        if result.errors and self._settings.hides_names:
            result.errors = hide_names(result.errors, request.document.text, request.variables)
        return renderer.result(result, request.operation, dumps)

    async def answer_event(
        self, request: Request, received: ReceivedRequest, following: Following, event: StoredEvent
    ) -> bytes | None:
        """The answer to a subscription for one event; None where it is not to be told.

        Raises:
            GatewayError: when the answer fails as a whole.
        """
        answer = partial(self._answer_event, request, received, following, event)
        return await read_again(received.database, answer)

    async def _answer_event(
        self, request: Request, received: ReceivedRequest, following: Following, event: StoredEvent
    ) -> bytes | None:
        context = self._context(received)
        try:
            if not await following.tells(event, context):
                return None
            result = await self._run(request, context, following.payload_of(event))
        finally:
            await context.close()
        failure = failure_of(result, request.operation)
        if failure is not None:
            raise failure
        return self._render(request, received.renderer, result, orjson.dumps).body

    async def execute(
        self, request: Request, received: ReceivedRequest
    ) -> tuple[ExecutionResult, int]:
        """What the operation comes to, and about how many bytes its leaves print.

        Args:
            request: What is to run.
            received: By whom and with what.
        """
        context = self._context(received)
        try:
            return await self._run(request, context), context.printed_bytes
        finally:
            await context.close()

    def _context(self, received: ReceivedRequest) -> Context:
        return Context(
            received.caller,
            received.database,
            received.renderer.request_id,
            self._sms_sessions,
            secret_box=self._secret_box,
            webhook_checks=self._webhook_checks,
        )

    async def _run(
        self, request: Request, context: Context, root: object = None
    ) -> ExecutionResult:
        """Run an operation; its root fields are resolved from `root`."""
        run = partial(
            execute,
            self._schema,
            request.document.node,
            root,
            context_value=context,
            variable_values=request.variables,
            operation_name=request.name,
            executor_class=self._executor_class,
            is_awaitable=cast("Any", optimized_is_awaitable),
            hide_suggestions=not self._settings.suggestions,
        )
        result = await in_steps(run)
        return await result if isawaitable(result) else result
