"""Column types and field shorthands that every table shares."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Integer, String
from sqlmodel import AutoString, Field

BIG = BigInteger().with_variant(Integer, "sqlite")
"""A 64-bit integer; SQLite needs the word INTEGER for AUTOINCREMENT."""

MAX_ID = 2**63 - 1
"""The largest id that a column holds."""


LONGEST_NAME = 255
"""Most characters of a text column that says nothing else: names and codes.

PostgreSQL indexes text of at most some 2,700 bytes.
"""

LONGEST_TEXT = 65_536
"""Most characters of a text that people write whole, and of a JSON value as it is stored."""

_LONGEST = "longest"


class Micros(BigInteger):
    """An amount of money in micro-units: see `gql/money.py`."""

    cache_ok = True


def now() -> datetime:
    """The current instant, aware, in UTC."""
    return datetime.now(UTC)


def primary_key() -> Any:
    """An id that is never used twice."""
    return Field(default=None, primary_key=True, sa_type=BIG)


def organization_key() -> Any:
    """The tenant's id, on every row that a tenant owns."""
    return Field(foreign_key="organization.id", sa_type=BIG)


def reference(target: str, *, nullable: bool = False, on_delete: str = "CASCADE") -> Any:
    """A foreign key to `target` ("table.column")."""
    return Field(
        default=None if nullable else ...,
        sa_type=BIG,
        nullable=nullable,
        sa_column_args=[ForeignKey(target, ondelete=on_delete)],
    )


def loose_reference() -> Any:
    """An id without a foreign key, since it may outlive the row that it names."""
    return Field(default=None, sa_type=BIG, nullable=True)


def micros() -> Any:
    """An optional amount of money."""
    return Field(default=None, sa_type=Micros, nullable=True)


def bounded_text(*, longest: int = LONGEST_TEXT, **keywords: Any) -> Any:
    """Text of so many characters.

    Writes check that. The table does not: rows that other programs wrote stay as they are, and
    `jackfield doctor` counts them.
    """
    return Field(sa_column_kwargs={"info": {_LONGEST: longest}}, **keywords)


def longest_of(column: Column[Any]) -> int | None:
    """Most characters of a text or JSON column; None for a column of another type."""
    if isinstance(column.type, JSON):
        return LONGEST_TEXT
    if isinstance(column.type, (AutoString, String)):
        return int(column.info.get(_LONGEST, LONGEST_NAME))
    return None


def json_object(**kwargs: Any) -> Any:
    """A JSON object, stored as text that keeps its keys' order (`json` on PostgreSQL)."""
    return Field(default_factory=dict, sa_type=JSON, **kwargs)


def optional_json() -> Any:
    """JSON or SQL NULL; Python's None is the latter."""
    return Field(default=None, sa_type=JSON(none_as_null=True), nullable=True)


AUTOINCREMENT = {"sqlite_autoincrement": True}
"""Table option: without it SQLite would hand out a deleted row's id again."""
