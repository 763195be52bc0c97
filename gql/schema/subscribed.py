"""Begins subscriptions: what each gives, and with whom it shares the answers."""

from dataclasses import dataclass

from gql.errors import GatewayError, Unavailable
from gql.events.feed import EventFeed, SubscriptionSlots
from gql.events.hub import EventHubs
from gql.events.reading import StoredEvent
from gql.events.shared_answers import SharedAnswers
from gql.schema.event_answers import EventAnswers


@dataclass(frozen=True)
class Subscriptions:
    """Begins the subscriptions of one process.

    Attributes:
        hubs: Where events come from.
        slots: How many subscriptions an organization may have.
        answers: Those that equal subscriptions share.
    """

    hubs: EventHubs
    slots: SubscriptionSlots
    answers: SharedAnswers

    def feed(self, subscribed: EventAnswers, last_event_id: str | None = None) -> EventFeed:
        """What a subscription gives.

        Args:
            subscribed: The subscription, which has been let in and paid for.
            last_event_id: The event after which to begin, before what the operation says.
        """
        caller, following = subscribed.received.caller, subscribed.following

        async def print_event(event: StoredEvent) -> bytes | None:
            try:
                return await subscribed.answer(event)
            except Unavailable:
                raise  # the client comes again for this event
            except GatewayError as error:  # it would be the same again
                return subscribed.received.renderer.refusal(error).body

        # What is read depends on the caller by no more than these.
        may = caller.permissions, caller.kinds
        equal = caller.organization_id, may, following.answered_by
        return EventFeed(
            self.hubs,
            self.slots,
            caller.organization_id,
            last_event_id or following.after,
            following.passes,
            lambda: caller.allowance.use_points(subscribed.points),
            print_event,
            lambda: self.answers.join(equal),
        )
