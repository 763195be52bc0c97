"""`jackfield costs`: what calls cost, for programs that compare bills, and budgets of it."""

import asyncio
from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gql.cli.console import (
    STDERR,
    DatabaseOption,
    Failure,
    JsonOption,
    OrganizationOption,
    open_organization,
    print_rows,
    settings_from,
)

if TYPE_CHECKING:
    from gql.settings import Settings

costs = typer.Typer(
    no_args_is_help=True, help="Print what calls cost: as a file of charges, or beside the budgets."
)

_DAYS = ["%Y-%m-%d"]


@costs.command("export")
def costs_export(
    organization: OrganizationOption,
    *,
    since: Annotated[
        datetime, typer.Option("--from", formats=_DAYS, help="The first day, in UTC.")
    ],
    until: Annotated[
        datetime, typer.Option("--to", formats=_DAYS, help="The first day after the last one.")
    ],
    focus: Annotated[
        bool,
        typer.Option(
            "--focus",
            help="In the columns of **FOCUS 1.2**, the FinOps Open Cost and Usage Specification:"
            " the one form that there is yet.",
        ),
    ] = False,
    database: DatabaseOption = None,
) -> None:
    """Print a charge for each amount that calls and SMS conversations cost, as CSV.

    The charges of a call add up to its total. Standard error says what they are together.

    Example: `jackfield costs export --focus -o 1 --from 2026-06-01 --to 2026-07-01 > june.csv`
    """
    if not focus:
        raise Failure("The format of the file is missing.", "Add --focus.")
    if since >= until:
        raise Failure("--to is not after --from.", "It is the first day that is left out.")
    period = (since.replace(tzinfo=UTC), until.replace(tzinfo=UTC))
    rows, sums = asyncio.run(_export(settings_from(database_url=database), organization, period))
    amounts = ", ".join(f"{amount} {currency}" for currency, amount in sorted(sums.items()))
    STDERR.print(
        f"{rows:,} charges: {amounts or 'nothing'}.", markup=False, highlight=False, soft_wrap=True
    )


@costs.command("budgets")
def costs_budgets(
    organization: OrganizationOption,
    *,
    month: Annotated[
        str | None,
        typer.Option(
            metavar="YYYY-MM",
            help="Another month than the one that it is now in the time zone of each budget.",
        ),
    ] = None,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
) -> None:
    """Print how much of each budget is spent.

    Example: `jackfield costs budgets -o 1 --month 2026-06`
    """
    rows = asyncio.run(_budgets(settings_from(database_url=database), organization, month))
    print_rows(rows, as_json=as_json, when_none="There are no budgets.")


async def _budgets(
    settings: "Settings", organization: int, month: str | None
) -> list[dict[str, Any]]:
    """A row for each budget, with amounts as text."""
    from gql.domain.cost_budgets import budget_statuses
    from gql.identity import Permission
    from gql.models.types import now
    from gql.money import micros_to_decimal
    from gql.schema.scalars import print_decimal

    async with open_organization(settings, organization, Permission.READ) as (context, _):
        statuses = await budget_statuses(context, now(), month)
    return [
        {
            "id": status.budget.id,
            "assistant": status.budget.assistant_id,
            "graph": status.budget.graph_id,
            "month": status.month.name,
            "time_zone": status.budget.timezone,
            "currency": status.budget.currency,
            "amount": print_decimal(micros_to_decimal(status.budget.amount)),
            "spent": print_decimal(micros_to_decimal(status.spent)),
            "without_cost": status.uncosted,
            "passed": max((each.percent for each in status.passings), default=0),
        }
        for status in statuses
    ]


async def _export(
    settings: "Settings", organization: int, period: tuple[datetime, datetime]
) -> tuple[int, dict[str, Decimal]]:
    """Print all charges; how many there were, and their sums by currency."""
    from gql.domain.focus_export import COLUMNS, Account, focus_rows
    from gql.identity import Permission
    from gql.rest.downloads import csv_lines

    amount, currency = COLUMNS.index("BilledCost"), COLUMNS.index("BillingCurrency")
    number, sums = 0, defaultdict[str, Decimal](Decimal)
    async with open_organization(settings, organization, Permission.READ) as (context, name):
        typer.echo(csv_lines([COLUMNS]).decode(), nl=False)
        async for rows in focus_rows(context, Account(organization, name), *period):
            typer.echo(csv_lines(rows).decode(), nl=False)
            number += len(rows)
            for row in rows:
                sums[row[currency]] += row[amount]
    return number, dict(sums)
