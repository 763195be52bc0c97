"""Health checks for operators: `/healthz` (is it alive) and `/readyz` (can it serve)."""

import asyncio
import logging

from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gql.database import Database
from gql.database.failures import translate_failures
from gql.errors import DeadlineExceeded, Unavailable
from gql.http.running_requests import RunningRequests
from gql.migrations import current, head
from gql.single_flight import SingleFlight

MOST_SECONDS = 5.0
"""How long the database may take to tell whether it is ready."""

READ_ONLY = "The database takes no writes: point GQL_DATABASE_URL at the primary."

_log = logging.getLogger(__name__)


class Health:
    """Answers for one process.

    Args:
        database: On connections that do not wait behind data.
        requests: Know whether the process is about to end.
    """

    def __init__(self, database: Database, requests: RunningRequests) -> None:
        self._database = database
        self._requests = requests
        self._head = head()
        # Anybody may ask, as often as they like: one look at the database serves all who wait.
        self._lookups = SingleFlight[str, str | None](cancel_abandoned=False)

    async def alive(self, _request: Request) -> Response:
        """200; a process that does not answer is to be restarted."""
        return _answer(200, {"status": "alive"})

    async def ready(self, _request: Request) -> Response:
        """200, or 503 with what is wrong: no requests should be sent here for now."""
        if self._requests.is_stopping:
            problem: str | None = "The process is being stopped."
        else:
            problem = await self._lookups.run("problem", self._problem)
        if problem is None:
            return _answer(200, {"status": "ready"})
        return _answer(503, {"status": "not ready", "detail": problem})

    async def _problem(self) -> str | None:
        try:
            async with asyncio.timeout(MOST_SECONDS):
                with translate_failures():
                    revision = await current(self._database.engine)
                    is_read_only = await self._database.is_read_only()
        except (TimeoutError, Unavailable, DeadlineExceeded, SQLAlchemyError) as error:
            _log.warning("not ready: %r", error)
            return "The database cannot be reached."
        if revision != self._head:
            return f"The tables are at {revision}, not at {self._head}: run `jackfield migrate`."
        return READ_ONLY if is_read_only else None


def _answer(status: int, body: dict[str, str]) -> Response:
    return JSONResponse(body, status_code=status, headers={"Cache-Control": "no-store"})
