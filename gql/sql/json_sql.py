"""How a database prints JSON: constructs that yield JSON text, and NULL for NULL.

Texts are put together with `||`, not by `json_build_object`, for three reasons. It is twice as
fast: PostgreSQL 18 prints 200,000 objects of four members in 0.23 s so, in 0.52 s with
`json_build_object` and in 1.05 s with `jsonb_build_object`. It prints what Python prints:
`json_build_object` puts spaces beside colons, `jsonb` sorts members by the length of their keys,
and SQLite's `json_object` cuts doubles to 15 digits. And it nests: `json_object` takes JSON that
comes out of a subquery in FROM for text, and quotes it again
(https://www.sqlite.org/json1.html#value_arguments).

The price is that whatever is put together must be JSON, so that each value passes one of `PRINTERS`
or `json_string`, and that one NULL makes the whole text NULL, so that whatever may be NULL passes
`or_null`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Double, Text, case, cast, func, literal_column
from sqlalchemy.sql.elements import Grouping
from sqlalchemy.sql.operators import OperatorType, concat_op, is_precedent

from gql.money import MICRO, MICROS_PER_UNIT, SCALE
from gql.sql.construct import Construct
from gql.sql.instants import padded_instant, trimmed_instant
from gql.sql.text import uppercase

# -- text put together -----------------------------------------------------------------------------

JsonPart = str | ColumnElement[Any]
"""A part of JSON: text that is constant, or SQL that yields text."""


def literal_text(value: str) -> ColumnElement[str]:
    """Constant text, written into the statement.

    Of what clients send only response keys get here, and the grammar of GraphQL limits those to
    letters, digits and `_`.
    """
    return literal_column("'" + value.replace("'", "''") + "'", Text)


MAX_OPERANDS = 100
"""Most operands of one chain of `||`: SQLite parses a chain to a tree as deep as it is long, and
refuses trees deeper than 1,000."""


class _Concatenation(Construct[str]):
    """Texts one after another.

    SQLAlchemy's `+` writes parentheses around every two of them, and SQLite's parser takes no more
    than 100 that are open. So this one has none where none are needed.

    Attributes:
        parts: What it was made of.
    """

    parts: list[JsonPart]
    needs_parentheses = True

    # A function is also something to select from, with parentheses of another type.
    def self_group(self, against: OperatorType | None = None) -> Any:
        """In parentheses as an operand of what binds as strong; SQLAlchemy asks."""
        is_operand = against is not None and is_precedent(concat_op, against)
        return Grouping(self) if is_operand else self

    def template(self, dialect: str) -> str:  # noqa: ARG002 -- the same on both
        """One chain, or groups of as many operands as one may have."""
        operands = [f"{{{number}}}" for number in range(len(self.clauses))]
        while len(operands) > MAX_OPERANDS:
            starts = range(0, len(operands), MAX_OPERANDS)
            groups = (operands[start : start + MAX_OPERANDS] for start in starts)
            operands = [f"({' || '.join(group)})" for group in groups]
        return " || ".join(operands)


def concatenated(parts: Sequence[JsonPart]) -> ColumnElement[str]:
    """The parts one after another; NULL when one of them is.

    Neighbouring constants become one, and concatenations among the parts become a part of this one:
    each `||` copies what is on its left.
    """
    merged: list[JsonPart] = []
    for part in flattened(parts):
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        else:
            merged.append(part)
    whole = _Concatenation(
        *(literal_text(part) if isinstance(part, str) else part for part in merged)
    )
    whole.parts = merged
    return whole


def flattened(parts: Sequence[JsonPart]) -> Iterator[JsonPart]:
    """The parts, and in place of a concatenation those that it was made of."""
    for part in parts:
        if isinstance(part, _Concatenation):
            yield from part.parts
        else:
            yield part


def or_null(json: ColumnElement[Any]) -> ColumnElement[str]:
    """JSON, and `null` for NULL."""
    return func.coalesce(json, literal_text("null"))


def is_never_null(column: ColumnElement[Any]) -> bool:
    """Whether the table of a column says so; False for what is no column."""
    return getattr(column, "nullable", True) is False


# -- statements that fail on purpose ---------------------------------------------------------------

# An answer may be impossible: a record that the schema declares non-null is not there, an `Int` has
# more than 32 bits, a key that should hold a number holds text. GraphQL then asks for an error with
# a path, and for null in the nearest position that may be null, which one SQL expression cannot do:
# https://spec.graphql.org/draft/#sec-Handling-Execution-Errors. So the statement fails. The engine
# then lets the resolvers run the operation, and they report the error. Such an operation pays for
# both; a statement that fails three times in a row is not tried again for a minute (see
# `gql/engine/statement.py`).
#
# Neither database has an expression that raises. SQLite's RAISE() is for triggers alone. RAISE of
# PostgreSQL is a statement of PL/pgSQL, and a function around it would have to be installed by a
# migration and be called for every row that is fine. So arithmetic fails: a division by zero on
# PostgreSQL; on SQLite, where that is NULL, the absolute value of the smallest integer, which has
# none (https://www.sqlite.org/lang_corefunc.html#abs).
#
# The CASE stands inside, so that the number depends on the row. PostgreSQL computes what is
# constant when it plans, also in a branch that no row takes: `CASE WHEN id IS NULL THEN 1 / 0 END`
# fails on an empty table.
# https://www.postgresql.org/docs/current/sql-expressions.html#SYNTAX-EXPRESS-EVAL


def _fail_on_postgresql(condition: str) -> str:
    """1, or a failure of the statement where the condition holds."""
    return f"(1 / (CASE WHEN {condition} THEN 0 ELSE 1 END))"


def _fail_on_sqlite(condition: str) -> str:
    """1, or a failure of the statement where the condition holds."""
    return f"abs(CASE WHEN {condition} THEN -9223372036854775807 - 1 ELSE 1 END)"


class require_not_null(Construct[str]):
    """Fails where its argument is NULL; what it yields elsewhere means nothing."""

    postgresql = f"{_fail_on_postgresql('{0} IS NULL')}::text"
    sqlite = _fail_on_sqlite("{0} IS NULL")


class fail_beyond(Construct[float]):
    """How much a number is below a limit, or so; fails where it is above, by a SQLSTATE of its own.

    That is 2201F, "invalid argument for power function", which the square root of a negative number
    raises and nothing else here; a division by zero would say that resolvers are to run. Takes the
    number, which has to depend on a row, and the limit. On SQLite the connection has the limit, and
    compares by itself.
    """

    type = Double()
    postgresql = "sqrt(({1} - {0})::float8)"
    sqlite = "({1} - {0})"


class at_most_bytes(Construct[str]):
    """A text; fails like `fail_beyond` where it has more bytes. Takes the text and the limit.

    `OFFSET 0` keeps PostgreSQL from writing the text into each of the places where it is used:
    https://www.postgresql.org/docs/current/queries-limit.html
    """

    postgresql = (
        "(SELECT CASE WHEN octet_length(body) <= {1} THEN body"
        " ELSE sqrt(({1} - octet_length(body))::float8)::text END"
        " FROM (SELECT {0} AS body OFFSET 0) AS whole)"
    )
    sqlite = "{0}"


class int32(Construct[str]):
    """A whole number that GraphQL's `Int` can hold; fails on any other.

    PostgreSQL's cast fails by itself, and is free where a column has 32 bits. SQLite's columns have
    64, whatever they are declared as.
    """

    postgresql = "CAST(CAST({0} AS INTEGER) AS TEXT)"
    sqlite = (
        "CAST(CASE WHEN {0} NOT BETWEEN -2147483648 AND 2147483647"
        f" THEN {_fail_on_sqlite('{0} IS NOT NULL')} ELSE {{0}} END AS TEXT)"
    )


class json_member_number(Construct[str]):
    """The number under a key of a JSON object; NULL for `null` or nothing, fails on all else.

    Takes the object and the key.
    """

    postgresql = (
        "(CASE json_typeof({0} -> {1}) WHEN 'number' THEN {0} ->> {1} WHEN 'null' THEN NULL"
        f" ELSE nullif({_fail_on_postgresql('{0} -> {1} IS NOT NULL')}, 1)::text END)"
    )
    # `->` gives the digits that are stored, where a double of SQLite may differ in its last bit.
    _TYPE = "json_type({0}, '$.' || {1})"
    sqlite = (
        f"(CASE {_TYPE} WHEN 'integer' THEN {{0}} -> {{1}} WHEN 'real' THEN {{0}} -> {{1}}"
        " WHEN 'null' THEN NULL"
        f" ELSE nullif({_fail_on_sqlite(f'{_TYPE} IS NOT NULL')}, 1) END)"
    )


# -- JSON ------------------------------------------------------------------------------------------


class json_array_body(Construct[str]):
    """The rows' texts with commas between, in the order of the subquery that they come from.

    NULL without rows. The aggregate itself has no ORDER BY: SQLite has none before 3.44.
    """

    postgresql = "string_agg({0}, ',')"
    sqlite = "group_concat({0}, ',')"


class text_of_rows(Construct[str]):
    """As `json_array_body`, with another separator: takes the rows' texts and the separator."""

    postgresql = "string_agg({0}, {1})"
    sqlite = "group_concat({0}, {1})"


