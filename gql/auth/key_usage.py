"""Counts the uses of API keys in memory and flushes the counts to the database."""

import logging
from datetime import datetime

from gql.accounts.api_keys import record_usage
from gql.background import GrowingPause, RepeatedTask
from gql.database import Database
from gql.models.types import now

INTERVAL = 30.0
"""Seconds between two flushes; a crash loses at most the uses of so many.

Also most seconds after a failed one.
"""

_log = logging.getLogger(__name__)


class KeyUsage:
    """Uses per key since the last flush.

    Written at each request, every read would be a write, and requests with one key would queue for
    its row. A count that a crash loses is the lesser harm.
    """

    def __init__(self, database: Database, *, interval: float = INTERVAL) -> None:
        self._database = database
        self._interval = interval
        self._uses: dict[int, tuple[int, datetime]] = {}
        self._task = RepeatedTask(self._flush_again, first_wait=interval)
        self._pause = GrowingPause(interval)

    def record(self, key_id: int) -> None:
        """Count one use, now."""
        uses, _ = self._uses.get(key_id, (0, None))
        self._uses[key_id] = (uses + 1, now())

    async def flush(self) -> None:
        """Write the counts; when that fails, keep them for the next time.

        Of several failures in a row, as on a database that takes no writes, the log has the first.
        """
        uses, self._uses = self._uses, {}
        if not uses:
            return
        try:
            await record_usage(self._database, uses)
        except Exception as error:  # noqa: BLE001 -- one failed flush must not end the loop
            if not self._pause.failures:
                _log.warning("the use of %d API keys is not written yet: %r", len(uses), error)
            self._pause.record_failure()
            self._put_back(uses)
        else:
            if self._pause.failures:
                _log.warning("the use of API keys is written again")
            self._pause.record_success()

    def start(self) -> None:
        """Begin to flush in the background, in the running event loop."""
        self._task.start()

    async def stop(self) -> None:
        """End, and flush a last time."""
        await self._task.stop()
        await self.flush()

    async def _flush_again(self) -> float:
        await self.flush()
        return self._pause.seconds if self._pause.failures else self._interval

    def _put_back(self, uses: dict[int, tuple[int, datetime]]) -> None:
        for key_id, (count, at) in uses.items():
            newer, last = self._uses.get(key_id, (0, at))
            self._uses[key_id] = (newer + count, last)
