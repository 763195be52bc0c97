"""`jackfield hooks`: the addresses that platforms send webhooks to, and what came there."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from gql.cli.console import (
    DatabaseOption,
    Failure,
    JsonOption,
    OrganizationOption,
    RegionOption,
    open_database,
    print_rows,
    secret_from,
    settings_from,
)

if TYPE_CHECKING:
    from gql.accounts.hook_endpoints import StoredEndpoint
    from gql.models.enums import DeliveryState
    from gql.settings import Settings

hooks = typer.Typer(
    no_args_is_help=True,
    help="Receive webhooks: make addresses for platforms, see deliveries, apply them again."
    " `jackfield webhooks` sends others.\n\n"
    "Deliveries are stored as they came and applied in the background; `list` counts them by"
    " state. `dead` ones were refused or failed too often, `waiting` ones wait for their call,"
    " `unknown` ones are of no kind that Jackfield applies.",
)

# The values of enums in `gql.models`, which help would be slow to load; a test compares them.
Role = Literal["primary", "carrier"]
_STATES = ("new", "waiting", "done", "unknown", "dead")

SecretOption = Annotated[
    str | None,
    typer.Option(
        "--secret-env",
        metavar="NAME",
        help="The variable that has the platform's secret, so that it is not in the shell's"
        " history.",
    ),
]
EndpointArgument = Annotated[int, typer.Argument(help="The id that `hooks list` prints.")]


@hooks.command("create")
def hooks_create(
    source: Annotated[
        str, typer.Argument(help="burki, vapi, retell, elevenlabs, twilio, telnyx or generic.")
    ],
    *,
    organization: OrganizationOption,
    name: Annotated[str | None, typer.Option(help="What it is for, for people to read.")] = None,
    secret_env: SecretOption = None,
    role: Annotated[
        Role | None,
        typer.Option(
            help="`primary` makes calls; `carrier` only adds to the calls of an assistant platform,"
            " and waits for these. Twilio and Telnyx are carriers by default."
        ),
    ] = None,
    wait_hours: Annotated[
        int, typer.Option(min=1, max=720, help="How long a carrier's deliveries wait.")
    ] = 24,
    drop_unlinked: Annotated[
        bool,
        typer.Option(
            "--drop-unlinked",
            help="After that time they are dead; without this they become calls of their own.",
        ),
    ] = False,
    region: RegionOption = None,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
) -> None:
    """Make an address for a platform, and print what to enter there.

    Example: `RETELL_KEY=key_... jackfield hooks create retell -o 1 --secret-env RETELL_KEY`
    """
    from gql.accounts.secret_box import SecretBox
    from gql.ingest.endpoints import create_endpoint
    from gql.models.enums import HookRole

    settings = settings_from(database_url=database)

    async def create() -> "tuple[StoredEndpoint, str | None]":
        async with open_database(settings) as opened:
            return await create_endpoint(
                opened,
                SecretBox.of(settings),
                organization,
                source=source,
                name=name,
                secret=None if secret_env is None else secret_from(secret_env),
                role=None if role is None else HookRole(role),
                wait_hours=wait_hours,
                unlinked="dead" if drop_unlinked else "call",
                region=region,
            )

    endpoint, secret = asyncio.run(create())
    if as_json:
        typer.echo(json.dumps({**_columns(endpoint, settings), "secret": secret}))
    else:
        typer.echo(_instructions(endpoint, settings, secret))


@hooks.command("list")
def hooks_list(
    *,
    organization: OrganizationOption,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
) -> None:
    """List the endpoints of an organization, with how many deliveries of each state they have."""
    from gql.accounts.hook_endpoints import list_endpoints
    from gql.ingest.inbox import counts_by_state

    settings = settings_from(database_url=database)

    async def read() -> list[dict[str, Any]]:
        async with open_database(settings) as opened, opened.snapshot() as snapshot:
            numbers = await counts_by_state(snapshot, organization)
            return [
                {
                    **_columns(endpoint, settings),
                    **{state: numbers.get(endpoint.id, {}).get(state, 0) for state in _STATES},
                }
                for endpoint in await list_endpoints(snapshot, organization)
            ]

    rows = asyncio.run(read())
    when_none = f"Organization {organization} has no webhooks: jackfield hooks create makes one."
    print_rows(rows, as_json=as_json, when_none=when_none)


@hooks.command("show")
def hooks_show(
    delivery_id: Annotated[
        int | None,
        typer.Argument(
            help="The delivery to show with its body; without it, the newest ones are listed."
        ),
    ] = None,
    *,
    organization: OrganizationOption,
    state: Annotated[
        list[str] | None, typer.Option(help="Only these; give it once for each.")
    ] = None,
    endpoint: Annotated[int | None, typer.Option(min=1, help="Only of this endpoint.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="How many.")] = 20,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
) -> None:
    """Show the newest deliveries, or one with its body.

    Example: `jackfield hooks show -o 1 --state dead`, then `jackfield hooks show 17 -o 1`
    """
    from gql.ingest.inbox import body_of, newest_deliveries, read_delivery

    states = _states(state)

    async def read() -> tuple[list[Any], str | None]:
        async with (
            open_database(settings_from(database_url=database)) as opened,
            opened.snapshot() as snapshot,
        ):
            if delivery_id is None:
                rows = await newest_deliveries(
                    snapshot,
                    organization,
                    states=states,
                    endpoint_id=endpoint,
                    limit=limit,
                )
                return rows, None
            row = await read_delivery(snapshot, organization, delivery_id)
            return [row], body_of(row).decode("utf-8", "replace")

    rows, body = asyncio.run(read())
    shown = [_delivery(row) for row in rows]
    if body is None:
        print_rows(shown, as_json=as_json, when_none="There is no such delivery.")
    elif as_json:
        typer.echo(json.dumps({**shown[0], "body": body}))
    else:
        for key, value in shown[0].items():
            typer.echo(f"{key:16} {'' if value is None else value}")
        typer.echo(f"\n{body}")


@hooks.command("replay")
def hooks_replay(
    delivery_id: Annotated[int | None, typer.Argument(help="One delivery alone.")] = None,
    *,
    organization: OrganizationOption,
    state: Annotated[list[str] | None, typer.Option(help="All in these states.")] = None,
    endpoint: Annotated[int | None, typer.Option(min=1, help="Only of this endpoint.")] = None,
    days: Annotated[int | None, typer.Option(min=1, help="Only of the last days.")] = None,
    database: DatabaseOption = None,
) -> None:
    """Have deliveries applied once more, such as those that were dead before a new version.

    Nothing is counted twice: what has been applied already changes nothing. A running server does
    it within seconds.

    Example: `jackfield hooks replay -o 1 --state dead --state unknown`
    """
    from gql.ingest.inbox import replay

    if delivery_id is None and not state and endpoint is None:
        raise Failure(
            "No delivery to replay is named.",
            "Give a delivery's id, --state or --endpoint: see jackfield hooks replay --help",
        )

    states = _states(state)

    async def run() -> int:
        since = None if days is None else datetime.now(UTC) - timedelta(days=days)
        async with (
            open_database(settings_from(database_url=database)) as opened,
            opened.transaction() as connection,
        ):
            return await replay(
                connection,
                organization,
                delivery_id=delivery_id,
                endpoint_id=endpoint,
                states=states,
                since=since,
            )

    number = asyncio.run(run())
    typer.echo(f"{number} {'delivery is' if number == 1 else 'deliveries are'} to be applied anew.")


@hooks.command("rotate")
def hooks_rotate(
    endpoint_id: EndpointArgument,
    *,
    organization: OrganizationOption,
    secret_env: SecretOption = None,
    end_previous: Annotated[
        bool, typer.Option("--end-previous", help="Refuse the previous secret at once.")
    ] = False,
    database: DatabaseOption = None,
) -> None:
    """Give an endpoint another secret; the previous one is accepted until the next rotation.

    Example: rotate, enter the new secret at the platform, and rotate with `--end-previous` only
    when the old one has leaked.
    """
    from gql.accounts.secret_box import SecretBox
    from gql.ingest.endpoints import rotate_secret

    settings = settings_from(database_url=database)

    async def rotate() -> "tuple[StoredEndpoint, str | None]":
        async with open_database(settings) as opened, opened.snapshot() as snapshot:
            return await rotate_secret(
                opened,
                snapshot,
                SecretBox.of(settings),
                organization,
                endpoint_id,
                None if secret_env is None else secret_from(secret_env),
                end_previous=end_previous,
            )

    endpoint, secret = asyncio.run(rotate())
    typer.echo(f"Endpoint {endpoint.id} ({endpoint.name}) has another secret.")
    if secret is not None:
        typer.echo(f"Secret   {secret}   (shown this once)")


@hooks.command("delete")
def hooks_delete(
    endpoint_id: EndpointArgument,
    *,
    organization: OrganizationOption,
    database: DatabaseOption = None,
) -> None:
    """Delete an endpoint with the deliveries that it keeps; the calls that they made stay."""
    from gql.accounts.hook_endpoints import remove_endpoint

    async def delete() -> "StoredEndpoint":
        async with open_database(settings_from(database_url=database)) as opened:
            return await remove_endpoint(opened, organization, endpoint_id)

    endpoint = asyncio.run(delete())
    typer.echo(f"Deleted endpoint {endpoint.id}, {endpoint.name}: {endpoint.path} is 404 now.")


def _states(words: list[str] | None) -> "list[DeliveryState] | None":
    from gql.models.enums import DeliveryState

    for word in words or []:
        if word not in _STATES:
            raise Failure(f"--state is {word!r}.", f"It is one of: {', '.join(_STATES)}.")
    return None if words is None else [DeliveryState(word) for word in words]


def _address(endpoint: "StoredEndpoint", settings: "Settings") -> str:
    url = settings.public_url or f"http://{settings.host}:{settings.port}"
    return str(url).rstrip("/") + endpoint.path


def _instructions(endpoint: "StoredEndpoint", settings: "Settings", secret: str | None) -> str:
    from gql.ingest.endpoints import source_named

    source = source_named(endpoint.source)
    lines = [
        f"Endpoint {endpoint.id} for {source.title}",
        f"Address  {_address(endpoint, settings)}",
    ]
    if secret is not None:
        lines.append(f"Secret   {secret}   (shown this once)")
    lines += ["", source.setup.format(url="the address")]
    if source.issuer == "platform" and endpoint.secret is None:
        lines += [
            "",
            "It refuses every delivery until it has the secret that the platform shows:",
            (
                f"  jackfield hooks rotate {endpoint.id} -o {endpoint.organization_id}"
                " --secret-env NAME"
            ),
        ]
    if endpoint.role == "carrier":
        hours = endpoint.settings["wait_hours"]
        lines += [
            "",
            (
                f"What comes on calls waits up to {hours} hours for the assistant platform's call"
                " that names it."
            ),
            "If no other platform reports these calls, make it with --role primary.",
        ]
    if settings.public_url is None:
        lines += ["", "GQL_PUBLIC_URL is not set: platforms cannot reach the address above."]
    return "\n".join(lines)


def _columns(endpoint: "StoredEndpoint", settings: "Settings") -> dict[str, Any]:
    """An endpoint as it is printed; never its secrets."""
    return {
        "id": endpoint.id,
        "source": endpoint.source,
        "name": endpoint.name,
        "role": endpoint.role,
        "address": _address(endpoint, settings),
        "has_secret": endpoint.secret is not None,
        "region": endpoint.region,
    }


def _delivery(row: Any) -> dict[str, Any]:
    """A delivery as it is printed."""
    return {
        "id": row.id,
        "endpoint": row.endpoint_id,
        "received_at": row.received_at.isoformat(timespec="seconds"),
        "event": row.event_kind,
        "subject": row.subject,
        "state": row.state,
        "attempts": row.attempts,
        "bytes": row.size,
        "error": row.error,
    }
