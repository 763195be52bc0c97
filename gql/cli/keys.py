"""`jackfield keys`: make, list and revoke the API keys of an organization."""

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gql.cli.console import DatabaseOption, opened, run, settings_from
from gql.identity import DEFAULT_PERMISSIONS, Permission

if TYPE_CHECKING:
    from gql.accounts.api_keys import StoredKey

keys = typer.Typer(no_args_is_help=True, help="Make, list and revoke API keys.")

OrganizationOption = Annotated[
    int, typer.Option("--organization", "-o", min=1, help="The id of the organization.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


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
    as_json: JsonOption = False,
    database: DatabaseOption = None,
) -> None:
    """Make an API key and print it: this once, for only its hash is kept.

    Example: `jackfield keys create "nightly report" -o 1 --permission read --days 90`
    """
    from gql.accounts.api_keys import issue_key

    async def work() -> tuple["StoredKey", str]:
        async with opened(settings_from(database_url=database)) as opened_database:
            return await issue_key(
                opened_database,
                organization,
                name=name,
                permissions=permission,
                user_id=user,
                expires_at=None if days is None else datetime.now(UTC) + timedelta(days=days),
            )

    stored, plaintext = run(work())
    typer.echo(json.dumps({**_facts(stored), "api_key": plaintext}) if as_json else plaintext)


@keys.command("list")
def keys_list(
    *,
    organization: OrganizationOption,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
) -> None:
    """List the keys of an organization, revoked ones too; never the keys themselves."""
    from gql.accounts.api_keys import list_keys

    async def work() -> list["StoredKey"]:
        async with (
            opened(settings_from(database_url=database)) as opened_database,
            opened_database.snapshot() as snapshot,
        ):
            return await list_keys(snapshot, organization)

    found = [_facts(key) for key in run(work())]
    if as_json:
        typer.echo(json.dumps(found))
    elif found:
        print_table(found)
    else:
        typer.echo(f"Organization {organization} has no keys: make one with jackfield keys create.")


@keys.command("revoke")
def keys_revoke(
    key_id: Annotated[int, typer.Argument(help="The id that `keys list` prints.")],
    *,
    organization: OrganizationOption,
    database: DatabaseOption = None,
) -> None:
    """Revoke a key; running servers refuse it within seconds."""
    from gql.accounts.api_keys import change_key

    async def work() -> "StoredKey":
        async with opened(settings_from(database_url=database)) as opened_database:
            return await change_key(opened_database, organization, key_id, is_active=False)

    key = run(work())
    typer.echo(f"Revoked key {key.id}, {key.name} ({key.key_prefix}).")


def print_table(rows: list[dict[str, Any]]) -> None:
    """Rows of equal keys as a table on standard output; at least one."""
    from rich.console import Console
    from rich.table import Table

    table = Table(*rows[0])
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    Console().print(table)


def _facts(key: "StoredKey") -> dict[str, Any]:
    """What may be shown of a key."""
    return {
        "id": key.id,
        "name": key.name,
        "key_prefix": key.key_prefix,
        "permissions": sorted(word for word, granted in key.permissions.items() if granted),
        "is_active": key.is_active,
        "expires_at": _when(key.expires_at),
        "last_used_at": _when(key.last_used_at),
        "usage_count": key.usage_count,
    }


def _when(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat(timespec="seconds")


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return " ".join(value)
    return "" if value is None else str(value)
