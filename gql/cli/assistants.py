"""`jackfield assistants`: which assistant other systems mean by ids of their own."""

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gql.cli.console import (
    DatabaseOption,
    JsonOption,
    OrganizationOption,
    open_database,
    print_rows,
    settings_from,
)

if TYPE_CHECKING:
    from gql.query.context import Context

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
    from gql.ingest.assistant_links import link_assistant

    async def link() -> int:
        async with open_database(settings_from(database_url=database)) as opened:
            context = _context(opened, organization)
            try:
                return await link_assistant(context, source, external_id, assistant)
            finally:
                await context.close()

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
    from gql.ingest.assistant_links import list_links

    async def read() -> list[dict[str, Any]]:
        async with open_database(settings_from(database_url=database)) as opened:
            context = _context(opened, organization)
            try:
                names = ("source", "external_id", "assistant_id", "name")
                return [dict(zip(names, row, strict=True)) for row in await list_links(context)]
            finally:
                await context.close()

    rows = asyncio.run(read())
    when_none = "There is no link yet."
    print_rows(rows, as_json=as_json, when_none=when_none)


def _context(database: Any, organization_id: int) -> "Context":
    from gql.identity import Identity, Method, Permission
    from gql.query.context import Context

    permissions = frozenset({Permission.READ, Permission.WRITE})
    return Context(Identity(organization_id, Method.API_KEY, permissions), database)
