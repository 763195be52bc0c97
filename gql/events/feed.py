"""The events of one subscription, printed: what Server-Sent Events and every WebSocket send."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, aclosing, contextmanager
from dataclasses import dataclass
from functools import partial

from gql.errors import RETRY_AFTER, RateLimited
from gql.events.hub import EventHubs, Subscriber
from gql.events.reading import EventCursor, StoredEvent
from gql.events.shared_answers import AnswerReader
from gql.http.identify import LOOK_SECONDS

HEARTBEAT_SECONDS = LOOK_SECONDS
"""Seconds between two heartbeats, at which a stream looks at its caller's credential again."""

Passes = Callable[[StoredEvent], bool]
"""Whether an event may be told, by what is known without its object."""


class SubscriptionSlots:
    """How many subscriptions run in this process, by organization.

    Args:
        most: Of one organization.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.used: dict[int, int] = {}

    @contextmanager
    def hold(self, organization_id: int) -> Iterator[bool]:
        """Take a slot until the block ends; whether there was one."""
        used = self.used.get(organization_id, 0)
        if used >= self.most:
            yield False
            return
        self.used[organization_id] = used + 1
        try:
            yield True
        finally:
            self.used[organization_id] -= 1
            if not self.used[organization_id]:
                del self.used[organization_id]

    def refusal(self) -> RateLimited:
        """Why somebody has no slot."""
        return RateLimited(
            f"{self.most} subscriptions of your organization run already; end some.", RETRY_AFTER
        )


@dataclass(frozen=True, slots=True)
class Begun:
    """From now on nothing is missed.

    Attributes:
        cursor: After which event it begins.
    """

    cursor: EventCursor


@dataclass(frozen=True, slots=True)
class PrintedEvent:
    """What is told of one event, as JSON."""

    event: StoredEvent
    answer: bytes


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Some time has passed.

    Attributes:
        passed_over: The last event since what was sent last, none of which was to be printed.
    """

    passed_over: EventCursor | None


@dataclass(frozen=True)
class EventFeed:
    """What a subscription gives, however it is sent.

    Attributes:
        hubs: Where events come from.
        slots: The sender holds one of them while it sends.
        organization_id: Whose events.
        after: The event id after which to begin; None for what comes from now on.
        passes: Which events may be printed.
        charge: Charges the caller for one of them, or refuses.
        print_event: Prints one; None where it is not to be told.
        share: Has this printed once for all equal subscriptions.
    """

    hubs: EventHubs
    slots: SubscriptionSlots
    organization_id: int
    after: str | None
    passes: Passes
    charge: Callable[[], None]
    print_event: Callable[[StoredEvent], Awaitable[bytes | None]]
    share: Callable[[], AbstractContextManager[AnswerReader]]

    async def items(self) -> AsyncGenerator[Begun | PrintedEvent | Heartbeat, None]:
        """Events in their order, and heartbeats between them, without end; first, that it begins.

        Raises:
            ResyncRequired: when events may have been missed.
            GatewayError: when an event cannot be printed now: the client may come again.
        """
        after = None if self.after is None else EventCursor.parse(self.after)
        async with self.hubs.follow(self.organization_id, after) as subscriber:
            yield Begun(subscriber.cursor)
            with self.share() as answers:
                async with aclosing(self._items_of(subscriber, answers)) as items:
                    async for item in items:
                        yield item

    async def _items_of(
        self, subscriber: Subscriber, answers: AnswerReader
    ) -> AsyncGenerator[PrintedEvent | Heartbeat, None]:
        loop = asyncio.get_running_loop()
        passed_over: EventCursor | None = None
        next_beat = loop.time() + HEARTBEAT_SECONDS
        waiting: deque[StoredEvent] = deque()
        while True:
            if not waiting:
                waiting.extend(await subscriber.read(next_beat))
            if loop.time() >= next_beat:
                next_beat = loop.time() + HEARTBEAT_SECONDS
                yield Heartbeat(passed_over)
                passed_over = None
            if not waiting:
                continue
            event = waiting.popleft()
            passed_over = event.cursor
            if not self.passes(event):
                continue
            self.charge()
            answer = await answers.answer(event.seq, partial(self.print_event, event))
            if answer is not None:
                yield PrintedEvent(event, answer)
                passed_over = None
