"""`jackfield mirror`: copy an organization from another server, and compare both sides."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from gql.cli.console import (
    STDERR,
    DatabaseOption,
    Failure,
    JsonOption,
    ProgressBars,
    RegionOption,
    open_database,
    secret_from,
    settings_from,
)

if TYPE_CHECKING:
    from gql.mirror.client import RequestCounts, SourceClient
    from gql.mirror.statement import MirrorStatement
    from gql.mirror.target import MirrorReport, MirrorTarget

mirror = typer.Typer(
    name="mirror",
    invoke_without_command=True,
    help="Copy an organization from any server that speaks the documented REST API: assistants,"
    " graphs, flows, sessions, calls with costs, transcripts, messages and recordings, and SMS"
    " conversations.\n\n"
    "Run it again whenever you like: it reads what is new and what may have changed, goes on where"
    " it was interrupted, and doubles nothing. `jackfield mirror verify` compares both sides.\n\n"
    "Example: `SOURCE_KEY=... jackfield mirror --from https://api.example.com"
    " --api-key-env SOURCE_KEY --organization 1`",
)

FromOption = Annotated[
    str | None,
    typer.Option("--from", metavar="URL", help="The server: `https://api.example.com`."),
]
KeyOption = Annotated[
    str | None,
    typer.Option(
        "--api-key-env",
        metavar="NAME",
        help="The **name** of the environment variable that has the server's API key.",
    ),
]
SourceOption = Annotated[
    str,
    typer.Option(
        "--source",
        help="What the rows say they are from. Keep it: the same name finds what was copied, and"
        " what webhooks of the same source brought.",
    ),
]
OrganizationChoice = Annotated[
    int, typer.Option("--organization", "-o", min=1, help="Where to copy to: jackfield's id.")
]
SinceOption = Annotated[
    datetime | None,
    typer.Option(
        "--since", help="Leave out calls that began before, in UTC; else all, or what is new."
    ),
]
ConcurrencyOption = Annotated[
    int, typer.Option("--concurrency", min=1, max=64, help="Most requests at a time.")
]


@mirror.callback()
def mirror_run(
    context: typer.Context,
    *,
    url: FromOption = None,
    api_key_env: KeyOption = None,
    source: SourceOption = "burki",
    organization: OrganizationChoice = 1,
    region: RegionOption = None,
    since: SinceOption = None,
    overlap_hours: Annotated[
        int,
        typer.Option(
            "--overlap-hours",
            min=0,
            help="How long before the last run calls are read again: costs and texts come late.",
        ),
    ] = 48,
    follow: Annotated[
        bool, typer.Option("--follow", help="Keep running: another run every `--every` seconds.")
    ] = False,
    every: Annotated[float, typer.Option("--every", min=1, help="Seconds between runs.")] = 60.0,
    concurrency: ConcurrencyOption = 4,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
) -> None:
    """Copy what is new, has changed or has vanished since the last run."""
    if context.invoked_subcommand is not None:
        return
    address, key = _server(url, api_key_env)

    async def copy() -> None:
        from gql.mirror.run import Mirror

        async with _opened(
            address, key, source, organization, region, concurrency, database
        ) as opened:
            client, target = opened
            began = _utc(since)
            while True:
                with ProgressBars() as bars:
                    target.progress = bars.show
                    run = Mirror(client, target, began, timedelta(hours=overlap_hours))
                    report = await run.run()
                _print_report(report, client.counts, as_json=as_json)
                if not follow:
                    return
                began = None
                target.report = type(report)()
                await asyncio.sleep(every)

    asyncio.run(copy())


@mirror.command("verify")
def mirror_verify(
    *,
    url: FromOption = None,
    api_key_env: KeyOption = None,
    source: SourceOption = "burki",
    organization: OrganizationChoice = 1,
    region: RegionOption = None,
    since: SinceOption = None,
    concurrency: ConcurrencyOption = 4,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
) -> None:
    """Compare counts, sums and digests by day, and print a dated statement of what differs.

    Reads everything on both sides, and changes nothing. Exits with 1 when something differs.

    Example: `jackfield mirror verify --from https://api.example.com --api-key-env SOURCE_KEY`
    """
    address, key = _server(url, api_key_env)

    async def compare_all() -> "MirrorStatement":
        from gql.mirror.run import compare_sides

        async with _opened(
            address, key, source, organization, region, concurrency, database
        ) as opened:
            client, target = opened
            with ProgressBars() as bars:
                target.progress = bars.show
                return await compare_sides(
                    client, target, server=address, at=datetime.now(UTC), since=_utc(since)
                )

    statement = asyncio.run(compare_all())
    if as_json:
        typer.echo(json.dumps(statement.to_json()))
    else:
        for line in statement.lines():
            typer.echo(line)
    if not statement.is_clean:
        raise typer.Exit(1)


def _server(url: str | None, api_key_env: str | None) -> tuple[str, str]:
    """The address and the key.

    Raises:
        Failure: when one is missing.
    """
    if url is None or api_key_env is None:
        raise Failure(
            "The server or its API key is missing.",
            "jackfield mirror --from https://api.example.com --api-key-env NAME, where NAME is the"
            " name of the variable with the key.",
        )
    if not url.startswith(("https://", "http://")):
        raise Failure(f"{url} is no address of a server.", "Begin it with https://.")
    return url.rstrip("/"), secret_from(api_key_env)


@asynccontextmanager
async def _opened(
    address: str,
    key: str,
    source: str,
    organization: int,
    region: str | None,
    concurrency: int,
    database: str | None,
) -> "AsyncIterator[tuple[SourceClient, MirrorTarget]]":
    """The client and the target of a command.

    Raises:
        Failure: when one cannot be used.
    """
    import httpx2

    from gql.accounts.people import require_member
    from gql.ingest.named_rows import OWN_SOURCES
    from gql.ingest.phone_numbers import checked_region
    from gql.mirror.client import SourceClient, SourceFailure
    from gql.mirror.positions import latest_snapshot
    from gql.mirror.target import MirrorTarget

    if source in OWN_SOURCES:
        raise Failure(
            f"{source} is the name of what was entered in Jackfield itself.",
            "Choose another --source.",
        )
    async with (
        open_database(settings_from(database_url=database)) as opened,
        httpx2.AsyncClient(
            base_url=address,
            headers={"Authorization": f"Bearer {key}"},
            follow_redirects=True,
            timeout=60.0,
        ) as http,
    ):
        await require_member(opened, organization, None)
        target = MirrorTarget(opened, organization, source, checked_region(region))
        async with target.context() as context:
            latest = await latest_snapshot(context, source)
        try:
            yield SourceClient(http, concurrency=concurrency, latest=latest), target
        except SourceFailure as failure:
            raise Failure(failure.problem, failure.advice) from failure


def _print_report(report: "MirrorReport", counts: "RequestCounts", *, as_json: bool) -> None:
    if as_json:
        document = {
            "objects": dict(report.objects),
            "items": dict(report.items),
            "absentFamilies": report.absent_families,
            "findings": report.findings,
            "moreFindings": report.more_findings,
            "requests": vars(counts),
        }
        typer.echo(json.dumps(document))
        return
    for collection, count in sorted(report.objects.items()):
        typer.echo(f"{collection}: {count:,} read")
    typer.echo("; ".join(f"{count:,} {status}" for status, count in sorted(report.items.items())))
    for family in report.absent_families:
        typer.echo(f"The server has no {family}: skipped.")
    for finding in report.findings:
        typer.echo(finding)
    if report.more_findings:
        typer.echo(f"... and {report.more_findings:,} more.")
    STDERR.print(
        f"{counts.sent:,} requests, of which {counts.limited:,} were told to wait,"
        f" {counts.failed:,} failed and {counts.cut:,} were cut off.",
        highlight=False,
    )


def _utc(at: datetime | None) -> datetime | None:
    return None if at is None else at.replace(tzinfo=UTC)
