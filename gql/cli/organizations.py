"""`jackfield organizations`: the tenants of the gateway."""

import asyncio
import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gql.cli.console import DatabaseOption, JsonOption, open_database, print_rows, settings_from

if TYPE_CHECKING:
    from gql.accounts.organizations import StoredOrganization

organizations = typer.Typer(no_args_is_help=True, help="Make and list organizations.")


@organizations.command("create")
def organizations_create(
    name: Annotated[str, typer.Argument(help="What it is called.")],
    *,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
) -> None:
    """Make an organization; then give it a key, and people who log in.

    Example: `jackfield organizations create "Acme"`
    """
    from gql.accounts.organizations import create_organization

    async def create() -> "StoredOrganization":
        async with open_database(settings_from(database_url=database)) as opened:
            return await create_organization(opened, name)

    organization = asyncio.run(create())
    if as_json:
        typer.echo(json.dumps(_columns(organization)))
        return
    typer.echo(f"Made organization {organization.id}, {organization.name}.")
    typer.echo(f'A key for it: jackfield keys create "my key" --organization {organization.id}')


@organizations.command("list")
def organizations_list(
    *,
    after: Annotated[
        int, typer.Option(min=0, help="Leave out those up to this id: the last one listed.")
    ] = 0,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
) -> None:
    """List organizations by id, 1,000 at a time."""
    from gql.accounts.organizations import list_organizations

    async def read() -> list["StoredOrganization"]:
        async with open_database(settings_from(database_url=database)) as opened:
            return await list_organizations(opened, after=after)

    rows = [_columns(each) for each in asyncio.run(read())]
    when_none = "There are none: jackfield organizations create makes one."
    print_rows(rows, as_json=as_json, when_none=when_none)


def _columns(organization: "StoredOrganization") -> dict[str, Any]:
    """An organization as it is printed."""
    return {
        "id": organization.id,
        "name": organization.name,
        "created_at": organization.created_at.isoformat(timespec="seconds"),
    }
