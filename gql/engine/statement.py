"""A statement in the words of the driver, and how its parameters are filled."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from sys import getsizeof
from typing import Any
from weakref import ReferenceType, ref

from sqlalchemy import BindParameter, Select, literal_column
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.visitors import replacement_traverse

from gql.models.scope import parameters

MOST_FAILURES = 3
"""After so many failures in a row a statement rests."""

REST_SECONDS = 60.0


@dataclass
class Statement:
    """Compiled SQL.

    Attributes:
        sql: In the words of the driver.
        parameters: In the driver's order: name, what turns a value into the driver's (None where
            nothing does), and the value of a parameter that SQLAlchemy itself added.
        failures: How often it failed in a row.
        plan: Gives the plan that it was made from, or None once that is forgotten.
        custom_plan: Whether the best way to run it depends on the values.
    """

    sql: str
    parameters: tuple[tuple[str, Any, Any], ...]
    failures: int = 0
    _rests_until: float = field(default=0.0)
    _told: bool = False
    plan: Callable[[], object] = lambda: None
    custom_plan: bool = field(default=False, kw_only=True)

    def values(self, given: Mapping[str, Any]) -> list[Any]:
        """The values in the driver's order."""
        return [
            given.get(name, constant) if process is None else process(given.get(name, constant))
            for name, process, constant in self.parameters
        ]

    @classmethod
    def impossible(cls) -> "Statement":
        """One that always rests."""
        return cls("", (), MOST_FAILURES, math.inf)

    @property
    def resting(self) -> bool:
        """Whether it failed too often, not long ago, to be tried again."""
        return self.failures >= MOST_FAILURES and time.monotonic() < self._rests_until

    def fail(self, *, lasting: bool) -> bool:
        """Note a failure; True the first time, when it should be told.

        Only a lasting one counts: a statement need not rest because the database is restarted.
        """
        if lasting:
            self.failures += 1
            self._rests_until = time.monotonic() + REST_SECONDS
        first, self._told = not self._told, True
        return first


@dataclass(frozen=True, slots=True)
class BoundStatement:
    """A statement with its values, but for those that say whose data it reads.

    Attributes:
        statement: Gives what runs, or None once that is forgotten: many requests share a statement,
            and those that are remembered must not keep it.
        values: In the driver's order.
        places: Where the organization goes in them.
    """

    statement: ReferenceType[Statement]
    values: list[Any]
    places: tuple[int, ...]

    @classmethod
    def to(cls, statement: Statement, values: Mapping[str, Any]) -> "BoundStatement":
        """Bind a statement to named values."""
        names = [name for name, _, _ in statement.parameters]
        places = tuple(place for place, name in enumerate(names) if name in parameters(0))
        return cls(ref(statement), statement.values(values), places)

    def owned_by(self, organization_id: int) -> list[Any]:
        """The values for an organization."""
        values = self.values.copy()
        for place in self.places:
            values[place] = organization_id
        return values

    @property
    def weight(self) -> int:
        """About how many bytes of memory it takes; text is the most of it."""
        return _BYTES_OF_BOUND + sum(map(getsizeof, self.values))


_BYTES_OF_BOUND = 500


def compile_statement(
    statement: Select[Any], dialect: Dialect, *, custom_plan: bool = False
) -> Statement:
    """The statement as SQL; what is constant in it is written into the text.

    The database plans better for a value that it sees, and there is less to bind.

    Args:
        statement: Of a plan.
        dialect: The database's.
        custom_plan: Whether the best way to run it depends on the values.
    """

    def inlined(element: Any, **_: Any) -> Any:
        if not isinstance(element, BindParameter) or element.required:
            return None
        write = element.type.dialect_impl(dialect).literal_processor(dialect)
        return literal_column(write(element.value), element.type) if write else None

    settled: Any = replacement_traverse(statement, {}, inlined)
    compiled = settled.compile(dialect=dialect)
    binds, names = compiled.binds, compiled.positiontup
    return Statement(
        str(compiled),
        tuple((name, _processor(binds[name], dialect), binds[name].value) for name in names),
        custom_plan=custom_plan,
    )


def _processor(parameter: BindParameter[Any], dialect: Dialect) -> Any:
    return parameter.type.dialect_impl(dialect).bind_processor(dialect)
