"""`jackfield keys`: make, list and revoke the API keys of an organization."""

import asyncio
import json
from collections.abc import Iterable
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
from gql.kinds import Kind, Level, access_of
from gql.quota import LARGEST

if TYPE_CHECKING:
    from gql.accounts.api_keys import StoredKey

_LEVELS = (Level.READ, Level.READ_WRITE)

keys = typer.Typer(no_args_is_help=True, help="Make, list and revoke API keys.")


@keys.command("create")
def keys_create(
    name: Annotated[str, typer.Argument(help="What the key is for, for people to read.")],
    *,
    organization: OrganizationOption,
    permission: Annotated[
        list[Permission], typer.Option(help="What it may do; give it once for each.")
    ] = list(DEFAULT_PERMISSIONS),  # noqa: B006 -- Typer copies it
    permit: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND=LEVEL",
            help="What it may do with objects of one kind, and then nothing else; once for each"
            " kind: assistants, graphs, calls, sms, costs. A level is read or read_write.",
        ),
    ] = None,
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

    A key for assistants alone: `jackfield keys create editor -o 1 --permit assistants=read_write`
    """
    from gql.accounts.api_keys import issue_key

    kinds = None
    if permit:
        if permission != list(DEFAULT_PERMISSIONS):
            raise typer.BadParameter("--permit and --permission exclude each other.")
        kinds = access_of(_levels(permit))

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
                kinds=kinds,
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


def _levels(words: Iterable[str]) -> dict[Kind, Level]:
    """The levels of `--permit`, by kind.

    Raises:
        typer.BadParameter: when a word is not of the form, or names a kind again.
    """
    levels: dict[Kind, Level] = {}
    for word in words:
        kind, _, level = word.partition("=")
        if kind not in list(Kind) or level not in _LEVELS or kind in levels:
            raise typer.BadParameter(
                f"--permit {word}: write KIND=LEVEL, each kind once. Kinds: {', '.join(Kind)};"
                f" levels: {', '.join(_LEVELS)}."
            )
        levels[Kind(kind)] = Level(level)
    return levels


def _columns(key: "StoredKey") -> dict[str, Any]:
    """A key as it is printed."""
    from gql.accounts.key_permissions import permission_words

    return {
        "id": key.id,
        "parent_id": key.parent_id,
        "name": key.name,
        "key_prefix": key.key_prefix,
        "permissions": permission_words(key.permissions),
        "is_active": key.is_active,
        "expires_at": _iso(key.expires_at),
        "last_used_at": _iso(key.last_used_at),
        "usage_count": key.usage_count,
    }


def _iso(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat(timespec="seconds")
