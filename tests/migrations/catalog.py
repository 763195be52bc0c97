"""What a database says its tables are, whole: for comparing two of them."""

import re
from collections.abc import Iterator

from sqlalchemy import text

from gql.database import Database

_SQLITE = """
SELECT type AS kind, name, sql AS definition FROM sqlite_master
WHERE name NOT LIKE 'sqlite_%' AND name <> 'alembic_version'
    AND NOT (type = 'table' AND name GLOB '*_words*')
"""
"""Without tables of FTS5, and those that it makes for itself."""

_POSTGRESQL = """
SELECT 'column' AS kind, c.relname || '.' || a.attname AS name, format_type(atttypid, atttypmod)
    || CASE WHEN attnotnull THEN ' not null' ELSE '' END
    || coalesce(' default ' || pg_get_expr(adbin, adrelid), '') AS definition
FROM pg_attribute a
JOIN pg_class c ON c.oid = attrelid AND relkind = 'r'
LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped
    AND relname <> 'alembic_version'
UNION ALL
SELECT 'constraint', conrelid::regclass || '.' || conname, pg_get_constraintdef(oid)
FROM pg_constraint
WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'alembic_version'
UNION ALL
SELECT 'index', indexname, indexdef FROM pg_indexes
WHERE schemaname = 'public' AND tablename <> 'alembic_version'
UNION ALL
SELECT 'trigger', tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
UNION ALL
SELECT 'function', proname, prosrc FROM pg_proc
WHERE pronamespace = 'public'::regnamespace AND prolang = (
    SELECT oid FROM pg_language WHERE lanname = 'plpgsql'
)
UNION ALL
SELECT 'sequence', sequencename, data_type::text FROM pg_sequences WHERE schemaname = 'public'
"""
_SPACE = re.compile(r"\s+")
_SENT_BY = re.compile(r" /\* sent by a \w+ \*/")
"""What `tests/bound_statements.py` writes behind a statement, and SQLite keeps of CREATE INDEX."""
_CREATE_TABLE = re.compile(r'CREATE TABLE "?(\w+)"? \((.*)\)')
_CONSTRAINT = re.compile(r"(CONSTRAINT|PRIMARY KEY|FOREIGN KEY|UNIQUE|CHECK)\b")
_BEFORE_COMMA = re.compile(r"'(?:[^']|'')*'|[(),]|[^'(),]+")

Catalog = dict[tuple[str, str], str]
"""Definitions by kind and name: column, constraint, index, sequence, trigger, function."""


async def catalog(database: Database) -> Catalog:
    """Everything that the tables are made of; the order of columns does not count.

    A column that is added comes last, wherever the model has it.
    """
    statement = text(_SQLITE if database.embedded else _POSTGRESQL)
    async with database.engine.connect() as connection:
        rows = (await connection.execute(statement)).all()
    definitions = [
        (kind, name, _SENT_BY.sub("", _SPACE.sub(" ", definition)))
        for kind, name, definition in rows
    ]
    return {
        (kind, name): definition
        for row in definitions
        for kind, name, definition in (_parts_of_table(row[2]) if row[0] == "table" else [row])
    }


def _parts_of_table(create: str) -> Iterator[tuple[str, str, str]]:
    """The columns and constraints of SQLite's own text of a table, which has no other place.

    `ALTER TABLE ... ADD COLUMN` writes behind the constraints of that text.
    """
    table = _CREATE_TABLE.fullmatch(create)
    assert table, create
    for part in _split_at_commas(table[2]):
        if _CONSTRAINT.match(part):
            yield "constraint", f"{table[1]}.{part}", part
        else:
            column, _, definition = part.partition(" ")
            yield "column", f"{table[1]}.{column}", definition


def _split_at_commas(text: str) -> Iterator[str]:
    """Split at commas that are neither in parentheses nor in a string."""
    part, depth = "", 0
    for token in _BEFORE_COMMA.findall(text):
        depth += (token == "(") - (token == ")")
        if token == "," and depth == 0:
            yield part.strip()
            part = ""
        else:
            part += token
    yield part.strip()
