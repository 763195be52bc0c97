"""Many keys as one parameter, so that any number of them is the same statement.

A list of placeholders would be another statement for each length, and stops at 32,767.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    CompoundSelect,
    FromClause,
    Integer,
    Select,
    Text,
    TypeDecorator,
    bindparam,
    column,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Dialect
from sqlalchemy.types import NullType, TypeEngine

from gql.sql.construct import Construct


class KeyList(TypeDecorator[Sequence[Any]]):
    """A list of keys as a parameter: an array on PostgreSQL, JSON text on SQLite.

    Args:
        item: The type of a key, `BigInteger()` or `Text()`.
    """

    impl = Text
    cache_ok = True

    def __init__(self, item: TypeEngine[Any]) -> None:
        super().__init__()
        self.item = item

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """How the parameter is declared to the driver."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(ARRAY(self.item))
        return dialect.type_descriptor(Text())

    def process_bind_param(self, value: Sequence[Any] | None, dialect: Dialect) -> Any:
        """The value as the driver takes it."""
        keys = list(value or ())
        return keys if dialect.name == "postgresql" else orjson.dumps(keys).decode()


class _Condition(Construct[bool]):
    # Not Boolean, as SQLAlchemy would add `= 1` for SQLite, which uses no index for that.
    type = NullType()


class _IsAmong(_Condition):
    """A column and a list of keys."""

    postgresql = "{0} = ANY ({1})"
    sqlite = "{0} IN (SELECT value FROM json_each({1}))"


def is_among(column: ColumnElement[Any], keys: Any = "keys") -> ColumnElement[bool]:
    """`column` is one of the keys.

    Args:
        column: A column of integers or of text.
        keys: The keys, or the name of a parameter that is filled when the statement runs.
    """
    kind = KeyList(BigInteger() if isinstance(column.type, Integer) else Text())
    if isinstance(keys, str):
        return _IsAmong(column, bindparam(keys, type_=kind))
    if isinstance(keys, BindParameter):
        return _IsAmong(column, bindparam(keys.key, type_=kind))
    return _IsAmong(column, bindparam(None, keys, type_=kind))


class _IsSelected(_Condition):
    """A column and a subquery.

    As an array, PostgreSQL looks each key up in an index, also beside an OR, where it would read
    the whole table for a subquery of whose size it knows nothing.
    """

    postgresql = "{0} = ANY (ARRAY{1})"
    sqlite = "{0} IN {1}"


def is_selected(
    column: ColumnElement[Any], keys: Select[Any] | CompoundSelect[Any]
) -> ColumnElement[bool]:
    """`column` is one of the few keys that a subquery of one column gives."""
    return _IsSelected(column, keys.scalar_subquery())


class _NodeIds(Construct[Any]):
    """Two lists of the same length: the types' names, and the numbers.

    SQLite reads the names by index, not by a join, which would read them again for each row.
    """

    postgresql = (
        "(SELECT kind, number, position"
        " FROM unnest({0}, {1}) WITH ORDINALITY AS ids(kind, number, position))"
    )
    sqlite = "(SELECT {0} ->> key AS kind, value AS number, key AS position FROM json_each({1}))"


def node_id_rows(kinds: str, numbers: str) -> FromClause:
    """The ids of a request, of any types and any number, as rows: `kind`, `number` and `position`.

    Args:
        kinds: The name of the parameter that lists their types' names.
        numbers: The name of the parameter that lists their numbers.
    """
    lists = (
        bindparam(kinds, type_=KeyList(Text())),
        bindparam(numbers, type_=KeyList(BigInteger())),
    )
    return _NodeIds(*lists).table_valued(
        column("kind", Text()), column("number", BigInteger()), column("position", Integer())
    )


class each_row(Construct[int]):
    """A column of the rows that a join begins with.

    SQLite, which guesses how many rows a condition leaves, would else read the other table whole
    and look each of its rows up here. The sign keeps it from an index, and changes nothing.
    https://www.sqlite.org/optoverview.html#uplus
    """

    type = BigInteger()
    postgresql = "{0}"
    sqlite = "+{0}"


class no_higher_id(Construct[int]):
    """An id that no row of a table is above, among those that a subquery reads the highest id of.

    SQLite has the highest id that the whole table ever had (https://www.sqlite.org/autoinc.html),
    and no index of a table with many owners that would give the highest id of one.

    Args of the constructor: the name of the table as a literal, and the subquery.
    """

    type = BigInteger()
    postgresql = "{1}"
    sqlite = "(SELECT seq FROM sqlite_sequence WHERE name = {0})"

    def arguments(self, dialect: str) -> Iterable[Any]:
        """The subquery, which SQLite is not given, binds the organization."""
        return list(self.clauses)[: None if dialect == "postgresql" else 1]
