"""`jackfield token`: a JWT for development."""

from typing import Annotated

import typer

from gql.cli.console import OrganizationOption, settings_from
from gql.identity import DEFAULT_PERMISSIONS, Permission


def token(
    *,
    organization: OrganizationOption = 1,
    user: Annotated[int | None, typer.Option(help="The id of the person it speaks for.")] = None,
    permission: Annotated[
        list[Permission], typer.Option(help="What it may do; give it once for each.")
    ] = list(DEFAULT_PERMISSIONS),  # noqa: B006 -- Typer copies it
    minutes: Annotated[int, typer.Option(min=1, max=525_600, help="How long it is good.")] = 60,
) -> None:
    """Print a JWT for development, signed with `GQL_JWT_SECRET`.

    Example: `curl -H "Authorization: Bearer $(jackfield token)" ...`
    """
    from gql.auth.bearer import issue_token

    typer.echo(
        issue_token(
            settings_from(),
            organization,
            user_id=user,
            permissions=permission,
            seconds=minutes * 60,
        )
    )
