"""`jackfield webhooks`: who is told of events, and what became of that."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gql.cli.console import (
    DatabaseOption,
    Failure,
    JsonOption,
    OrganizationOption,
    open_organization,
    print_rows,
    settings_from,
)

if TYPE_CHECKING:
    from gql.query.context import Context

webhooks = typer.Typer(
    no_args_is_help=True,
    help="Send webhooks: have addresses told of what is written, see deliveries, make them again."
    "\n\n`jackfield hooks` is for those that platforms send here.",
)

# The values of an enum in `gql.models`, which help would be slow to load; a test compares them.
_STATES = ("pending", "delivered", "failed")

SubscriptionArgument = Annotated[int, typer.Argument(help="The id that `webhooks list` prints.")]
StateOption = Annotated[
    list[str] | None,
    typer.Option(help=f"Only these ({', '.join(_STATES)}); give it once for each."),
]


@webhooks.command("create")
def webhooks_create(
    url: Annotated[str, typer.Argument(help="Where deliveries are posted to.")],
    *,
    organization: OrganizationOption,
    name: Annotated[str | None, typer.Option(help="What it is for, for people to read.")] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(help="Only events of this kind, as `call_updated`; give it once for each."),
    ] = None,
    object_id: Annotated[
        list[str] | None,
        typer.Option(
            "--object",
            help="Only of this object and what belongs to it, as `graph_5`; once for each.",
        ),
    ] = None,
    document: Annotated[
        Path | None,
        typer.Option(help="A file with the GraphQL subscription that is answered for each event."),
    ] = None,
    after: Annotated[
        str | None, typer.Option(help="The event id after which to begin; without it, now.")
    ] = None,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
) -> None:
    """Have an address told of events, and print what it can check their signatures by.

    Example: `jackfield webhooks create https://example.com/hooks -o 1 --kind call_updated`
    """
    from gql.webhooks.writes import create_subscription

    text = None if document is None else document.read_text()

    async def create() -> tuple[int, str]:
        async with _opened(organization, database) as context:
            return await create_subscription(
                context,
                url=url,
                name=name,
                kinds=kind or None,
                object_ids=object_id or None,
                document=text,
                after=after,
            )

    subscription_id, secret = asyncio.run(create())
    _print_secret(subscription_id, secret, as_json=as_json)


@webhooks.command("list")
def webhooks_list(
    *,
    organization: OrganizationOption,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
) -> None:
    """List who is told of events, with how many deliveries of each state are kept."""
    from gql.webhooks.delivery_log import delivery_counts, subscriptions_of

    async def read() -> list[dict[str, Any]]:
        async with _opened(organization, database) as context:
            numbers = await delivery_counts(context.snapshot, organization)
            return [
                {
                    "id": each.id,
                    "name": each.name,
                    "url": each.url,
                    "kinds": None if each.kinds is None else " ".join(each.kinds),
                    "active": each.is_active,
                    "paused": each.pause_reason,
                    "failures": each.failures,
                    **{state: numbers.get((each.id, state), 0) for state in _STATES},
                }
                for each in await subscriptions_of(context.snapshot, organization)
            ]

    when_none = f"Organization {organization} tells nobody: jackfield webhooks create has somebody."
    print_rows(asyncio.run(read()), as_json=as_json, when_none=when_none)


@webhooks.command("deliveries")
def webhooks_deliveries(
    subscription_id: Annotated[
        int | None, typer.Argument(help="Only to this subscription.")
    ] = None,
    *,
    organization: OrganizationOption,
    state: StateOption = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="How many.")] = 20,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
) -> None:
    """Show the newest deliveries.

    Example: `jackfield webhooks deliveries -o 1 --state failed`
    """
    from gql.webhooks.delivery_log import latest_deliveries

    states = _states(state)

    async def read() -> list[dict[str, Any]]:
        async with _opened(organization, database) as context:
            rows = await latest_deliveries(
                context.snapshot,
                organization,
                subscription_id=subscription_id,
                states=states,
                limit=limit,
            )
        return [
            {
                "id": row.id,
                "to": row.subscription_id,
                "event": f"{row.seq}-{row.tag}",
                "kind": row.kind,
                "subject": row.subject,
                "state": row.state,
                "attempts": row.attempts,
                "status": row.status,
                "error": row.error,
            }
            for row in rows
        ]

    print_rows(asyncio.run(read()), as_json=as_json, when_none="There is no such delivery.")


@webhooks.command("replay")
def webhooks_replay(
    delivery_id: Annotated[int | None, typer.Argument(help="One delivery alone.")] = None,
    *,
    organization: OrganizationOption,
    subscription: Annotated[
        int | None, typer.Option(min=1, help="Those to this subscription.")
    ] = None,
    after: Annotated[
        str | None, typer.Option(help="Of them, those of events after the one with this id.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="Of them, those of events up to the one with this id.")
    ] = None,
    state: StateOption = None,
    database: DatabaseOption = None,
) -> None:
    """Make deliveries once more; a running server does it within seconds.

    Example: `jackfield webhooks replay -o 1 --subscription 7 --state failed`
    """
    from gql.webhooks.writes import repeat_deliveries

    states = _states(state)

    async def run() -> int:
        async with _opened(organization, database) as context:
            return await repeat_deliveries(
                context,
                delivery_id=delivery_id,
                subscription_id=subscription,
                after=after,
                until=until,
                states=states,
            )

    number = asyncio.run(run())
    typer.echo(f"{number} {'delivery is' if number == 1 else 'deliveries are'} to be made anew.")


@webhooks.command("pause")
def webhooks_pause(
    subscription_id: SubscriptionArgument,
    *,
    organization: OrganizationOption,
    database: DatabaseOption = None,
) -> None:
    """Tell a subscription nothing until it is resumed."""
    _switch(subscription_id, organization, database, is_active=False)
    typer.echo(f"Webhook subscription {subscription_id} is paused.")


@webhooks.command("resume")
def webhooks_resume(
    subscription_id: SubscriptionArgument,
    *,
    organization: OrganizationOption,
    database: DatabaseOption = None,
) -> None:
    """Go on where a subscription was paused: the events since then are delivered, too."""
    _switch(subscription_id, organization, database, is_active=True)
    typer.echo(f"Webhook subscription {subscription_id} goes on.")


@webhooks.command("rotate")
def webhooks_rotate(
    subscription_id: SubscriptionArgument,
    *,
    organization: OrganizationOption,
    end_previous: Annotated[
        bool, typer.Option("--end-previous", help="Sign with the previous secret no longer.")
    ] = False,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
) -> None:
    """Give a subscription another secret; the previous one signs too, until the next rotation."""
    from gql.webhooks.writes import rotate_subscription_secret

    async def rotate() -> str:
        async with _opened(organization, database) as context:
            return await rotate_subscription_secret(
                context, subscription_id, end_previous=end_previous
            )

    _print_secret(subscription_id, asyncio.run(rotate()), as_json=as_json)


@webhooks.command("delete")
def webhooks_delete(
    subscription_id: SubscriptionArgument,
    *,
    organization: OrganizationOption,
    database: DatabaseOption = None,
) -> None:
    """Delete a subscription with its deliveries."""
    from gql.webhooks.writes import delete_subscription

    async def delete() -> str:
        async with _opened(organization, database) as context:
            return await delete_subscription(context, subscription_id)

    typer.echo(f"Deleted webhook subscription {subscription_id}, {asyncio.run(delete())}.")


@asynccontextmanager
async def _opened(organization_id: int, database_url: str | None) -> AsyncIterator["Context"]:
    """What a command reads and writes with: as an administrator of the organization."""
    from gql.accounts.secret_box import SecretBox
    from gql.database import Database
    from gql.errors import GatewayError
    from gql.identity import Permission
    from gql.schema.endpoint import GraphQLEndpoint
    from gql.schema.schema import schema

    async def nobody(_scope: Any) -> GatewayError:
        return GatewayError("nobody is asked for at the command line")

    settings = settings_from(database_url=database_url)
    async with open_organization(settings, organization_id, Permission.ADMIN) as (context, _):
        assert isinstance(context.database, Database)  # noqa: S101 -- it was just opened
        endpoint = GraphQLEndpoint(schema, context.database, settings, identify=nobody)
        context.secret_box = SecretBox.of(settings)
        context.webhook_checks = endpoint.webhook_checks
        yield context


def _switch(
    subscription_id: int, organization_id: int, database: str | None, *, is_active: bool
) -> None:
    from gql.webhooks.writes import update_subscription

    async def switch() -> None:
        async with _opened(organization_id, database) as context:
            await update_subscription(context, subscription_id, {"is_active": is_active})

    asyncio.run(switch())


def _print_secret(subscription_id: int, secret: str, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"id": subscription_id, "secret": secret}))
        return
    typer.echo(f"Webhook subscription {subscription_id}")
    typer.echo(f"Secret   {secret}   (shown this once)")


def _states(words: list[str] | None) -> list[str] | None:
    for word in words or []:
        if word not in _STATES:
            raise Failure(f"--state is {word!r}.", f"It is one of: {', '.join(_STATES)}.")
    return words
