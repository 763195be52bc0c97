"""Reads subscriptions: what each follows, and what answers it for single events."""

import strawberry
from graphql import OperationType

from gql.database import Database
from gql.engine.bind import Binder
from gql.engine.document import Request
from gql.engine.engine import Engine
from gql.errors import BadInput, Refused
from gql.events.feed import EventFeed
from gql.events.reading import last_event
from gql.http.media_types import JSON
from gql.http.request_id import new_request_id
from gql.identity import Identity, Permission
from gql.operation_queues import OperationQueues
from gql.query.weights import KEY
from gql.schema.documents import Documents, InvalidDocument
from gql.schema.event_answers import EventAnswers
from gql.schema.event_query import EventQuery
from gql.schema.following import Following
from gql.schema.graphql_request import GraphQLRequest
from gql.schema.operation_reader import OperationReader
from gql.schema.received import ReceivedRequest
from gql.schema.rendering import Renderer
from gql.schema.resolvers import Resolvers
from gql.schema.subscribed import Subscriptions


class SubscriptionReader:
    """Reads the subscriptions of all doors, and those that webhooks are told by.

    Args:
        schema: What documents are of.
        database: Where events are written.
        reader: Reads the operation of a request.
        documents: Those that are valid.
        resolvers: Run what no plan answers.
        engine: Compiles queries; None where resolvers run everything.
        queues: Where operations wait for each other.
        subscriptions: Begins subscriptions; None where there are none.

    Attributes:
        subscriptions: The same.
    """

    def __init__(
        self,
        schema: strawberry.Schema,
        *,
        database: Database,
        reader: OperationReader,
        documents: Documents,
        resolvers: Resolvers,
        engine: Engine | None,
        queues: OperationQueues,
        subscriptions: Subscriptions | None,
    ) -> None:
        self._schema = schema._schema  # noqa: SLF001 -- Strawberry has no other way to it
        self._binder = Binder(schema.schema_converter)
        self._database = database
        self._reader = reader
        self._documents = documents
        self._resolvers = resolvers
        self._engine = engine
        self._queues = queues
        self.subscriptions = subscriptions

    async def feed(
        self, received: ReceivedRequest, last_event_id: str | None = None
    ) -> EventFeed | None:
        """What a subscription gives; None where the operation is another one.

        Raises:
            RateLimited: when the organization has no points left.
            BadInput: when an argument cannot be used.
        """
        request, points = await self._reader.read(received, follows=True)
        if request.operation.operation != OperationType.SUBSCRIPTION or self.subscriptions is None:
            return None
        received.log_operation(request.name, points)
        # What an event shows is read where it was written: a replica may not have it yet.
        received.database = self._database
        following = Following.of_operation(self._schema, self._binder, request)
        received.caller.allowance.use_points(points)
        subscribed = await self._answers_of(following, request, points, received)
        return self.subscriptions.feed(subscribed, last_event_id)

    async def event_answers(self, document: str, caller: Identity) -> EventAnswers:
        """What answers a subscription's document for single events.

        Raises:
            BadInput: when the document can never be answered so.
            GatewayError: when it cannot be read right now.
        """
        renderer = Renderer(JSON, new_request_id())
        parsed = GraphQLRequest(document, None, {})
        received = ReceivedRequest("POST", b"", caller, self._database, renderer, {}, parsed)
        try:
            request, points = await self._reader.read(received, follows=True)
        except InvalidDocument as error:
            raise BadInput("; ".join(each.message for each in error.errors)) from error
        except Refused as error:
            raise BadInput(error.message) from error
        if request.operation.operation != OperationType.SUBSCRIPTION:
            raise BadInput("It must be a subscription: `subscription { events { kind } }`.")
        following = Following.of_operation(self._schema, self._binder, request)
        if following.after is not None:
            raise BadInput("Leave `after` out: the gateway remembers the last event that it sent.")
        return await self._answers_of(following, request, points, received)

    async def last_event_id(self, caller: Identity) -> str | None:
        """Behind which event subscriptions that begin now tell everything.

        None for a caller who may follow nothing.

        Raises:
            GatewayError: when it cannot be read right now.
        """
        if Permission.READ not in caller.permissions:
            return None
        async with self._queues.hold(caller.organization_id, KEY.points):
            return str(await last_event(self._database, caller.organization_id))

    async def _answers_of(
        self, following: Following, request: Request, points: int, received: ReceivedRequest
    ) -> EventAnswers:
        """What answers a subscription that was read."""
        query = None
        if self._engine is not None:
            organization_id = received.caller.organization_id
            query = await EventQuery.of(
                self._schema, self._documents, request, following, organization_id
            )
        return EventAnswers(
            following, request, points, received, self._queues, self._resolvers, query, self._engine
        )
