"""How a database prints JSON: small constructs that each dialect writes its own way.

Every one yields text, and NULL for NULL, so that `or_null` can print the word.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Text, case, cast, func, literal_column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class _Printed(FunctionElement[str]):
    """Base of the constructs: a column, and how it is printed."""

    inherit_cache = True
    type = Text()


class json_array_body(_Printed):  # noqa: N801, constructs read as the SQL functions that they are
    """The rows' texts, in the order of the subquery that they come from, with commas between."""


class json_string(_Printed):  # noqa: N801
    """Text as a JSON string."""


class instant(_Printed):  # noqa: N801
    """`2025-01-19T10:00:00Z`, with a fraction only when it is not zero, trailing zeros trimmed."""


class timestamp(_Printed):  # noqa: N801
    """`2025-01-19T10:00:00.500000Z`: an instant with six digits of a fraction, or without one."""


class compact_instant(_Printed):  # noqa: N801
    """`20250119T100000Z`: an instant as cursors write it."""


class double(_Printed):  # noqa: N801
    """A double with the digits that bring back the very same one."""


class int32(_Printed):  # noqa: N801
    """A whole number that GraphQL's `Int` can hold: 32 bits.

    Fails on any other, so that the reference way words the error.
    """


class amount_string(_Printed):  # noqa: N801
    """Micro-units as a JSON string with exactly six decimals."""


class decimal(_Printed):  # noqa: N801
    """Micro-units as a JSON number: exact, or the very double that dividing by a million gives."""


class json_verbatim(_Printed):  # noqa: N801
    """JSON that is stored as JSON."""


class hexadecimal(_Printed):  # noqa: N801
    """The bytes of text in UTF-8, in lower-case hexadecimal."""


class json_number(_Printed):  # noqa: N801
    """A number under a key of a JSON object: takes the column and the key.

    Fails on anything else but null, so that the reference way decides what that is.
    """


class uppercase(_Printed):  # noqa: N801
    """An ASCII word in upper case, without looking for letters that only some places know."""


class require_not_null(_Printed):  # noqa: N801
    """Text never: the statement fails where the id that this takes is NULL."""


_TRIMMED = "rtrim(rtrim({}, '0'), '.')"


def _iso(changed: str, first: str, last: str) -> str:
    """PostgreSQL's text of an instant in UTC, where `changed` says what to do with it.

    `to_json` writes what we want at a third of the price of `to_char`. asyncpg stores the first
    and last instants that Python knows as infinities.
    """
    printed = changed.format("btrim(to_json({} AT TIME ZONE 'UTC')::text, '\"')")
    return (
        f"(CASE WHEN isfinite({{}}) THEN ({printed}) || 'Z'"
        f" WHEN {{}} > 'epoch' THEN '{last}' WHEN {{}} < 'epoch' THEN '{first}' END)"
    )


_MEMBER = (
    """(CASE json_typeof({0} -> {1}) WHEN 'number' THEN {0} ->> {1} WHEN 'null' THEN NULL
        ELSE nullif(1 / (CASE WHEN {0} -> {1} IS NULL THEN 1 ELSE 0 END), 1)::text END)""",
    """(CASE json_type({0}, '$.' || {1}) WHEN 'integer' THEN json_extract({0}, '$.' || {1})
        WHEN 'real' THEN printf('%!.17g', json_extract({0}, '$.' || {1})) WHEN 'null' THEN NULL
        ELSE nullif(abs(CASE WHEN json_type({0}, '$.' || {1}) IS NULL THEN 1
        ELSE -9223372036854775807 - 1 END), 1) END)""",
)

_POINT = """(CASE WHEN {{}} IS NULL THEN NULL ELSE printf('{}', CASE WHEN {{}} < 0 THEN '-'
        ELSE '' END, abs({{}} / 1000000), abs({{}} % 1000000)) END)"""
"""A fixed point on SQLite: one function writes it faster than five that are put together."""

_DECIMAL = (
    """(CASE WHEN {} % 1000000 = 0 THEN ({} / 1000000)::text || '.0'
        WHEN {} BETWEEN -9007199254740992 AND 9007199254740992
        THEN ({} / 1000000::float8)::text ELSE ({} * 0.000001)::text END)""",
    _POINT.format("%s%d.%06d"),
)
"""Doubles hold whole numbers up to 2**53, and PostgreSQL prints them much faster than decimals."""

