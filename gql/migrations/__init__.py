"""The history of the tables: at which revision of it a database is; `runner` moves it.

A server asks for the revision without loading Alembic.
"""

from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

_VERSIONS = Path(__file__).parent / "versions"
_TABLE = "alembic_version"


async def current(engine: AsyncEngine) -> str | None:
    """The revision of the tables in the database, or None when there are none yet."""
    async with engine.connect() as connection:
        return await connection.run_sync(_current)


def head() -> str:
    """The newest revision that this version knows: files are named by revision, in order."""
    return max(path.stem for path in _VERSIONS.glob("[0-9]*.py"))


async def is_current(engine: AsyncEngine) -> bool:
    """Whether the tables in the database are those that this version expects."""
    return await current(engine) == head()


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_TABLE):
        return None
    revision: str | None = connection.scalar(text(f"SELECT version_num FROM {_TABLE}"))  # noqa: S608
    return revision
