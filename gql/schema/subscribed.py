"""Begins a subscription: the field of its operation, its arguments, and its payloads."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Self

from graphql import ExecutionResult, FieldNode, GraphQLError, GraphQLSchema
from graphql.execution import get_variable_values
from graphql.execution.values import get_argument_values

from gql.engine.document import Request
from gql.errors import BadInput
from gql.events.hub import EventHubs
from gql.events.reading import StoredEvent
from gql.identity import Identity
from gql.operation_queues import OperationQueues
from gql.schema.event_feed import EventFeed, SubscriptionSlots
from gql.schema.rendering import Renderer
from gql.schema.subscription import FOLLOWED, Change, FollowedField, Passes


@dataclass(frozen=True)
class Following:
    """Of one request.

    Attributes:
        field: What the operation selects.
        passes: Which events it gives.
        after: The event id after which to begin; None for what comes from now on.
    """

    field: FollowedField
    passes: Passes
    after: str | None

    @classmethod
    def of_operation(cls, schema: GraphQLSchema, request: Request) -> Self:
        """What an operation follows, which validation has found to have one root field.

        Raises:
            BadInput: when a variable or an argument cannot be used, or the field is conditional.
        """
        node = request.operation.selection_set.selections[0]
        if not isinstance(node, FieldNode) or node.name.value not in FOLLOWED:
            raise BadInput("Select the field of the subscription itself, in no fragment.")
        definitions = request.operation.variable_definitions or ()
        try:
            variables = get_variable_values(schema, definitions, request.variables or {})
            if isinstance(variables, list):
                raise variables[0]
            root = schema.subscription_type
            assert root is not None  # noqa: S101 -- the document is valid
            arguments = get_argument_values(root.fields[node.name.value], node, variables)
        except GraphQLError as error:
            raise BadInput(error.message) from error
        field = FOLLOWED[node.name.value]
        return cls(field, field.passes(arguments), arguments.get("after"))

    def payload_of(self, event: StoredEvent) -> Change:
        """An event as the operation prints it."""
        return self.field.payload_of(event)


@dataclass(frozen=True)
class Subscribed:
    """A subscription that was let in.

    Attributes:
        request: The document, its operation and its variables.
        points: What the operation costs: at the beginning, and for each event.
        caller: Who follows.
        renderer: Of the answers.
        execute_for: Runs the operation with a payload as the root.
    """

    request: Request
    points: int
    caller: Identity
    renderer: Renderer
    execute_for: Callable[[object], Awaitable[ExecutionResult]]


@dataclass(frozen=True)
class Subscriptions:
    """Begins the subscriptions of one process.

    Attributes:
        schema: With the subscription type.
        hubs: Where events come from.
        slots: How many subscriptions an organization may have.
        queues: Where each answer waits for the work of others.
    """

    schema: GraphQLSchema
    hubs: EventHubs
    slots: SubscriptionSlots
    queues: OperationQueues

    def feed(self, subscribed: Subscribed, last_event_id: str | None = None) -> EventFeed:
        """What a subscription gives.

        Args:
            subscribed: The subscription.
            last_event_id: The event after which to begin, before what the operation says.

        Raises:
            BadInput: when an argument cannot be used.
            RateLimited: when the organization has no points left.
        """
        following = Following.of_operation(self.schema, subscribed.request)
        subscribed.caller.allowance.use_points(subscribed.points)
        organization_id = subscribed.caller.organization_id

        async def print_event(event: StoredEvent) -> bytes:
            subscribed.caller.allowance.use_points(subscribed.points)
            async with self.queues.hold(organization_id, subscribed.points):
                result = await subscribed.execute_for(following.payload_of(event))
            return subscribed.renderer.result(result, subscribed.request.operation).body

        return EventFeed(
            self.hubs,
            self.slots,
            organization_id,
            last_event_id or following.after,
            following.passes,
            print_event,
            subscribed.renderer,
        )
