"""Statements that are compiled once, remembered, and run for their one value."""

import logging
from collections.abc import Callable, Hashable
from typing import Any
from weakref import ref

from sqlalchemy import Select
from sqlalchemy.engine import Dialect

from gql.database import Database
from gql.database.failures import is_lasting
from gql.engine.cache import SegmentedCache
from gql.engine.compile_lock import CompileLock
from gql.engine.statement import Statement, compile_statement

_log = logging.getLogger(__name__)

STATEMENTS_BYTES = 24_000_000
"""How much memory the statements of queries may take, roughly."""

_BYTES_AT_LEAST = 2_000
_BYTES = {"parameter": 300, "character": 4}
"""As `tracemalloc` measured them, rounded up."""


class Failed(Exception):  # noqa: N818 -- it is no error: the reference way runs
    """A statement failed; that is noted, and told the first time."""


class Statements:
    """The statements of one kind of plan.

    Args:
        dialect: For which database.
        turn: Taken while one is compiled: new ones wait for each other, and let known ones pass.
        capacity: How much they may weigh together.

    Attributes:
        cache: What is remembered.
    """

    def __init__(
        self, dialect: Dialect, turn: CompileLock, *, capacity: float = STATEMENTS_BYTES
    ) -> None:
        self._dialect = dialect
        self._turn = turn
        self.cache: SegmentedCache[Statement] = SegmentedCache(capacity, weight)

    def get(self, key: Hashable) -> Statement | None:
        """The statement by this key, unless it is new."""
        return self.cache.get(key)

    async def make(
        self,
        key: Hashable,
        emit: Callable[[], Select[Any]],
        plan: Any,
        *,
        custom_plan: bool,
        key_weight: float = 0,
    ) -> Statement:
        """A new statement, remembered; one that cannot be compiled always rests.

        Args:
            key: What it is remembered by.
            emit: Makes the SELECT.
            plan: What it is made of, which prints itself.
            custom_plan: Whether the best way to run it depends on the values.
            key_weight: About how many bytes of memory the key takes.
        """

        def compiled() -> Statement:
            try:
                statement = compile_statement(emit(), self._dialect, custom_plan=custom_plan)
                statement.plan = ref(plan)
            except Exception:  # noqa: BLE001 -- told once, and the reference way runs
                _log.warning("a plan has no SQL", exc_info=True, extra={"plan": str(plan)})
                statement = Statement.impossible()
            return statement

        return await self.cache.make(key, compiled, self._turn, key_weight=key_weight)


async def run(
    database: Database, statement: Statement, values: list[Any], request_id: str
) -> bytes | None:
    """What a statement prints; None where something is not there that must be.

    Raises:
        Failed: when it fails, from what it failed with.
    """
    try:
        body = await database.fetch_value(statement.sql, values, custom_plan=statement.custom_plan)
    except Exception as error:
        if statement.fail(lasting=is_lasting(error)):
            extra = {"request_id": request_id, "plan": str(statement.plan())}
            _log.warning("a plan failed: %s", statement.sql[:500], exc_info=True, extra=extra)
        raise Failed from error
    if body is not None:
        statement.failures = 0
    return body


def weight(statement: Statement) -> int:
    """About how many bytes of memory a statement takes."""
    parts = {"parameter": len(statement.parameters), "character": len(statement.sql)}
    return _BYTES_AT_LEAST + sum(_BYTES[name] * count for name, count in parts.items())
