"""The version of what a statement reads: what an `ETag` names, and what a 304 compares.

It is made of the change stamps of the statement's families (`gql/models/change_stamp.py`), of its
text and of its values. So all that shapes an answer is in it, and nothing else: two documents that
select the same have the same statement, and what a caller may not see is another statement or
another value; what depends on the time has an instant among its values. A statement that reads a
table without stamps has no version.

A version is read together with the value, by one statement, which sees one instant. Read after the
value it would be that of a newer one; read before it, a replica that is behind would take the value
for what it has itself.
"""

import hashlib
from collections.abc import Callable
from typing import Any, NamedTuple

from sqlalchemy import Select, String, cast, func, literal, select
from sqlalchemy.engine import Dialect

from gql import __version__
from gql.database.drivers import FetchedValue
from gql.engine.statement import BoundStatement, Statement
from gql.engine.statement_compiler import compile_statement
from gql.models.change_stamp import ChangeStamp
from gql.models.scope import owned, table_of

VERSION_POINTS = 1
"""What it costs to compare a version: a read of a few rows, however large the answer is."""

FetchValue = Callable[[str, list[Any]], FetchedValue]

_DIGITS = 32
_STAMP = table_of(ChangeStamp)
_SEPARATOR = " "
"""Between the stamps and the value; there is none in the stamps."""


class VersionedStatement(NamedTuple):
    """A statement with the values of one request, which has a version.

    Attributes:
        bound: The same that prints the stamps before the value.
        stamps: Prints the stamps alone.
    """

    bound: BoundStatement
    stamps: BoundStatement

    async def current_version(
        self, fetch_value: FetchValue, organization_id: int, media_type: str = ""
    ) -> str | None:
        """The version by now, read without the value; None where it cannot be read.

        Whoever reads the value then learns why.

        Args:
            fetch_value: Fetches the value of a statement where that of this one would be fetched.
            organization_id: Whose data.
            media_type: Of the answer, where there are several.
        """
        stamps = await self.current_stamps(fetch_value, organization_id)
        return None if stamps is None else self.version(stamps, organization_id, media_type)

    async def current_stamps(self, fetch_value: FetchValue, organization_id: int) -> bytes | None:
        """The stamps by now; None where they cannot be read, as above."""
        values = self.stamps.owned_by(organization_id)
        try:
            return await fetch_value(self.stamps.statement.sql, values) or b""
        except Exception:  # noqa: BLE001 -- as said above
            return None

    def key(self, organization_id: int, media_type: str = "") -> bytes:
        """Of all that shapes what is printed, but for the data."""
        bound = self.bound
        shown = (__version__, organization_id, media_type, bound.values, bound.piece_values)
        return bound.statement.fingerprint + repr(shown).encode()

    def version(self, stamps: bytes, organization_id: int, media_type: str = "") -> str:
        """The version of what the statement prints for an organization.

        Args:
            stamps: As they were when it was read.
            organization_id: Whose data is read.
            media_type: Of the answer, where there are several.
        """
        version = hashlib.sha256(self.key(organization_id, media_type))
        version.update(stamps)
        return version.hexdigest()[:_DIGITS]


class DataVersions:
    """Makes statements that print versions.

    Args:
        dialect: The database's.
    """

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._stamps: dict[tuple[str, ...], Statement] = {}

    def versioned(self, bound: BoundStatement) -> VersionedStatement | None:
        """A statement with its version; None where it has none."""
        statement = bound.statement
        if statement.families is None or not statement.organization_positions:
            return None
        stamps = self._stamps.get(statement.families)
        if stamps is None:
            select_stamps = _select_stamps(statement.families)
            stamps = compile_statement(select_stamps, self._dialect)
            self._stamps[statement.families] = stamps
        if statement.versioned is None:
            statement.versioned = self._with_stamps(statement, stamps)
        leading = [None] * (len(statement.versioned.parameters) - len(statement.parameters))
        with_stamps = BoundStatement(
            statement.versioned, [*leading, *bound.values], bound.piece_values
        )
        return VersionedStatement(with_stamps, stamps.bind({}))

    def _with_stamps(self, statement: Statement, stamps: Statement) -> Statement:
        """A statement that prints stamps before its value.

        It is put together as text, as to compile it again would take milliseconds.
        """
        stamps_sql, own = stamps.sql, statement.parameters
        if self._dialect.name == "sqlite":
            own = (*stamps.parameters, *own)
        else:
            position = statement.organization_positions[0] + 1
            stamps_sql = stamps_sql.replace("$1", f"${position}")
        sql = f"SELECT ({stamps_sql}) || '{_SEPARATOR}' || ({statement.sql})"
        return Statement(sql, own, plan=statement.plan, custom_plan=statement.custom_plan)


def split_stamps(value: bytes) -> tuple[bytes, bytes]:
    """What a statement prints, as the stamps and the value."""
    stamps, _, body = value.partition(_SEPARATOR.encode())
    return stamps, body


def _select_stamps(families: tuple[str, ...]) -> Select[Any]:
    """All stamps of some families, in an order."""
    row = _STAMP.c
    stamps = (
        select(row.family, row.slot, row.stamp)
        .where(owned(_STAMP), row.family.in_(families))
        .order_by(row.family, row.slot)
        .subquery()
    )
    parts = (stamps.c.family, cast(stamps.c.slot, String), cast(stamps.c.stamp, String))
    one = parts[0] + literal(":") + parts[1] + literal(":") + parts[2]
    return select(func.coalesce(func.aggregate_strings(one, ","), ""))
