"""Begins subscriptions: what each gives, for which points, and with whom it shares the answers."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from graphql import GraphQLSchema

from gql.engine.bind import Binder
from gql.engine.document import Request
from gql.events.feed import EventFeed, SubscriptionSlots
from gql.events.hub import EventHubs
from gql.events.reading import StoredEvent
from gql.events.shared_answers import SharedAnswers
from gql.identity import Identity
from gql.operation_queues import OperationQueues
from gql.schema.following import Following


@dataclass(frozen=True)
class Subscribed:
    """A subscription that was let in.

    Attributes:
        request: The document, its operation and its variables.
        points: What the operation costs: at the beginning, and for each event.
        caller: Who follows.
        answer_event: The answer to an event, or None where it is not to be told.
    """

    request: Request
    points: int
    caller: Identity
    answer_event: Callable[[Following, StoredEvent], Awaitable[bytes | None]]


@dataclass(frozen=True)
class Subscriptions:
    """Begins the subscriptions of one process.

    Attributes:
        schema: With the subscription type.
        binder: Of its arguments.
        hubs: Where events come from.
        slots: How many subscriptions an organization may have.
        queues: Where each answer waits for the work of others.
        answers: Those that equal subscriptions share.
    """

    schema: GraphQLSchema
    binder: Binder
    hubs: EventHubs
    slots: SubscriptionSlots
    queues: OperationQueues
    answers: SharedAnswers

    def feed(self, subscribed: Subscribed, last_event_id: str | None = None) -> EventFeed:
        """What a subscription gives.

        Args:
            subscribed: The subscription.
            last_event_id: The event after which to begin, before what the operation says.

        Raises:
            BadInput: when an argument cannot be used.
            RateLimited: when the organization has no points left.
        """
        caller, points = subscribed.caller, subscribed.points
        following = Following.of_operation(self.schema, self.binder, subscribed.request)
        caller.allowance.use_points(points)

        async def print_event(event: StoredEvent) -> bytes | None:
            async with self.queues.hold(caller.organization_id, points):
                return await subscribed.answer_event(following, event)

        # What is read depends on the caller by no more than these two.
        equal = caller.organization_id, caller.permissions, following.answered_by
        return EventFeed(
            self.hubs,
            self.slots,
            caller.organization_id,
            last_event_id or following.after,
            following.passes,
            lambda: caller.allowance.use_points(points),
            print_event,
            lambda: self.answers.join(equal),
        )
