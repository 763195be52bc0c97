"""`jackfield users`: the people of an organization, and their passwords."""

import asyncio
import json
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gql.cli.console import (
    DatabaseOption,
    Failure,
    JsonOption,
    OrganizationOption,
    open_database,
    print_rows,
    settings_from,
)

if TYPE_CHECKING:
    from gql.accounts.people import Person

users = typer.Typer(no_args_is_help=True, help="Make and list people, and set their passwords.")

EmailArgument = Annotated[str, typer.Argument(help="What they log in with.")]
StdinOption = Annotated[
    bool,
    typer.Option("--password-stdin", help="Read the password from standard input, one line."),
]
NoPasswordOption = Annotated[
    bool, typer.Option("--no-password", help="Without one they cannot log in by password.")
]


@users.command("create")
def users_create(
    email: EmailArgument,
    *,
    organization: OrganizationOption,
    name: Annotated[
        str | None, typer.Option(help="What they are called; else what is before the @.")
    ] = None,
    admin: Annotated[
        bool, typer.Option("--admin", help="They administer the organization.")
    ] = False,
    password_stdin: StdinOption = False,
    no_password: NoPasswordOption = False,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
) -> None:
    """Make a person; asks for their password, twice.

    Example: `jackfield users create ada@example.com -o 1 --admin`
    """
    from gql.accounts.passwords import Passwords
    from gql.accounts.people import create_person

    password = _password(stdin=password_stdin, none=no_password)

    async def create() -> "Person":
        async with open_database(settings_from(database_url=database)) as opened:
            return await create_person(
                opened,
                organization,
                email=email,
                name=name if name is not None else email.partition("@")[0],
                password_hash=None if password is None else await Passwords().hash(password),
                is_admin=admin,
            )

    person = asyncio.run(create())
    if as_json:
        typer.echo(json.dumps(_columns(person)))
    else:
        typer.echo(f"Made user {person.id}, {person.email} of {person.organization_name}.")


@users.command("list")
def users_list(
    *,
    organization: OrganizationOption,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
) -> None:
    """List the people of an organization, deactivated ones too; never their passwords."""
    from gql.accounts.people import list_people

    async def read() -> list["Person"]:
        async with open_database(settings_from(database_url=database)) as opened:
            return await list_people(opened, organization)

    rows = [_columns(person) for person in asyncio.run(read())]
    when_none = f"Organization {organization} has no people: jackfield users create makes one."
    print_rows(rows, as_json=as_json, when_none=when_none)


@users.command("password")
def users_password(
    email: EmailArgument,
    *,
    organization: OrganizationOption,
    password_stdin: StdinOption = False,
    no_password: NoPasswordOption = False,
    database: DatabaseOption = None,
) -> None:
    """Set a person's password; whoever is logged in with the old one is so no longer.

    API keys go on working; `jackfield keys revoke` ends them.
    """
    from gql.accounts.passwords import Passwords
    from gql.accounts.people import set_password

    password = _password(stdin=password_stdin, none=no_password)

    async def change() -> "Person":
        async with open_database(settings_from(database_url=database)) as opened:
            new_hash = None if password is None else await Passwords().hash(password)
            return await set_password(opened, organization, email, password_hash=new_hash)

    person = asyncio.run(change())
    done = "can no longer log in by password" if password is None else "has a new password"
    typer.echo(f"User {person.id}, {person.email}, {done}.")


def _password(*, stdin: bool, none: bool) -> str | None:
    """The password, which is never a word of the command: others can read those."""
    if stdin and none:
        raise Failure("--password-stdin and --no-password exclude each other.", "Give one of them.")
    if none:
        return None
    if stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise Failure(
            "There is no terminal to ask for the password.",
            "Use --password-stdin, or --no-password.",
        )
    password: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return password


def _columns(person: "Person") -> dict[str, Any]:
    """A person as they are printed."""
    return {
        "id": person.id,
        "email": person.email,
        "name": person.name,
        "is_admin": person.is_admin,
        "is_active": person.is_active,
        "has_password": person.password_hash is not None,
        "created_at": person.created_at.isoformat(timespec="seconds"),
    }
