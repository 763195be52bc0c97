"""`jackfield hooks pull`: read the calls of a platform that no webhook reported."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from gql.cli.console import (
    STDERR,
    DatabaseOption,
    Failure,
    OrganizationOption,
    open_database,
    secret_from,
    settings_from,
)

if TYPE_CHECKING:
    from gql.accounts.hook_endpoints import StoredEndpoint
    from gql.database import Database
    from gql.mirror.platform_lists import PlatformList

OVERLAP = timedelta(days=1)
"""How far back each further run of `--every` reads: costs and analyses come after a call."""


def hooks_pull(
    source: Annotated[str, typer.Argument(help="vapi, retell, elevenlabs, twilio or telnyx.")],
    *,
    organization: OrganizationOption,
    since: Annotated[
        datetime,
        typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"], help="The first instant, in UTC."),
    ],
    api_key_env: Annotated[
        str,
        typer.Option("--api-key-env", metavar="NAME", help="The variable that has the API key."),
    ],
    account: Annotated[str, typer.Option(help="Twilio's account SID.")] = "",
    every: Annotated[
        int | None,
        typer.Option(min=1, metavar="MINUTES", help="Do it again and again, until Ctrl-C."),
    ] = None,
    database: DatabaseOption = None,
) -> None:
    """Read a platform's lists since a day, to close the gaps that webhooks left.

    Calls, and of carriers recordings, messages and what they cost, come into the inbox of the
    organization's endpoint for that platform, and a running server applies them. It can be
    repeated: what has come already changes nothing. The calls of the platform of the API documents
    come by `jackfield mirror`.

    Example: `jackfield hooks pull retell -o 1 --since 2026-11-01 --api-key-env RETELL_KEY`
    """
    from gql.mirror.platform_lists import PLATFORM_LISTS

    platform = PLATFORM_LISTS.get(source)
    if platform is None:
        names = ", ".join(PLATFORM_LISTS)
        raise Failure(f"The list of {source!r} cannot be read.", f"It can be one of: {names}.")
    if platform.names_account and not account:
        raise Failure(
            "--account is missing.", "Name the account whose calls to read: --account AC..."
        )
    key = secret_from(api_key_env)
    settings = settings_from(database_url=database)

    async def run() -> None:
        start = since.replace(tzinfo=UTC)
        async with open_database(settings) as opened:
            endpoint = await _endpoint(opened, organization, source)
            while True:
                begun = datetime.now(UTC)
                typer.echo(await _pull(opened, endpoint, platform, key, start, account))
                if every is None:
                    return
                start = begun - OVERLAP
                await asyncio.sleep(every * 60)

    asyncio.run(run())


async def _endpoint(database: "Database", organization: int, source: str) -> "StoredEndpoint":
    from gql.accounts.hook_endpoints import list_endpoints

    async with database.snapshot() as snapshot:
        endpoints = await list_endpoints(snapshot, organization)
    own = [each for each in endpoints if each.source == source]
    if not own:
        raise Failure(
            f"Organization {organization} has no endpoint for {source}.",
            f"Make one first: jackfield hooks create {source} -o {organization}",
        )
    return own[-1]


async def _pull(
    database: "Database",
    endpoint: "StoredEndpoint",
    platform: "PlatformList",
    key: str,
    since: datetime,
    account: str,
) -> str:
    """What to print of one run."""
    import httpx2

    from gql.mirror.client import SourceClient, SourceFailure
    from gql.mirror.pull import PullCounts, pull

    def show(counts: PullCounts) -> None:
        status.update(f"{counts.read:,} objects read since {since:%Y-%m-%d}.")

    headers = dict(platform.headers(key, account))
    async with httpx2.AsyncClient(base_url=platform.url, headers=headers, timeout=60) as http:
        try:
            with STDERR.status("Waiting for the first answer.") as status:  # only on a terminal
                counts = await pull(
                    *(database, endpoint, platform, SourceClient(http), since, account), show
                )
        except SourceFailure as failure:
            raise Failure(failure.problem, failure.advice) from failure
    return f"{counts.read} objects since {since:%Y-%m-%d}; {counts.new} of them are new or changed."
