"""`jackfield doctor`: what the gateway would run with, and what is wrong with it."""

import asyncio
import importlib.metadata
import platform
from typing import TYPE_CHECKING

import typer

from gql import __version__
from gql.cli.console import (
    DatabaseOption,
    Failure,
    open_database,
    redacted_url,
    settings_from,
)

if TYPE_CHECKING:
    from gql.database import Database
    from gql.settings import Settings

LIBRARIES = (
    *("strawberry-graphql", "graphql-core", "starlette", "uvicorn"),
    *("sqlalchemy", "sqlmodel", "asyncpg", "aiosqlite", "alembic"),
)


def doctor(*, database: DatabaseOption = None) -> None:
    """Show versions and settings, without secrets, and check the database.

    Exits with 1 when something would keep the gateway from serving, or is unsafe in production.
    """
    settings = settings_from(database_url=database)
    _section("Versions")
    _line("jackfield", __version__)
    _line("python", platform.python_version())
    for library in LIBRARIES:
        _line(library, importlib.metadata.version(library))
    _section("Settings")
    for name in type(settings).model_fields:
        _line(f"GQL_{name.upper()}", _printable(settings, name))
    _section("Safety")
    is_safe = _check_safety(settings)
    _section("Database")
    _line("kind", "embedded SQLite" if settings.embedded else "PostgreSQL")
    failure = asyncio.run(_check_database(settings))
    if failure is not None:
        raise failure
    if not is_safe:
        raise Failure("Some settings are unsafe: see Safety above.", "See docs/deployment.md.")


def _check_safety(settings: "Settings") -> bool:
    from gql.cli.unsafe_settings import unsafe_settings

    problems = unsafe_settings(settings)
    for each in problems:
        _line(each.setting, typer.style(each.problem, fg="yellow"))
        _line("", each.advice)
    if not problems:
        _line("settings", "nothing unsafe found")
    return not problems


async def _check_database(settings: "Settings") -> Failure | None:
    from gql.migrations import current

    try:
        async with open_database(settings, migrated=False) as database:
            _line("reachable", "yes")
            _line("tables", await current(database.engine) or "none")
        async with open_database(settings) as database:
            _line("current", "yes")
            await _count_long_values(database)
    except Failure as failure:
        return failure
    return None


async def _count_long_values(database: "Database") -> None:
    """Old values are read and kept; only writes are bounded."""
    from gql.database.long_values import long_values

    several = [each async for each in long_values(database)]
    _line("long values", "some" if several else "none")
    for column, longest, rows in several:
        _line("", f"{column}: {rows:,} of more than {longest:,} characters; shorten them")


def _printable(settings: "Settings", name: str) -> str:
    """A setting's value; of a secret only whether it is set."""
    from pydantic import SecretStr

    if name == "database_url":
        return redacted_url(settings)
    value = getattr(settings, name)
    if value is None:
        return "(not set)"
    return "(set)" if isinstance(value, SecretStr) or name.endswith("_key") else str(value)


def _section(title: str) -> None:
    typer.secho(f"\n{title}", bold=True)


def _line(name: str, value: str) -> None:
    typer.echo(f"  {name:26} {value}")
