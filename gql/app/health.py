"""Health checks for operators: `/healthz` (is it alive) and `/readyz` (can it serve)."""

import logging

from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gql.database import Database
from gql.errors import Unavailable
from gql.migrations import current, head

_log = logging.getLogger(__name__)


class Health:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._head = head()

    async def alive(self, _request: Request) -> Response:
        """200; a process that does not answer is to be restarted."""
        return _answer(200, {"status": "alive"})

    async def ready(self, _request: Request) -> Response:
        """200, or 503 with what is wrong: no requests should be sent here for now."""
        problem = await self._problem()
        if problem is None:
            return _answer(200, {"status": "ready"})
        return _answer(503, {"status": "not ready", "detail": problem})

    async def _problem(self) -> str | None:
        try:
            await self._database.ping()
            revision = await current(self._database.engine)
        except (Unavailable, SQLAlchemyError, OSError) as error:
            _log.warning("not ready: %r", error)
            return "The database cannot be reached."
        if revision != self._head:
            return f"The tables are at {revision}, not at {self._head}: run `jackfield migrate`."
        return None


def _answer(status: int, body: dict[str, str]) -> Response:
    return JSONResponse(body, status_code=status, headers={"Cache-Control": "no-store"})
