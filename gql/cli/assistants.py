"""`jackfield assistants`: which assistant other systems mean by ids of their own."""

import asyncio
from typing import Annotated, Any

import typer

from gql.cli.console import (
    DatabaseOption,
    JsonOption,
    OrganizationOption,
    open_organization,
    print_rows,
    settings_from,
)

assistants = typer.Typer(
    no_args_is_help=True,
    help="Link assistants to what other systems call them.\n\n"
    "A call that a webhook or a file brings is on the assistant that is linked to the platform's"
    " id of it, else on the one with the same name. A mirror links what it copies.",
)


@assistants.command("link")
def assistants_link(
    external_id: Annotated[str, typer.Argument(help="What the other system calls the assistant.")],
    assistant: Annotated[int, typer.Argument(help="The id of the assistant here.")],
    *,
    source: Annotated[
        str, typer.Option(help="The system, as its calls have it: vapi, retell, elevenlabs.")
    ],
    organization: OrganizationOption,
    database: DatabaseOption = None,
) -> None:
    """Link an assistant, and put the calls there that had none.

    Example: `jackfield assistants link asst_2f8a 12 --source vapi -o 1`
    """
    from gql.identity import Permission
    from gql.ingest.assistant_links import link_assistant

    settings = settings_from(database_url=database)
    permissions = (Permission.READ, Permission.WRITE)

    async def link() -> int:
        async with open_organization(settings, organization, *permissions) as (context, _):
            return await link_assistant(context, source, external_id, assistant)

    moved = asyncio.run(link())
    typer.echo(f"{external_id} of {source} is assistant {assistant}; {moved:,} calls moved there.")


@assistants.command("links")
def assistants_links(
    *,
    organization: OrganizationOption,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
) -> None:
    """List the first 1,000 links of an organization."""
    from gql.identity import Permission
    from gql.ingest.assistant_links import list_links

    settings = settings_from(database_url=database)
    names = ("source", "external_id", "assistant_id", "name")

    async def read() -> list[dict[str, Any]]:
        async with open_organization(settings, organization, Permission.READ) as (context, _):
            return [dict(zip(names, row, strict=True)) for row in await list_links(context)]

    rows = asyncio.run(read())
    when_none = f"Organization {organization} has no links: jackfield assistants link makes one."
    print_rows(rows, as_json=as_json, when_none=when_none)
