"""Folds changes of the sums over calls in the background: see `gql/models/rollup.py`."""

import logging

from gql.background import GrowingPause, RepeatedTask
from gql.database import Database
from gql.database.call_rollup import fold_all

INTERVAL = 1.0
"""Seconds between two looks for changes. A reader adds up the changes of about so long."""

LONGEST_PAUSE = 60.0
"""Most seconds after a failure, as on a database that is down or read-only."""

_log = logging.getLogger(__name__)


class Folding:
    """A task that folds what there is, once a second; on SQLite there is nothing to do.

    Any number of processes may run one: of two that meet at an organization, one goes on.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._task = RepeatedTask(self._fold, first_wait=INTERVAL)
        self._pause = GrowingPause(LONGEST_PAUSE)

    def start(self) -> None:
        """Begin in the running event loop."""
        if not self._database.embedded:
            self._task.start()

    async def stop(self) -> None:
        """End after the fold that is running; does nothing after the first call."""
        await self._task.stop()

    async def _fold(self) -> float:
        try:
            await fold_all(self._database.engine)
        except Exception as error:  # noqa: BLE001 -- one failure must not end the task
            if not self._pause.failures:
                _log.warning("sums over calls are not folded for now: %r", error)
            self._pause.record_failure()
            return self._pause.seconds
        self._pause.record_success()
        return INTERVAL
