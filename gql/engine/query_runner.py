"""Reads by plans: one statement each, compiled once for each shape of what is asked."""

import logging
from dataclasses import dataclass
from typing import Any

from gql.database import Database
from gql.engine.bind import is_selective
from gql.engine.cache import bytes_of
from gql.engine.compile import emit_read
from gql.engine.compile_lock import CompileLock
from gql.engine.fallback import NOT_FOUND, RESTING, AnswerCounts, Fallback, FallbackReason
from gql.engine.rest_query import RestArguments, RestQuery, bind
from gql.engine.statement import BoundStatement
from gql.engine.statement_cache import Failed, Statements, run
from gql.query.context import Context

_log = logging.getLogger(__name__)

STATEMENTS_BYTES = 8_000_000
"""How much memory the statements of all reads may take, roughly."""


@dataclass(frozen=True, slots=True)
class BoundQuery:
    """A statement for a request.

    Attributes:
        bound: It with its values.
        key: What it is remembered by.
    """

    bound: BoundStatement
    key: Any


class QueryRunner:
    """Answers reads by plans.

    Args:
        database: Where.

    Attributes:
        counts: How reads were answered.
        statements: Of all reads.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.statements = Statements(
            database.engine.dialect, CompileLock(), capacity=STATEMENTS_BYTES
        )
        self.counts = AnswerCounts()

    async def bind(self, read: RestQuery, asked: RestArguments) -> BoundQuery | None:
        """The statement of a request with its values; None when the reference way has to run."""
        try:
            shapes, values = bind(read, asked)
            key = (read, shapes)
            statement = self.statements.get(key) or await self.statements.make(
                key,
                lambda: emit_read(read, shapes),
                read,
                custom_plan=is_selective(shapes),
                key_weight=bytes_of(shapes),
            )
            return BoundQuery(BoundStatement.to(statement, values), key)
        except Exception:  # noqa: BLE001 -- a bug of ours must not fail a request
            _log.warning("binding failed: %.500r", asked, exc_info=True)
            return None

    async def answer(self, context: Context, ready: BoundQuery | None) -> bytes | Fallback:
        """The finished body, or why the reference way has to run; counted.

        Nothing that is found is a matter for the reference way too: it words the refusal.
        """
        statement = ready.bound.statement() if ready else None
        if ready is None or statement is None or statement.resting:
            return self.counts.record_fallback(RESTING)
        values = ready.bound.owned_by(context.organization_id)
        try:
            body = await run(self._database, statement, values, context.request_id)
        except Failed as failed:
            return self.counts.record_fallback(
                Fallback(FallbackReason.FAILED, repr(failed.__cause__))
            )
        if not body:
            return self.counts.record_fallback(NOT_FOUND)
        self.counts.compiled += 1
        return body
