"""Pieces of hand-written SQL that print JSON: each takes and gives the text of an expression."""


def object_of(**members: str) -> str:
    """A JSON object from expressions that print JSON; a trailing `_` of a name is dropped."""
    pieces = [
        f"'{',' if at else '{'}\"{name.rstrip('_')}\":'||{expression}"
        for at, (name, expression) in enumerate(members.items())
    ]
    return "||".join(pieces) + "||'}'"


def listed(item: str, source: str) -> str:
    """A JSON array of what is printed of each row; `source` is FROM and what follows."""
    return f"'['||coalesce((SELECT string_agg({item}, ',') {source}), '')||']'"


def page(item: str, source: str) -> str:
    """A connection of which only `nodes` is selected."""
    return object_of(nodes=listed(item, source))


def key(noun: str, column: str) -> str:
    """A global id."""
    return f"'\"{noun}_'||{column}||'\"'"


def text(column: str) -> str:
    """A string that is there."""
    return f"to_json({column})"


def word(column: str) -> str:
    """A stored word in upper case."""
    return f"'\"'||upper({column})||'\"'"


def flag(column: str) -> str:
    """A Boolean that is there."""
    return f"CASE WHEN {column} THEN 'true' ELSE 'false' END"


def number(column: str) -> str:
    """A number or null."""
    return f"coalesce({column}::text, 'null')"


def instant(column: str) -> str:
    """`"2025-01-19T10:00:00Z"`, trailing zeros of the fraction trimmed."""
    written = f"to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US')"
    return f"'\"'||rtrim(rtrim({written}, '0'), '.')||'Z\"'"


def money(column: str) -> str:
    """Millionths as an exact decimal, or null."""
    written = f"'\"'||{column} / 1000000||'.'||lpad(({column} % 1000000)::text, 6, '0')||'\"'"
    return f"coalesce({written}, 'null')"


def either(printed: str, otherwise: str = "null") -> str:
    """What is printed, or a word in its place."""
    return f"coalesce({printed}, '{otherwise}')"
