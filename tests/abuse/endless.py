"""A table that takes for ever to read, and what there is to say about a database at work."""

import asyncio

from sqlalchemy import text

from gql.database import Database
from tests.databases import Copy, settings_for

_ENDLESS = {
    "sqlite": (
        "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
        " SELECT count(*) FROM n) > 0"
    ),
    "postgresql": "pg_sleep(86400) IS NOT NULL",
}

QUERY = "{ calls(first: 1) { nodes { id } } }"
ADDRESS = "/api/v1/calls?limit=1"
"""What reads it at each door."""


async def make_calls_endless(copy: Copy) -> None:
    """Put a view in place of the table of calls; reading it never ends."""
    view = f"CREATE VIEW call AS SELECT * FROM stored_call WHERE {_ENDLESS[copy.kind]}"  # noqa: S608
    database = Database(settings_for(copy.url))
    try:
        async with database.engine.begin() as connection:
            await connection.execute(text("ALTER TABLE call RENAME TO stored_call"))
            await connection.execute(text(view))
    finally:
        await database.close()


async def until_idle(copy: Copy) -> None:
    """Wait until PostgreSQL runs no statement of this database but this one.

    A statement that is not ended would be waited for without end.
    """
    if copy.kind == "sqlite":
        return
    database = Database(settings_for(copy.url))
    others = text(
        "SELECT count(*) FROM pg_stat_activity WHERE state = 'active'"
        " AND datname = current_database() AND pid <> pg_backend_pid()"
    )
    try:
        async with database.engine.connect() as connection:
            while (await connection.execute(others)).scalar_one():
                await connection.rollback()  # the view is the same within a transaction
                await asyncio.sleep(0.01)
    finally:
        await database.close()
