"""Notes in the background which shares of budgets are spent: see `gql/domain/cost_budgets.py`."""

import logging

from sqlalchemy import select

from gql.background import GrowingPause, RepeatedTask
from gql.database import Database
from gql.domain.cost_budgets import COST_BUDGETS
from gql.domain.writes.cost_budgets import note_passed_budgets
from gql.errors import BadInput, DatabaseUnavailable, DeadlineExceeded
from gql.identity import Identity, Method, Permission
from gql.models.types import now
from gql.query.context import Context

INTERVAL = 30.0
"""Seconds between two looks: a few rows of the sums over calls for each budget's month."""

LONGEST_PAUSE = 60.0
"""Most seconds after a failure, as on a database that is down or read-only."""

_WITH_BUDGETS = select(COST_BUDGETS.table.c.organization_id).distinct()

_log = logging.getLogger(__name__)


class BudgetWatch:
    """A task of each process; of several that see the same, one notes it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._task = RepeatedTask(self._work, first_wait=INTERVAL)
        self._pause = GrowingPause(LONGEST_PAUSE)

    def start(self) -> None:
        """Begin in the running event loop."""
        self._task.start()

    async def stop(self) -> None:
        """End after the look that is being done; does nothing after the first call."""
        await self._task.stop()

    async def look(self) -> int:
        """Note what is passed, of every organization; how much that was."""
        async with self._database.snapshot() as snapshot:
            rows = await snapshot.rows(_WITH_BUDGETS, {})
        noted = 0
        for organization_id in sorted(row[0] for row in rows):
            permissions = frozenset({Permission.READ, Permission.WRITE})
            identity = Identity(organization_id, Method.API_KEY, permissions)
            context = Context(identity, self._database)
            try:
                noted += await note_passed_budgets(context, now())
            except BadInput as error:
                # A time zone that this machine does not know; others may, and note it.
                _log.warning("budgets of organization %s: %s", organization_id, error.message)
            finally:
                await context.close()
        return noted

    async def _work(self) -> float:
        try:
            await self.look()
        except Exception as error:  # noqa: BLE001 -- one failure must not end the task
            if not self._pause.failures:
                is_outage = isinstance(error, DatabaseUnavailable | DeadlineExceeded)
                log = _log.warning if is_outage else _log.exception
                log("budgets are not looked at for now: %r", error)
            self._pause.record_failure()
            return self._pause.seconds
        self._pause.record_success()
        return INTERVAL
