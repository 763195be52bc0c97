"""The history of the tables: at which revision of it a database is; `runner` moves it.

A server asks for the revision without loading Alembic.
"""

from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

_VERSIONS = Path(__file__).parent / "versions"
_TABLE = "alembic_version"


class MigrationRefused(Exception):  # noqa: N818 -- it did nothing wrong: the rows did
    """The tables cannot be brought to a revision yet; what was done so far is done, and valid.

    Args:
        problem: What stands in the way.
        advice: What to do about it before migrating again.
    """

    def __init__(self, problem: str, advice: str) -> None:
        super().__init__(f"{problem}\n{advice}")
        self.problem = problem
        self.advice = advice


async def current(engine: AsyncEngine) -> str | None:
    """The revision of the tables in the database, or None when there are none yet."""
    async with engine.connect() as connection:
        return await connection.run_sync(current_revision)


def revisions() -> list[str]:
    """All that this version knows, oldest first: files are named by revision, in order."""
    return sorted(path.stem for path in _VERSIONS.glob("[0-9]*.py"))


def head() -> str:
    """The newest revision that this version knows."""
    return revisions()[-1]


async def is_current(engine: AsyncEngine) -> bool:
    """Whether the tables in the database are those that this version expects."""
    return await current(engine) == head()


def current_revision(connection: Connection) -> str | None:
    """The same, of the database that a connection is in."""
    if not inspect(connection).has_table(_TABLE):
        return None
    revision: str | None = connection.scalar(text(f"SELECT version_num FROM {_TABLE}"))  # noqa: S608
    return revision
