"""Hands events to subscribers: each is read once for all who follow an organization.

The table is the truth. Wakes may be lost, come twice or late: a hub also looks by itself, and a
subscriber that falls behind reads from the table until it has caught up. A subscriber's next event
is always the next number, whatever path it comes by; a jump means that something is gone, and is
said.
"""

import asyncio
import logging
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from gql.background import GrowingPause, cancel
from gql.database import Database
from gql.errors import DatabaseUnavailable, DeadlineExceeded, ResyncRequired
from gql.events.reading import (
    READ_AGAIN,
    EventCursor,
    StoredEvent,
    check_cursor,
    last_event,
    read_events,
)

LOOK_SECONDS = 0.25
"""How often a hub looks without being woken, where messages of other processes may be lost."""

SQLITE_LOOK_SECONDS = 0.01
"""How often SQLite is asked whether anybody has written: some microseconds each."""

LONGEST_PAUSE = 10.0
"""Most seconds after a failed read: so late may subscribers be when the database is back."""

MOST_WAITING = 1_000
"""Most events that wait for a subscriber in memory; one with more reads them from the table."""

_log = logging.getLogger(__name__)


class Subscriber:
    """Reads on from a cursor.

    Args:
        hub: Of its organization.
        cursor: After which event.
    """

    def __init__(self, hub: "Hub", cursor: EventCursor) -> None:
        self._hub = hub
        self._waiting: deque[StoredEvent] = deque()
        self._more = asyncio.Event()
        self.cursor = cursor

    def offer(self, events: Sequence[StoredEvent]) -> None:
        """Take what the hub has read."""
        if len(self._waiting) + len(events) > MOST_WAITING:
            self._hub.leave(self)
            self._waiting.clear()
        else:
            self._waiting.extend(events)
        self._more.set()

    async def read(self, until: float) -> list[StoredEvent]:
        """The next events after the cursor, in order and none twice; none once it is that late.

        Args:
            until: By the clock of the event loop.

        Raises:
            ResyncRequired: when something was deleted before it was read.
        """
        try:
            async with asyncio.timeout_at(until):
                while True:
                    # The hub may have been behind when this one joined.
                    events = [each for each in await self._next() if each.seq > self.cursor.seq]
                    if events:
                        break
        except TimeoutError:
            return []
        following = [
            event for number, event in enumerate(events, self.cursor.seq + 1) if event.seq == number
        ]
        if not following:
            raise ResyncRequired(f"Events after {self.cursor.seq} are deleted. {READ_AGAIN}")
        self.cursor = following[-1].cursor
        if len(following) < len(events):
            self._hub.leave(self)  # the table has the gap, too, and then it is said
        return following

    async def _next(self) -> Sequence[StoredEvent]:
        """Some events, at least one, unless this has just caught up with the hub."""
        if not self._hub.has(self):
            # No await from the comparison to joining: either the hub has not read past the cursor,
            # and will offer all that follows, or there is something to read here.
            if self._hub.join(self):
                self._waiting.clear()
                return ()
            events = await self._hub.read(self.cursor.seq)
            if not events:
                await asyncio.sleep(SQLITE_LOOK_SECONDS)
            return events
        if not self._waiting:
            self._more.clear()
            await self._more.wait()
        events = list(self._waiting)
        self._waiting.clear()
        return events


class Hub:
    """Reads the events of one organization while anybody follows it."""

    def __init__(self, database: Database, organization_id: int) -> None:
        self._database = database
        self._organization_id = organization_id
        self._position: int | None = None
        self._live: set[Subscriber] = set()
        self._woken = asyncio.Event()
        self._pause = GrowingPause(LONGEST_PAUSE)
        self._task = asyncio.create_task(self._run())
        self.followers = 0

    def wake(self) -> None:
        """There may be more to read."""
        self._woken.set()

    def has(self, subscriber: Subscriber) -> bool:
        """Whether it is offered what is read."""
        return subscriber in self._live

    def join(self, subscriber: Subscriber) -> bool:
        """Offer it what is read from now on, if it has read all before."""
        is_level = self._position is not None and subscriber.cursor.seq >= self._position
        if is_level:
            self._live.add(subscriber)
        return is_level

    def leave(self, subscriber: Subscriber) -> None:
        """Offer it nothing more."""
        self._live.discard(subscriber)

    async def read(self, after: int) -> list[StoredEvent]:
        """Events from the table."""
        return await read_events(self._database, self._organization_id, after)

    async def close(self) -> None:
        """End reading."""
        await cancel(self._task)

    async def _run(self) -> None:
        while True:
            self._woken.clear()  # before reading, so that a wake during it is not lost
            try:
                if self._position is None:
                    last = await last_event(self._database, self._organization_id)
                    self._position = last.seq
                events = await self.read(self._position)
            except Exception as error:  # noqa: BLE001 -- one failure must not end the task
                if not self._pause.failures:
                    is_outage = isinstance(error, DatabaseUnavailable | DeadlineExceeded)
                    log = _log.warning if is_outage else _log.exception
                    log("events cannot be read for now: %r", error)
                self._pause.record_failure()
                await asyncio.sleep(self._pause.seconds)
                continue
            self._pause.record_success()
            if events:
                # No await between these: a subscriber joins before or after both.
                self._position = events[-1].seq
                for subscriber in list(self._live):
                    subscriber.offer(events)
                continue
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._woken.wait()
            except TimeoutError:
                continue


class EventHubs:
    """The hubs of one process, by organization.

    Args:
        database: Where events are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._hubs: dict[int, Hub] = {}
        self._watch: asyncio.Task[None] | None = None

    def wake(self, organization_id: int | None) -> None:
        """There may be more of an organization, or of any of them."""
        if organization_id is None:
            for hub in self._hubs.values():
                hub.wake()
        elif organization_id in self._hubs:
            self._hubs[organization_id].wake()

    @asynccontextmanager
    async def follow(
        self, organization_id: int, after: EventCursor | None
    ) -> AsyncIterator[Subscriber]:
        """Who reads the events of an organization, from its cursor on.

        Args:
            organization_id: Whose.
            after: The event after which to begin; None for what comes from now on.

        Raises:
            ResyncRequired: when something after it may have been missed.
        """
        if after is None:
            after = await last_event(self._database, organization_id)
        else:
            await check_cursor(self._database, organization_id, after)
        hub = self._hubs.get(organization_id)
        if hub is None:
            hub = self._hubs[organization_id] = Hub(self._database, organization_id)
        if self._watch is None and self._database.embedded:
            self._watch = asyncio.create_task(self._watch_file())
        hub.followers += 1
        subscriber = Subscriber(hub, after)
        try:
            yield subscriber
        finally:
            hub.leave(subscriber)
            hub.followers -= 1
            if not hub.followers:
                del self._hubs[organization_id]
                await hub.close()

    async def close(self) -> None:
        """End all reading."""
        watch, self._watch = self._watch, None
        await cancel(watch)
        for hub in list(self._hubs.values()):
            await hub.close()

    async def _watch_file(self) -> None:
        """Wake everybody when anybody has written to the file of SQLite.

        https://www.sqlite.org/pragma.html#pragma_data_version: the number changes with the commits
        of all connections but its own, and this one never writes.
        """
        file = self._database.engine.url.database or ""
        connection = sqlite3.connect(file, isolation_level=None)
        try:
            before = None
            while True:
                (version,) = connection.execute("PRAGMA data_version").fetchone()
                if version != before:
                    before = version
                    self.wake(None)
                await asyncio.sleep(SQLITE_LOOK_SECONDS)
        finally:
            connection.close()
