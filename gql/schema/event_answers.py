"""Answers a subscription's document for single events: what webhooks bring."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from graphql import ExecutionResult

from gql.engine.document import Request
from gql.events.reading import StoredEvent
from gql.operation_queues import OperationQueues
from gql.schema.following import Following
from gql.schema.rendering import Renderer, failure_of


@dataclass(frozen=True)
class EventAnswers:
    """Of one document and one organization.

    Attributes:
        organization_id: Whose events.
        following: Which of them the document gives.
        request: The document.
        points: What it costs.
        queues: Where each answer waits for the work of others.
        renderer: Of the answers.
        run_event: Runs the operation for an event; None where it is not to be told.
    """

    organization_id: int
    following: Following
    request: Request
    points: int
    queues: OperationQueues
    renderer: Renderer
    run_event: Callable[[StoredEvent], Awaitable[ExecutionResult | None]]

    def passes(self, event: StoredEvent) -> bool:
        """Whether the document gives an event."""
        return self.following.passes(event)

    async def answer(self, event: StoredEvent) -> bytes | None:
        """A GraphQL response as JSON; None where the event is not to be told.

        Raises:
            GatewayError: when there is none right now, as while the database is down.
        """
        async with self.queues.hold(self.organization_id, self.points):
            result = await self.run_event(event)
        if result is None:
            return None
        failure = failure_of(result, self.request.operation)
        if failure is not None:
            raise failure
        return self.renderer.result(result, self.request.operation).body
