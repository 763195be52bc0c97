"""Numbers events in the background, and deletes old ones: see `gql/events`."""

import logging
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta

from gql.background import GrowingPause, RepeatedTask
from gql.database import Database
from gql.events.numbering import number_events
from gql.events.retention import prune_events
from gql.models.types import now
from gql.settings import Settings

SWEEP_SECONDS = 1.0
"""Seconds between two looks for events of others: of processes that ended, and of who writes to the
tables directly. Those of this process are numbered at once."""

PRUNING_SECONDS = 3_600.0
"""Seconds between two deletions of old events."""

LONGEST_PAUSE = 60.0
"""Most seconds after a failure, as on a database that is down or read-only."""

Announce = Callable[[int], Awaitable[None]]
"""Tells those who follow an organization, here and in other processes, that there is more."""

_log = logging.getLogger(__name__)


class EventNumbering:
    """A task of each process, for all organizations; on SQLite it only deletes.

    Args:
        database: Where events are.
        settings: How long they are kept.
        announce: Called after events of an organization were numbered; it must not raise.
    """

    def __init__(self, database: Database, settings: Settings, announce: Announce) -> None:
        self._database = database
        self._max_age = timedelta(days=settings.event_days)
        self._most = settings.max_events
        self._announce = announce
        wait = PRUNING_SECONDS if database.embedded else SWEEP_SECONDS
        self._wait = wait
        self._task = RepeatedTask(self._work, first_wait=wait)
        self._next_pruning = time.monotonic() + PRUNING_SECONDS
        self._pause = GrowingPause(LONGEST_PAUSE)

    def note_commit(self) -> None:
        """This process has written something."""
        if not (self._database.embedded or self._pause.failures):
            self._task.wake()

    def start(self) -> None:
        """Begin in the running event loop."""
        self._task.start()

    async def stop(self) -> None:
        """End after what is being done; does nothing after the first call."""
        await self._task.stop()

    async def number(self) -> None:
        """Number what is committed, and tell who follows it."""
        for organization_id in sorted(await number_events(self._database.engine)):
            await self._announce(organization_id)

    async def prune(self) -> int:
        """Delete old events; up to how many."""
        before = now() - self._max_age
        return await prune_events(self._database, before=before, most=self._most)

    async def _work(self) -> float:
        try:
            if not self._database.embedded:
                await self.number()
            if time.monotonic() >= self._next_pruning:
                await self.prune()
                self._next_pruning = time.monotonic() + PRUNING_SECONDS
        except Exception as error:  # noqa: BLE001 -- one failure must not end the task
            if not self._pause.failures:
                _log.warning("events are not numbered for now: %r", error)
            self._pause.record_failure()
            return self._pause.seconds
        self._pause.record_success()
        return self._wait
