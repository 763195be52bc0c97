"""Folds changes of the sums over calls in the background: see `gql/models/rollup.py`."""

import asyncio
import contextlib
import logging

from gql.database import Database
from gql.database.call_rollup import fold_all

INTERVAL = 1.0
"""Seconds between two looks for changes. A reader adds up the changes of about so long."""

PAUSE = 60.0
"""Seconds after a failure, as on a database that is down or read-only."""

_log = logging.getLogger(__name__)


class Folding:
    """A task that folds what there is, once a second; on SQLite there is nothing to do.

    Any number of processes may run one: of two that meet at an organization, one goes on.
    """

    def __init__(self, database: Database, *, interval: float = INTERVAL) -> None:
        self._database = database
        self._interval = interval
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin in the running event loop."""
        if self._database.embedded:
            return
        self._stopping.clear()
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End after the fold that is running; does nothing after the first call."""
        self._stopping.set()
        if self._task is not None:
            task, self._task = self._task, None
            await task

    async def _run(self) -> None:
        wait = self._interval
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), wait)
                return
            try:
                await fold_all(self._database.engine)
                wait = self._interval
            except Exception as error:  # noqa: BLE001 -- one failure must not end the loop
                if wait != PAUSE:
                    _log.warning("sums over calls are not folded for now: %r", error)
                wait = PAUSE
