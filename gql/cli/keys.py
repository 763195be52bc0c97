"""`jackfield keys`: make, list and revoke the API keys of an organization."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
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
from gql.identity import DEFAULT_PERMISSIONS, Permission
from gql.quota import LARGEST

if TYPE_CHECKING:
    from gql.accounts.api_keys import StoredKey

keys = typer.Typer(no_args_is_help=True, help="Make, list and revoke API keys.")


@keys.command("create")
def keys_create(
    name: Annotated[str, typer.Argument(help="What the key is for, for people to read.")],
    *,
    organization: OrganizationOption,
    permission: Annotated[
        list[Permission], typer.Option(help="What it may do; give it once for each.")
    ] = list(DEFAULT_PERMISSIONS),  # noqa: B006 -- Typer copies it
    user: Annotated[int | None, typer.Option(help="The id of the person it acts for.")] = None,
    days: Annotated[
        int | None, typer.Option(min=1, max=36_500, help="After how many days it expires.")
    ] = None,
    requests_per_minute: Annotated[
        int | None, typer.Option(min=1, max=LARGEST, help="How many requests it may send.")
    ] = None,
    points_per_minute: Annotated[
        int | None,
        typer.Option(min=1, max=LARGEST, help="How many points its operations may cost."),
    ] = None,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
) -> None:
    """Make an API key and print it: this once, for only its hash is kept.

    Example: `jackfield keys create "nightly report" -o 1 --permission read --days 90`
    """
    from gql.accounts.api_keys import issue_key

    limits = {
        "requests_per_minute": requests_per_minute,
        "points_per_minute": points_per_minute,
    }
    rate_limit = {member: most for member, most in limits.items() if most is not None}

    async def issue() -> tuple["StoredKey", str]:
        async with open_database(settings_from(database_url=database)) as opened:
            return await issue_key(
                opened,
                organization,
                name=name,
                permissions=permission,
                user_id=user,
                expires_at=None if days is None else datetime.now(UTC) + timedelta(days=days),
                rate_limit=rate_limit or None,
            )

    stored, plaintext = asyncio.run(issue())
    typer.echo(json.dumps({**_columns(stored), "api_key": plaintext}) if as_json else plaintext)


@keys.command("list")
def keys_list(
    *,
    organization: OrganizationOption,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
) -> None:
    """List the keys of an organization, revoked ones too; never the keys themselves."""
    from gql.accounts.api_keys import list_keys

    async def read() -> list["StoredKey"]:
        async with (
            open_database(settings_from(database_url=database)) as opened,
            opened.snapshot() as snapshot,
        ):
            return await list_keys(snapshot, organization)

    rows = [_columns(key) for key in asyncio.run(read())]
    when_none = f"Organization {organization} has no keys: make one with jackfield keys create."
    print_rows(rows, as_json=as_json, when_none=when_none)


@keys.command("revoke")
def keys_revoke(
    key_id: Annotated[int, typer.Argument(help="The id that `keys list` prints.")],
    *,
    organization: OrganizationOption,
    database: DatabaseOption = None,
) -> None:
    """Revoke a key; running servers refuse it at once, on SQLite within seconds."""
    from gql.accounts.api_keys import change_key

    async def revoke() -> "StoredKey":
        async with open_database(settings_from(database_url=database)) as opened:
            return await change_key(opened, organization, key_id, is_active=False)

    key = asyncio.run(revoke())
    typer.echo(f"Revoked key {key.id}, {key.name} ({key.key_prefix}).")


def _columns(key: "StoredKey") -> dict[str, Any]:
    """A key as it is printed."""
    return {
        "id": key.id,
        "parent_id": key.parent_id,
        "name": key.name,
        "key_prefix": key.key_prefix,
        "permissions": sorted(word for word, granted in key.permissions.items() if granted),
        "is_active": key.is_active,
        "expires_at": _iso(key.expires_at),
        "last_used_at": _iso(key.last_used_at),
        "usage_count": key.usage_count,
    }


def _iso(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat(timespec="seconds")
