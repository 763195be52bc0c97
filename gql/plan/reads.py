"""Reads by plans: one statement each, compiled once for each shape of what is asked."""

import logging
from dataclasses import dataclass
from typing import Any

from gql.context import Context
from gql.database import Database
from gql.plan.binder import is_varied
from gql.plan.emitter import emit_read
from gql.plan.read import Asked, Read, bind
from gql.plan.remembered import bytes_of
from gql.plan.statement import Bound
from gql.plan.statements import Failed, Statements, run
from gql.plan.turn import Turn
from gql.plan.ways import NOTHING, RESTING, Counts, Reason, Why

_log = logging.getLogger(__name__)

STATEMENTS_BYTES = 8_000_000
"""How much memory the statements of all reads may take, roughly."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A statement for a request.

    Attributes:
        bound: It with its values.
        key: What it is remembered by.
    """

    bound: Bound
    key: Any


class Reads:
    """Answers reads by plans.

    Args:
        database: Where.

    Attributes:
        counts: How reads were answered.
        statements: Of all reads.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.statements = Statements(database.engine.dialect, Turn(), room=STATEMENTS_BYTES)
        self.counts = Counts()

    async def bind(self, read: Read, asked: Asked) -> Ready | None:
        """The statement of a request with its values; None when the reference way has to run."""
        try:
            shapes, values = bind(read, asked)
            key = (read, shapes)
            statement = self.statements.get(key) or await self.statements.make(
                key,
                lambda: emit_read(read.root, shapes),
                read,
                varied=is_varied(shapes),
                key_weight=bytes_of(shapes),
            )
            return Ready(Bound.to(statement, values), key)
        except Exception:  # noqa: BLE001 -- a bug of ours must not fail a request
            _log.warning("binding failed: %.500r", asked, exc_info=True)
            return None

    async def answer(self, context: Context, ready: Ready | None) -> bytes | Why:
        """The finished body, or why the reference way has to run; counted.

        Nothing that is found is a matter for the reference way too: it words the refusal.
        """
        statement = ready.bound.statement() if ready else None
        if ready is None or statement is None or statement.resting:
            return self.counts.resolve(RESTING)
        values = ready.bound.owned_by(context.organization_id)
        try:
            body = await run(self._database, statement, values, context.request_id)
        except Failed as failed:
            return self.counts.resolve(Why(Reason.FAILED, repr(failed.__cause__)))
        if not body:
            return self.counts.resolve(NOTHING)
        self.counts.compiled += 1
        return body
