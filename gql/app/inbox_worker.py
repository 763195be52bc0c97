"""Applies webhook deliveries in the background, and deletes old ones: see `gql/ingest/inbox.py`."""

import logging
import time

from gql.accounts.hook_endpoints import list_endpoints
from gql.background import GrowingPause, RepeatedTask
from gql.database import Database
from gql.errors import DatabaseUnavailable, DeadlineExceeded
from gql.identity import Identity, Method, Permission
from gql.ingest import inbox
from gql.ingest.processing import process_due
from gql.models.types import now
from gql.operation_queues import OperationQueues
from gql.query.context import Context
from gql.settings import Settings
from gql.stores import SmsSessionStore

INTERVAL = 0.25
"""Seconds between two looks at what this process has stored."""

SWEEP_SECONDS = 5.0
"""Seconds between two looks at the table, for what others left or is to be tried again."""

CLEANING_SECONDS = 3_600.0
"""Seconds between two deletions of old deliveries."""

LONGEST_PAUSE = 30.0
"""Most seconds after a failure, as on a database that is down or read-only."""

POINTS = 1_000
"""What applying some deliveries costs, about: that of a list."""

_log = logging.getLogger(__name__)


class InboxWorker:
    """A task of each process; of two that meet at an organization, one goes on.

    Args:
        database: Where the inbox is.
        settings: How long deliveries are kept.
        queues: Where the work waits for that of other organizations.
        sms_sessions: Where the live state of SMS conversations is kept.
    """

    def __init__(
        self,
        database: Database,
        settings: Settings,
        queues: OperationQueues,
        sms_sessions: SmsSessionStore,
    ) -> None:
        self._database = database
        self._days = settings.inbox_days
        self._queues = queues
        self._sms_sessions = sms_sessions
        self._task = RepeatedTask(self._work, first_wait=INTERVAL)
        self._with_work: set[int] = set()
        self._next_sweep = 0.0
        self._next_cleaning = time.monotonic() + CLEANING_SECONDS
        self._pause = GrowingPause(LONGEST_PAUSE)

    def note(self, organization_id: int) -> None:
        """There is a new delivery."""
        self._with_work.add(organization_id)

    def start(self) -> None:
        """Begin in the running event loop."""
        self._task.start()

    async def stop(self) -> None:
        """End after what is being applied; does nothing after the first call."""
        await self._task.stop()

    async def sweep(self) -> None:
        """Apply what is due, of every organization, in turns."""
        async with self._database.snapshot() as snapshot:
            self._with_work.update(await inbox.organizations_with_work(snapshot, now()))
        await self._drain()

    async def clean(self) -> int:
        """Delete the deliveries that are kept no longer; how many there were."""
        async with self._database.snapshot() as snapshot:
            endpoints = await list_endpoints(snapshot)
        deleted = 0
        for organization_id in sorted({each.organization_id for each in endpoints}):
            number = inbox.DELETED_AT_ONCE
            while number == inbox.DELETED_AT_ONCE:
                async with self._database.transaction() as connection:
                    number = await inbox.delete_old(connection, organization_id, self._days)
                deleted += number
        return deleted

    async def _work(self) -> float:
        try:
            if time.monotonic() >= self._next_sweep:
                await self.sweep()
                self._next_sweep = time.monotonic() + SWEEP_SECONDS
            else:
                await self._drain()
            if time.monotonic() >= self._next_cleaning:
                await self.clean()
                self._next_cleaning = time.monotonic() + CLEANING_SECONDS
        except Exception as error:  # noqa: BLE001 -- one failure must not end the task
            if not self._pause.failures:
                is_outage = isinstance(error, DatabaseUnavailable | DeadlineExceeded)
                log = _log.warning if is_outage else _log.exception
                log("webhook deliveries are not applied for now: %r", error)
            self._next_sweep = 0.0
            self._pause.record_failure()
            return self._pause.seconds
        self._pause.record_success()
        return INTERVAL

    async def _drain(self) -> None:
        while self._with_work:
            for organization_id in sorted(self._with_work):
                # It goes before the work, so that what comes during it is not forgotten.
                self._with_work.discard(organization_id)
                async with self._queues.hold(organization_id, POINTS):
                    number = await process_due(self._context(organization_id))
                if number == inbox.AT_ONCE:
                    self._with_work.add(organization_id)

    def _context(self, organization_id: int) -> Context:
        permissions = frozenset({Permission.INGEST})
        identity = Identity(organization_id, Method.API_KEY, permissions)
        return Context(identity, self._database, sms_sessions=self._sms_sessions)
