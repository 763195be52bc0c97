"""Answers a subscription's document for single events, wherever they are sent."""

from dataclasses import dataclass

from gql.engine.document import Request
from gql.engine.engine import Engine
from gql.events.reading import StoredEvent
from gql.operation_queues import OperationQueues
from gql.schema.event_query import EventQuery
from gql.schema.following import Following
from gql.schema.received import ReceivedRequest
from gql.schema.resolvers import Resolvers


@dataclass(frozen=True)
class EventAnswers:
    """Of one document and one caller.

    Attributes:
        following: Which events the document gives.
        request: The document.
        points: What it costs.
        received: By whom and with what.
        queues: Where each answer waits for the work of others.
        resolvers: Run the operation where no plan reads what it shows.
        query: Reads it; None where it cannot.
        engine: What runs that.
    """

    following: Following
    request: Request
    points: int
    received: ReceivedRequest
    queues: OperationQueues
    resolvers: Resolvers
    query: EventQuery | None
    engine: Engine | None

    def passes(self, event: StoredEvent) -> bool:
        """Whether the document gives an event."""
        return self.following.passes(event)

    async def answer(self, event: StoredEvent) -> bytes | None:
        """A GraphQL response as JSON; None where the event is not to be told.

        Raises:
            GatewayError: when there is none right now, as while the database is down.
        """
        caller, database = self.received.caller, self.received.database
        async with self.queues.hold(caller.organization_id, self.points):
            if self.query is not None and self.engine is not None:
                request_id = self.received.renderer.request_id
                answer = await self.query.answer(self.engine, database, caller, event, request_id)
                if answer is not None:
                    return answer
            return await self.resolvers.answer_event(
                self.request, self.received, self.following, event
            )