TEMPLATES: dict[type[_Printed], tuple[str, str]] = {
    json_array_body: ("string_agg({}, ',')", "group_concat({}, ',')"),
    json_string: ("to_json({})::text", "json_quote({})"),
    instant: (
        _iso("{}", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"),
        f"(replace({_TRIMMED}, ' ', 'T') || 'Z')",
    ),
    timestamp: (
        _iso(
            "CASE WHEN {{}}::timestamptz(0) = {{}} THEN {0} ELSE rpad({0}, 26, '0') END",
            "0001-01-01T00:00:00Z",
            "9999-12-31T23:59:59.999999Z",
        ),
        "(replace(replace({}, '.000000', ''), ' ', 'T') || 'Z')",
    ),
    compact_instant: (
        _iso(
            "replace(replace({}, '-', ''), ':', '')", "00010101T000000Z", "99991231T235959.999999Z"
        ),
        f"(replace(replace(replace({_TRIMMED}, ' ', 'T'), '-', ''), ':', '') || 'Z')",
    ),
    # As Python prints it: PostgreSQL leaves out `.0`, and SQLite knows 15 digits only.
    double: (
        "regexp_replace({}::text, '^(-?[0-9]+)$', '\\1.0')",
        "double_text({})",
    ),
    # The outer cast costs nothing where a column has 32 bits. SQLite's have 64, whatever they say.
    int32: (
        "CAST(CAST({} AS INTEGER) AS TEXT)",
        """CAST(CASE WHEN {} NOT BETWEEN -2147483648 AND 2147483647 THEN
        abs(CASE WHEN {} IS NULL THEN 1 ELSE -9223372036854775807 - 1 END) ELSE {} END AS TEXT)""",
    ),
    amount_string: ("('\"' || ({} * 0.000001)::text || '\"')", _POINT.format('"%s%d.%06d"')),
    decimal: _DECIMAL,
    json_verbatim: ("({}::text)", "{}"),
    hexadecimal: ("encode(convert_to({}, 'UTF8'), 'hex')", "lower(hex({}))"),
    json_number: _MEMBER,
    uppercase: ('upper({} COLLATE "C")', "upper({})"),
    require_not_null: (
        "(1 / (CASE WHEN {} IS NULL THEN 0 ELSE 1 END))::text",
        "abs(CASE WHEN {} IS NULL THEN -9223372036854775807 - 1 ELSE 1 END)",
    ),
}
"""Each construct on PostgreSQL and on SQLite; `{}` are its arguments."""


def _register(construct: type[_Printed], dialect: str, template: str) -> None:
    @compiles(construct, dialect)
    def write(element: _Printed, compiler: Any, **kw: Any) -> str:
        texts = [compiler.process(clause, **kw) for clause in element.clauses]
        if len(texts) == 1:
            return template.replace("{}", texts[0])
        return template.format(*texts)


for _construct, (_on_postgresql, _on_sqlite) in TEMPLATES.items():
    _register(_construct, "postgresql", _on_postgresql)
    _register(_construct, "sqlite", _on_sqlite)


def text(value: str) -> ColumnElement[str]:
    """Literal text of ours; the only part of it that a client wrote is a response key."""
    return literal_column("'" + value.replace("'", "''") + "'", Text)


class _Chain(FunctionElement[str]):
    """Texts one after another.

    Attributes:
        parts: The same as they were given, for a chain that this becomes a part of.
    """

    inherit_cache = True
    type = Text()
    parts: "list[str | ColumnElement[Any]]"


MOST_LINKS = 100
"""Of one chain: SQLite parses no more brackets in each other, and no deeper tree than 1,000."""


@compiles(_Chain)
def _write_chain(element: _Chain, compiler: Any, **kw: Any) -> str:
    """Without brackets around each pair, as SQLAlchemy's operator has; long ones in groups."""
    texts = [compiler.process(clause, **kw) for clause in element.clauses]
    while len(texts) > MOST_LINKS:
        starts = range(0, len(texts), MOST_LINKS)
        texts = [f"({' || '.join(texts[start : start + MOST_LINKS])})" for start in starts]
    return f"({' || '.join(texts)})"


def concatenated(parts: Sequence[str | ColumnElement[Any]]) -> ColumnElement[str]:
    """The parts one after another; NULL when one of them is.

    Adjacent literals are merged, and chains among the parts taken apart: each `||` costs a copy.
    """
    merged: list[str | ColumnElement[Any]] = []
    for part in _taken_apart(parts):
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        else:
            merged.append(part)
    chain = _Chain(*(text(part) if isinstance(part, str) else part for part in merged))
    chain.parts = merged
    return chain


def _taken_apart(
    parts: Sequence[str | ColumnElement[Any]],
) -> Iterator[str | ColumnElement[Any]]:
    for part in parts:
        if isinstance(part, _Chain):
            yield from part.parts
        else:
            yield part


def is_there(column: ColumnElement[Any]) -> bool:
    """Whether a column of a row is never NULL, as its table promises."""
    return getattr(column, "nullable", True) is False


def or_null(printed: ColumnElement[Any]) -> ColumnElement[str]:
    """The word `null` in place of NULL."""
    return func.coalesce(printed, text("null"))


def boolean(column: ColumnElement[Any]) -> ColumnElement[str]:
    """`true` or `false`; NULL for NULL."""
    if is_there(column):
        return case((column, text("true")), else_=text("false"))
    return case((column.is_(True), text("true")), (column.is_(False), text("false")))


def enum(column: ColumnElement[Any]) -> ColumnElement[str]:
    """The stored word in upper case, as a JSON string."""
    return concatenated(['"', uppercase(column), '"'])


def word(column: ColumnElement[Any]) -> ColumnElement[str]:
    """One of our own words as it is stored, as a JSON string."""
    return concatenated(['"', column, '"'])


def integer(column: ColumnElement[Any]) -> ColumnElement[str]:
    """A whole number."""
    return cast(column, Text)


PRINTERS: dict[str, Any] = {
    "boolean": boolean,
    "decimal": decimal,
    "enum": enum,
    "float": double,
    "instant": lambda column: concatenated(['"', instant(column), '"']),
    "integer": int32,
    "json": json_verbatim,
    "number": integer,
    "text": json_string,
    "timestamp": lambda column: concatenated(['"', timestamp(column), '"']),
    "word": word,
}
"""How each kind of column is printed."""