class last_by_position(Construct[str]):
    """The text at the highest position; NULL without rows. An aggregate.

    Takes the texts, their positions, and which rows count. PostgreSQL could do it by `array_agg`
    with an ORDER BY, but would sort the rows for it, and hand them to its other aggregates in that
    order: https://www.postgresql.org/docs/current/runtime-config-query.html
    """

    postgresql = (
        "substr(max((lpad({1}::text, 10, '0') || {0}) COLLATE \"C\") FILTER (WHERE {2}), 11)"
    )
    sqlite = "substr(max(printf('%010d', {1}) || {0}) FILTER (WHERE {2}), 11)"


class json_string(Construct[str]):
    """Text as a JSON string."""

    postgresql = "to_json({0})::text"
    sqlite = "json_quote({0})"


class json_verbatim(Construct[str]):
    """JSON as it is stored."""

    postgresql = "({0}::text)"
    sqlite = "{0}"


class json_double(Construct[str]):
    """A double with the fewest digits that bring back the very same one, as Python prints it.

    PostgreSQL chooses those digits too, but leaves out the `.0` of a whole number, which makes it
    an integer for clients that tell the two apart. SQLite prints 15 digits, too few for nine in
    ten doubles, or all 17, where 0.1 is 0.10000000000000001; so Python prints it there. From 10**15
    up to 10**16 PostgreSQL writes `1e+15`, Python `1000000000000000.0`: the same number.
    """

    postgresql = "regexp_replace({0}::text, '^(-?[0-9]+)$', '\\1.0')"
    sqlite = "double_text({0})"


