"""Runs the history of the tables forwards and backwards."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from gql.database.engine import begin_write
from gql.migrations.sqlite_forms import refuse_foreign_forms, take_any_form
from gql.sql.session import lift_statement_timeout

_HERE = Path(__file__).parent
_LOCK = 0x6A61636B6669656C
"""PostgreSQL's advisory lock of a migration; any fixed number does."""

_process_lock = threading.Lock()


async def migrate(engine: AsyncEngine, revision: str = "head") -> None:
    """Bring the tables forward to `revision`, in one transaction; safe to run from many processes.

    Args:
        engine: Made by `gql.database.engine.create_engine`, whose write transactions lock SQLite
            at once.
        revision: A revision of the history, or "head" for the newest.

    Raises:
        alembic.util.CommandError: when the database holds a revision that this version does not
            know, which means that a newer version has migrated it.
    """
    async with _alone(engine) as connection:
        await connection.run_sync(_run, command.upgrade, revision)


async def downgrade(engine: AsyncEngine, revision: str = "base") -> None:
    """Take the tables back to `revision`, in one transaction; "base" drops every table."""
    async with _alone(engine) as connection:
        await connection.run_sync(_run, command.downgrade, revision)


@asynccontextmanager
async def _alone(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A write transaction that no other migration shares: not in this process, not in another.

    The second one to come waits, then finds the work done. SQLite's BEGIN IMMEDIATE admits one
    writer by itself. PostgreSQL gets an advisory lock, because two sessions could both find no
    version table and both create one.

    Alembic keeps what it is working on in module variables (`op`, `context`), so two migrations in
    one process would work on each other's database even when they mean two. A thread lock that is
    polled, because an asyncio lock belongs to one loop, and a blocking wait would stop this one.
    """
    while not _process_lock.acquire(blocking=False):  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    try:
        async with engine.connect() as connection:
            await connection.execution_options(jackfield_write=True)
            await begin_write(connection)
            # Waiting for the lock, and building an index, may take longer than a request.
            await lift_statement_timeout(connection)
            if engine.dialect.name == "postgresql":
                await connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            yield connection
            await connection.commit()
    finally:
        _process_lock.release()


def _run(connection: Connection, run: Callable[[Config, str], None], revision: str) -> None:
    config = _config()
    config.attributes["connection"] = connection
    take_any_form(connection)
    run(config, revision)
    refuse_foreign_forms(connection)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    return config
