"""A statement in the words of the driver: compiled once, bound and run for each request."""

import hashlib
import logging
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from gql.database import RequestDatabase
from gql.database.failures import is_lasting, meaning_of
from gql.engine.pieces import MARK, piece_values, with_pieces
from gql.errors import AnswerTooLong, GatewayError
from gql.models.scope import parameters
from gql.steps import in_steps

_log = logging.getLogger(__name__)

MOST_FAILURES = 3
"""After so many lasting failures in a row a statement rests: resolvers answer for a while.

Whoever sends the same document shares its statement, whatever their organization. So only what no
value can cause counts: a caller whose values make it fail must not slow down the others.
"""

REST_SECONDS = 60.0

_BYTES_AT_LEAST = 2_000
_BYTES_PER_PARAMETER = 300
_BYTES_PER_CHARACTER = 4
"""As `tracemalloc` measured them, rounded up."""

_ORGANIZATION = frozenset(parameters(0))
"""The parameters that say whose data is read."""


@dataclass
class Statement:
    """Compiled SQL.

    Attributes:
        sql: In the words of the driver.
        parameters: In the driver's order: name, what turns a value into the driver's (None where
            nothing does), and the value of a parameter that SQLAlchemy itself added.
        failures: How often it failed in a row.
        plan: Gives what it was made from, or None once that is gone. A weak reference: a plan owns
            its statements, and a circle of the two would outlive its eviction.
        families: Of the tables that it reads, whose change stamps are the version of its value;
            None where a table has none, or no table is read.
        versioned: The same that prints those stamps before its value, once it was needed.
        custom_plan: Whether PostgreSQL plans it anew for the values of each request.
        is_compared: Whether the compiled binder of its plan has bound it, to the same values as the
            general one.
    """

    sql: str
    parameters: tuple[tuple[str, Any, Any], ...]
    failures: int = 0
    plan: Callable[[], object] = lambda: None
    families: tuple[str, ...] | None = field(default=None, kw_only=True)
    versioned: "Statement | None" = field(default=None, kw_only=True)
    custom_plan: bool = field(default=False, kw_only=True)
    is_compared: bool = field(default=False, kw_only=True)
    _rests_until: float = field(default=0.0, init=False)
    _logged: bool = field(default=False, init=False)

    @classmethod
    def impossible(cls) -> "Statement":
        """One that cannot be compiled, and always rests."""
        statement = cls("", (), MOST_FAILURES)
        statement._rests_until = math.inf
        return statement

    def bind(self, values: Mapping[str, Any]) -> "BoundStatement":
        """The statement with these values, in the driver's order."""
        return BoundStatement(
            self,
            [
                values.get(name, constant)
                if process is None
                else process(values.get(name, constant))
                for name, process, constant in self.parameters
            ],
            piece_values(values) if self.has_pieces else {},
        )

    @cached_property
    def has_pieces(self) -> bool:
        """Whether Python prints parts of the answer."""
        return MARK in self.sql

    @cached_property
    def organization_positions(self) -> tuple[int, ...]:
        """Where the organization goes in the values."""
        return tuple(
            position
            for position, (name, _, _) in enumerate(self.parameters)
            if name in _ORGANIZATION
        )

    @cached_property
    def fingerprint(self) -> bytes:
        """Tells its text from other texts."""
        return hashlib.sha256(self.sql.encode()).digest()

    @property
    def resting(self) -> bool:
        """Whether it failed too often, not long ago, to be tried again."""
        return self.failures >= MOST_FAILURES and time.monotonic() < self._rests_until

    def fail(self, *, lasting: bool) -> bool:
        """Record a failure, which counts when it is lasting; True the first time: log it then."""
        if lasting:
            self.failures += 1
            self._rests_until = time.monotonic() + REST_SECONDS
        first, self._logged = not self._logged, True
        return first

    @property
    def weight(self) -> int:
        """About how many bytes of memory it takes."""
        return (
            _BYTES_AT_LEAST
            + _BYTES_PER_PARAMETER * len(self.parameters)
            + _BYTES_PER_CHARACTER * len(self.sql)
            + (self.versioned.weight if self.versioned else 0)
        )


@dataclass(slots=True, eq=False)
class BoundStatement:
    """A statement with the values of one request, but for those that say whose data it reads.

    Attributes:
        statement: What runs.
        values: In the driver's order.
        piece_values: What pieces of the answer are made of.
    """

    statement: Statement
    values: list[Any]
    piece_values: Mapping[str, Any] = field(default_factory=dict)

    def owned_by(self, organization_id: int) -> list[Any]:
        """The values for an organization."""
        values = self.values.copy()
        for position in self.statement.organization_positions:
            values[position] = organization_id
        return values


class StatementFailed(Exception):  # noqa: N818 -- it is no error: resolvers run
    """A statement is at fault, or its values; recorded, and logged the first time."""


async def run(
    database: RequestDatabase, bound: BoundStatement, organization_id: int, request_id: str
) -> bytes | None:
    """What a statement prints for an organization; None where a required record is missing.

    Raises:
        StatementFailed: when it fails by its own fault, from what it failed with.
        DatabaseUnavailable: when the database cannot work right now.
        DeadlineExceeded: when the statement took too long. As resolvers would read the same rows,
            they would fail like it.
        AnswerTooLong: when it printed more than an answer may have, as resolvers would.
    """
    statement = bound.statement
    values = bound.owned_by(organization_id)
    try:
        body = await database.fetch_value(statement.sql, values, custom_plan=statement.custom_plan)
        if body is not None and statement.has_pieces:
            body = await in_steps(with_pieces, body, bound.piece_values)
    except Exception as error:
        meaning = error if isinstance(error, GatewayError) else meaning_of(error)
        if isinstance(meaning, AnswerTooLong) and statement.has_pieces:
            raise StatementFailed from meaning  # what resolvers cut from texts may be short enough
        if meaning is error:
            raise
        if meaning is not None:
            raise meaning from error
        if statement.fail(lasting=is_lasting(error)):
            extra = {"request_id": request_id, "plan": str(statement.plan())}
            _log.warning("a plan failed: %s", statement.sql[:500], exc_info=True, extra=extra)
        raise StatementFailed from error
    if body is not None:
        statement.failures = 0
    return body