def json_integer(column: ColumnElement[Any]) -> ColumnElement[str]:
    """A whole number of any size."""
    return cast(column, Text)


def json_boolean(column: ColumnElement[Any]) -> ColumnElement[str]:
    """`true` or `false`."""
    true, false = literal_text("true"), literal_text("false")
    if is_never_null(column):
        return case((column, true), else_=false)
    return case((column.is_(True), true), (column.is_(False), false))


def json_word(column: ColumnElement[Any]) -> ColumnElement[str]:
    """Text that needs no escapes, such as a stored enum value, as a JSON string."""
    return concatenated(['"', column, '"'])


# -- money -----------------------------------------------------------------------------------------


def _fixed_point(format: str) -> str:
    """SQLite's template: one printf is faster than five functions that are put together."""
    return (
        f"(CASE WHEN {{0}} IS NULL THEN NULL ELSE printf('{format}', CASE WHEN {{0}} < 0 THEN '-'"
        f" ELSE '' END, abs({{0}} / {MICROS_PER_UNIT}), abs({{0}} % {MICROS_PER_UNIT})) END)"
    )


class json_decimal_string(Construct[str]):
    """Micro-units as a JSON string with all decimals: `"0.050000"`."""

    postgresql = f"('\"' || ({{0}} * {MICRO})::text || '\"')"
    sqlite = _fixed_point(f'"%s%d.%0{SCALE}d"')


class json_decimal_number(Construct[str]):
    """Micro-units as a JSON number: exact, or the very double that dividing by a million gives.

    Doubles hold whole numbers up to 2**53, and PostgreSQL prints them much faster than decimals.
    """

    postgresql = (
        f"(CASE WHEN {{0}} % {MICROS_PER_UNIT} = 0 THEN ({{0}} / {MICROS_PER_UNIT})::text || '.0'"
        f" WHEN {{0}} BETWEEN {-(2**53)} AND {2**53}"
        f" THEN ({{0}} / {MICROS_PER_UNIT}::float8)::text ELSE ({{0}} * {MICRO})::text END)"
    )
    sqlite = _fixed_point(f"%s%d.%0{SCALE}d")


# -- columns ---------------------------------------------------------------------------------------

PRINTERS: Mapping[str, Callable[[ColumnElement[Any]], ColumnElement[str]]] = {
    "boolean": json_boolean,
    "decimal": json_decimal_number,
    "enum": lambda column: json_word(uppercase(column)),
    "enum_value": json_word,
    "float": json_double,
    "instant": lambda column: json_word(trimmed_instant(column)),
    "int32": int32,
    "integer": json_integer,
    "integer_text": lambda column: json_word(json_integer(column)),
    "json": json_verbatim,
    "text": json_string,
    "timestamp": lambda column: json_word(padded_instant(column)),
}
"""How each kind of column is printed.

GraphQL prints `enum`, `int32` and `instant`, REST the same columns as `enum_value`, `integer` and
`timestamp`.
"""
