"""`jackfield fold` and `jackfield verify`: the sums over calls that totals are read from."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from gql.cli.console import STDERR, DatabaseOption, open_database, settings_from

if TYPE_CHECKING:
    from gql.settings import Settings

verify = typer.Typer(
    name="verify", no_args_is_help=True, help="Compare what is stored twice, and repair it."
)


def fold(*, database: DatabaseOption = None) -> None:
    """Fold what was written to calls into their sums, once, and print how many changes that were.

    `jackfield serve` does so every second. Run this from cron where nothing serves, as while a
    legacy pipeline fills the database: totals stay right without it, and get slower.
    On SQLite there is never anything to fold.
    """
    typer.echo(asyncio.run(_fold(settings_from(database_url=database))))


@verify.command("rollup")
def verify_rollup(
    *,
    repair: Annotated[
        bool, typer.Option("--repair", help="Correct the sums that are wrong, while others write.")
    ] = False,
    organization: Annotated[
        int | None,
        typer.Option("--organization", "-o", min=1, help="Only this one; else all of them."),
    ] = None,
    database: DatabaseOption = None,
) -> None:
    """Compare the sums over calls with the calls, month by month.

    Prints each month whose sums are wrong, and exits with 1 when there is one that was not
    repaired. They can only be wrong when somebody switched triggers off, or wrote to the sums.
    """
    settings = settings_from(database_url=database)
    wrong = asyncio.run(_verify(settings, organization, repair=repair))
    if not wrong:
        STDERR.print("The sums of all months are those of their calls.", highlight=False)
    elif repair:
        STDERR.print(f"{wrong} months were wrong, and are right now.", highlight=False)
    else:
        STDERR.print(f"{wrong} months are wrong.", style="bold red", highlight=False)
        STDERR.print("Correct them: jackfield verify rollup --repair", highlight=False)
        raise typer.Exit(1)


async def _fold(settings: "Settings") -> int:
    from gql.database.call_rollup import fold_all

    async with open_database(settings) as database:
        return await fold_all(database.engine)


async def _verify(settings: "Settings", organization: int | None, *, repair: bool) -> int:
    """How many months are wrong, or were."""
    from rich.progress import track

    from gql.database.call_rollup import all_months, compare_month

    wrong = 0
    async with open_database(settings) as database:
        months = await all_months(database.engine)
        if organization is not None:
            months = [(owner, month) for owner, month in months if owner == organization]
        for owner, month in track(
            months,
            "comparing months",
            console=STDERR,
            transient=True,
            disable=not STDERR.is_terminal,
        ):
            rows = await compare_month(database.engine, owner, month, repair=repair)
            if rows:
                wrong += 1
                typer.echo(f"organization {owner}, {month}: {rows} sums were wrong")
    return wrong
