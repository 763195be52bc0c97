"""Column types and field shorthands that every table shares."""

from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Integer, String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
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

UNREAD = "unread"
"""In the `info` of a column that no reader sees: only whoever merges what sources sent needs it."""

REFERENCE = "reference"
"""In the `info` of a column: the table whose row it names, and what deleting that does."""

KEY = "key"
"""In the `info` of an `id`: one of the next two."""

KEY_WITH_ORGANIZATION = "organization_id, id"
KEY_ALONE = "id"

OnDelete = Literal["CASCADE", "RESTRICT"] | None
"""What becomes of a row when the one that it names is deleted.

None refuses, unless the same statement deletes both; "RESTRICT" refuses even then. There is no
"SET NULL": with keys of two columns it would set the organization to null as well.
"""


class Micros(BigInteger):
    """An amount of money in micro-units: see `gql/money.py`."""

    cache_ok = True


def now() -> datetime:
    """The current instant, aware, in UTC."""
    return datetime.now(UTC)


class current_instant(FunctionElement[datetime]):  # noqa: N801, it reads as a function
    """The current instant by the database's clock, in the form that is stored."""

    inherit_cache = True


@compiles(current_instant, "postgresql")
def _now(_default: current_instant, _compiler: Any, **_keywords: Any) -> str:
    return "now()"


@compiles(current_instant, "sqlite")
def _now_as_text(_default: current_instant, _compiler: Any, **_keywords: Any) -> str:
    return "(strftime('%Y-%m-%d %H:%M:%f', 'now') || '000')"


def instant_of_writing() -> Any:
    """When the row is written, unless whoever writes it says another instant."""
    return Field(default_factory=now, sa_column_kwargs={"server_default": current_instant()})


def primary_key() -> Any:
    """An id that is never used twice, of a row that a tenant owns.

    The key is it and the organization's: see `gql/models/keys.py`.
    """
    return _id(KEY_WITH_ORGANIZATION)


def global_key() -> Any:
    """An id that is never used twice, of a row that is looked up before its tenant is known."""
    return _id(KEY_ALONE)


def organization_key(*, on_delete: OnDelete = None) -> Any:
    """The tenant's id, on every row that a tenant owns."""
    return Field(sa_type=BIG, sa_column_args=[ForeignKey("organization.id", ondelete=on_delete)])


def reference(table: str, *, nullable: bool = False, on_delete: OnDelete = "CASCADE") -> Any:
    """The id of a row of another table, which has to be of the same organization.

    Args:
        table: Whose row it names.
        nullable: Whether it may name none.
        on_delete: What becomes of this row when that one is deleted.
    """
    return Field(
        default=None if nullable else ...,
        sa_type=BIG,
        nullable=nullable,
        sa_column_kwargs={"info": {REFERENCE: (table, on_delete)}},
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
        return int(column.info.get(_LONGEST, LONGEST_TEXT))
    if isinstance(column.type, (AutoString, String)):
        return int(column.info.get(_LONGEST, LONGEST_NAME))
    return None


def json_object(**kwargs: Any) -> Any:
    """A JSON object, stored as text that keeps its keys' order (`json` on PostgreSQL)."""
    return Field(default_factory=dict, sa_type=JSON, **kwargs)


def long_json(*, longest: int) -> Any:
    """JSON of so many characters, which no caller writes whole."""
    return Field(sa_type=JSON, sa_column_kwargs={"info": {_LONGEST: longest}})


def optional_json() -> Any:
    """JSON or SQL NULL; Python's None is the latter."""
    return Field(default=None, sa_type=JSON(none_as_null=True), nullable=True)


def stamp_column() -> Any:
    """When and by what a row was last changed from outside, as text that sorts like it.

    See `gql/ingest/merge.py`.
    """
    return Field(default=None, sa_column_kwargs={"info": {UNREAD: True}})


def merge_state_column() -> Any:
    """The stamps of a row's parts, and what else a later merge needs."""
    return Field(
        default=None,
        sa_type=JSON(none_as_null=True),
        nullable=True,
        sa_column_kwargs={"info": {UNREAD: True}},
    )


def _id(key: str) -> Any:
    return Field(default=None, primary_key=True, sa_type=BIG, sa_column_kwargs={"info": {KEY: key}})
