"""`jackfield migrate` and `jackfield demo`: tables, and something to look at in them."""

import asyncio
import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from gql.cli.console import (
    STDERR,
    DatabaseOption,
    Failure,
    ProgressBars,
    open_database,
    settings_from,
)

if TYPE_CHECKING:
    from gql.demo import DemoOrganization
    from gql.settings import Settings

Scale = Literal["small", "medium", "large"]


def migrate(
    *,
    distribute: Annotated[
        bool,
        typer.Option(
            "--distribute",
            help="Then spread the tables over the machines of a PostgreSQL with **Citus**, by"
            " organization.",
        ),
    ] = False,
    database: DatabaseOption = None,
) -> None:
    """Bring the tables of the database to this version.

    Safe to run again, and from several machines at once: it does nothing when nothing is to do.
    """
    settings = settings_from(database_url=database)
    if distribute:
        asyncio.run(_require_citus(settings))
    before, after = asyncio.run(_migrate(settings))
    if before == after:
        STDERR.print(f"The tables are current: {after}.", highlight=False)
    else:
        STDERR.print(f"The tables went from {before or 'nothing'} to {after}.", highlight=False)
    if distribute:
        changed = asyncio.run(_distribute(settings))
        spread = f"{changed} tables were distributed" if changed else "All tables are distributed"
        STDERR.print(f"{spread}; `jackfield doctor` lists them.", highlight=False, markup=False)


def demo(
    *,
    organizations: Annotated[
        int, typer.Option(min=1, max=1_000, help="How many organizations.")
    ] = 2,
    scale: Annotated[
        Scale,
        typer.Option(
            help="**small**: 250 conversations each. **medium**: 50,000 calls more in all. "
            "**large**: 1,000 graphs, 500,000 calls, 20,000 SMS conversations; takes minutes."
        ),
    ] = "small",
    seed: Annotated[int, typer.Option(help="Another seed makes other data of the same kind.")] = 1,
    still: Annotated[
        bool,
        typer.Option(
            "--still",
            help="The same rows every day, until June 2026; else they reach to this minute.",
        ),
    ] = False,
    reset: Annotated[
        bool, typer.Option("--reset", help="First delete **everything** in the database.")
    ] = False,
    if_empty: Annotated[
        bool, typer.Option("--if-empty", help="Do nothing when there is data already.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object with the keys, and nothing else.")
    ] = False,
    database: DatabaseOption = None,
) -> None:
    """Fill a migrated database with made-up conversations, and print an API key per organization.

    The keys are shown once; `jackfield keys create` makes more.
    """
    settings = settings_from(database_url=database)
    loaded = asyncio.run(
        _demo(
            settings,
            organizations,
            scale=scale,
            seed=seed,
            now=None if still else datetime.now(UTC).replace(microsecond=0),
            reset=reset,
            if_empty=if_empty,
        )
    )
    if as_json:
        typer.echo(json.dumps({"organizations": [asdict(organization) for organization in loaded]}))
        return
    if not loaded:
        typer.echo("There is data already: nothing was added.")
    if loaded:
        STDERR.print("An API key per organization, shown this once:", highlight=False)
    for organization in loaded:
        typer.echo(f"{organization.id}  {organization.name}  {organization.api_key}")


async def _migrate(settings: "Settings") -> tuple[str | None, str | None]:
    from alembic.util import CommandError

    from gql.migrations import current
    from gql.migrations.runner import migrate as migrate_tables

    async with open_database(settings, migrated=False) as database:
        before = await current(database.engine)
        try:
            with ProgressBars() as bars:
                await migrate_tables(database.engine, progress=bars.show_step)
        except CommandError as error:
            raise Failure(
                f"The tables are at {before}, which this version does not know.",
                "A newer version has migrated this database: install that one.",
            ) from error
        return before, await current(database.engine)


async def _require_citus(settings: "Settings") -> None:
    from gql.migrations.distribute import require_citus

    async with open_database(settings, migrated=False) as database:
        await require_citus(database.engine)


async def _distribute(settings: "Settings") -> int:
    from gql.migrations.distribute import distribute

    async with open_database(settings) as database:
        with ProgressBars() as bars:
            return await distribute(database.engine, bars.show_step)


async def _demo(
    settings: "Settings",
    organizations: int,
    *,
    scale: Scale,
    seed: int,
    now: datetime | None,
    reset: bool,
    if_empty: bool,
) -> "list[DemoOrganization]":
    from gql.demo import is_empty, load_demo
    from gql.demo import reset as delete_everything

    async with open_database(settings) as database:
        if reset:
            await delete_everything(database)
        elif not await is_empty(database):
            if if_empty:
                return []
            raise Failure(
                "The database has organizations already, so no demo data was added.",
                "To start over, losing everything in it: jackfield demo --reset",
            )
        with ProgressBars() as bars:
            return await load_demo(
                database,
                organizations=organizations,
                scale=scale,
                seed=seed,
                now=now,
                progress=bars.show,
            )
