"""Demo data: the documented examples, and organizations full of generated conversations."""

from datetime import datetime

from sqlalchemy import select, text

from gql.database import Database
from gql.database.call_rollup import fold_all
from gql.database.statistics import settle
from gql.demo.loading import Progress, fill
from gql.demo.organizations import DemoOrganization, new_organization
from gql.demo.scale import Scale, content
from gql.demo.tenant import NOW
from gql.errors import BadInput
from gql.models import TABLES
from gql.models.organization import Organization
from gql.models.scope import table_of
from gql.sql.session import lift_statement_timeout

__all__ = ["DemoOrganization", "is_empty", "load_demo", "reset"]


async def load_demo(
    database: Database,
    *,
    organizations: int = 2,
    scale: Scale = "small",
    seed: int = 1,
    now: datetime | None = None,
    progress: Progress | None = None,
) -> list[DemoOrganization]:
    """Fill an empty, migrated database; the same seed gives the same rows, all but the keys.

    The first organization holds the documented examples, and all that a larger scale adds to one
    organization alone.

    Args:
        database: Without organizations.
        organizations: How many, at least 1.
        scale: "small" is about 250 conversations per organization; "medium" adds 50,000 calls
            shared by all; "large" adds 1,000 graphs, 500,000 calls and 20,000 SMS conversations.
        seed: Another seed gives other rows of the same kinds.
        now: When the generated conversations end, with a story to follow and calls of the last
            minutes. Without it the rows are the same every day: they end in June 2026, and are
            those that tests and worked examples print.
        progress: Called after each batch: table, rows done, rows in all.

    Returns:
        The organizations with their keys, which exist nowhere else.

    Raises:
        BadInput: when the database already has organizations; nothing is written then.
    """
    if organizations < 1:
        raise BadInput(f"organizations is {organizations}, but demo data needs at least 1")
    loaded = [new_organization(number) for number in range(1, organizations + 1)]
    async with database.transaction() as connection:
        if (await connection.execute(_ANY_ORGANIZATION)).first() is not None:
            raise BadInput("Demo data needs an empty database; this one has organizations.")
        rows = content(loaded, scale, seed, now)
        await fill(connection, rows.items, totals=rows.totals, now=now or NOW, progress=progress)
    await fold_all(database.engine)
    await settle(database)
    return loaded


async def is_empty(database: Database) -> bool:
    """Whether there is no organization, and so no row in any table."""
    async with database.engine.connect() as connection:
        return (await connection.execute(_ANY_ORGANIZATION)).first() is None


async def reset(database: Database) -> None:
    """Delete every row of every table, not only demo data, and begin ids anew.

    Everywhere else an id is never used twice; here the documented ids have to come back.
    """
    tables = [table_of(model) for model in reversed(TABLES)]
    async with database.transaction() as connection:
        if database.embedded:
            for table in tables:
                await connection.execute(table.delete())
            await connection.execute(text("DELETE FROM sqlite_sequence"))
        else:
            await lift_statement_timeout(connection)
            names = ", ".join(f'"{table.name}"' for table in tables)
            await connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY"))


_ANY_ORGANIZATION = select(table_of(Organization).c.id).limit(1)
