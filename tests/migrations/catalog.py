"""What a database says its tables are, whole: for comparing two of them."""

import re

from sqlalchemy import text

from gql.database import Database

_SQLITE = """
SELECT type, name, sql FROM sqlite_master
WHERE name NOT LIKE 'sqlite_%' AND name <> 'alembic_version' ORDER BY type, name
"""
_POSTGRESQL = """
SELECT 'column' AS kind, c.relname || '.' || a.attname AS name, format_type(atttypid, atttypmod)
    || CASE WHEN attnotnull THEN ' not null' ELSE '' END
    || coalesce(' default ' || pg_get_expr(adbin, adrelid), '') AS definition
FROM pg_attribute a
JOIN pg_class c ON c.oid = attrelid AND relkind = 'r'
LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE relnamespace = 'public'::regnamespace AND attnum > 0 AND relname <> 'alembic_version'
UNION ALL
SELECT 'constraint', conrelid::regclass || '.' || conname, pg_get_constraintdef(oid)
FROM pg_constraint
WHERE connamespace = 'public'::regnamespace AND conrelid <> 'alembic_version'::regclass
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


async def catalog(database: Database) -> dict[tuple[str, str], str]:
    """Every column, constraint, index, sequence, trigger and function, with its definition."""
    statement = text(_SQLITE if database.embedded else _POSTGRESQL)
    async with database.engine.connect() as connection:
        rows = (await connection.execute(statement)).all()
    return {(kind, name): _SPACE.sub(" ", definition) for kind, name, definition in rows}
