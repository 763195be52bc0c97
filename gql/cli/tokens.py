"""`jackfield token`: a JWT for development."""

import asyncio
from typing import Annotated

import typer

from gql.cli.console import DatabaseOption, OrganizationOption, open_database, settings_from
from gql.identity import DEFAULT_PERMISSIONS, Permission


def token(
    *,
    organization: OrganizationOption = 1,
    user: Annotated[int | None, typer.Option(help="The id of the person it speaks for.")] = None,
    permission: Annotated[
        list[Permission], typer.Option(help="What it may do; give it once for each.")
    ] = list(DEFAULT_PERMISSIONS),  # noqa: B006 -- Typer copies it
    minutes: Annotated[int, typer.Option(min=1, max=525_600, help="How long it is good.")] = 60,
    database: DatabaseOption = None,
) -> None:
    """Print a JWT for development, signed with `GQL_JWT_SECRET`.

    The organization, and the person if one is named, must be in the database.

    Example: `curl -H "Authorization: Bearer $(jackfield token)" ...`
    """
    from gql.accounts.people import require_member
    from gql.auth.bearer import issue_token

    settings = settings_from(database_url=database)
    issued = issue_token(
        settings, organization, user_id=user, permissions=permission, seconds=minutes * 60
    )

    async def check() -> None:
        async with open_database(settings) as opened:
            await require_member(opened, organization, user)

    asyncio.run(check())
    typer.echo(issued)
