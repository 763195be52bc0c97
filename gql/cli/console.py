"""What the commands share: options, output, the database, and how they fail."""

import json
import os
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Self

import typer
from rich.console import Console

from gql.distribution import MixedPackagesError

if TYPE_CHECKING:
    from rich.progress import TaskID

    from gql.database import Database
    from gql.errors import GatewayError
    from gql.identity import Permission
    from gql.migrations import MigrationRefused
    from gql.query.context import Context
    from gql.settings import Settings

_UNBROKEN = frozenset({"id", "key_prefix", "email"})
"""Columns that people copy from a table: a narrow terminal breaks the others."""

_WIDEST = 10_000
"""Characters of a line in which any table fits."""

_CHANGED = "Change that and run the command again."
_LATER = "Run the command again in a moment."

STDERR = Console(stderr=True)
"""For progress and failures: standard output has nothing but what the command prints."""

DatabaseOption = Annotated[
    str | None,
    typer.Option(
        "--database",
        metavar="URL",
        help="`sqlite:///path` or `postgresql://user:password@host/name`; "
        "else `GQL_DATABASE_URL`, else a file under `var/`.",
    ),
]
OrganizationOption = Annotated[
    int, typer.Option("--organization", "-o", min=1, help="The id of the organization.")
]
RegionOption = Annotated[
    str | None,
    typer.Option(
        "--region",
        metavar="XX",
        help="The country of phone numbers that come without its code, in two letters, like `GB`.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class Failure(Exception):  # noqa: N818 -- expected now and then, not a bug
    """What a command reports instead of a traceback.

    Args:
        problem: One sentence that says what is wrong.
        advice: What to do next.
    """

    def __init__(self, problem: str, advice: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.advice = advice


def settings_from(**options: Any) -> "Settings":
    """The settings of the environment, except where an option is not None.

    Raises:
        pydantic.ValidationError: when one does not parse.
    """
    from gql.settings import Settings

    return Settings(**{name: value for name, value in options.items() if value is not None})


async def _tell_servers(
    database: "Database", settings: "Settings", organizations: Collection[int]
) -> None:
    """Have running servers refuse at once what was revoked."""
    from gql.stores import CredentialChanges, open_process_messages

    messages = open_process_messages(database, settings)
    await CredentialChanges(messages).publish(organizations)
    await messages.close()


@asynccontextmanager
async def open_database(
    settings: "Settings", *, migrated: bool = True, protected: bool = False
) -> AsyncIterator["Database"]:
    """The database of the settings, once it has answered; closed at the end of the block.

    Args:
        settings: Which one.
        migrated: Whether its tables must be those of this version.
        protected: Whether to look first for a pooler that would take protection away.

    Raises:
        Failure: when it does not answer, or has other tables.
    """
    from gql.database import Database

    try:
        database = Database(settings)
        if protected:
            await database.require_pooler()
        await database.ping()
    except Exception as error:
        raise unreachable(settings, error) from error
    try:
        if migrated:
            await _require_tables(database)
        database.on_credential_change = partial(_tell_servers, database, settings)
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def open_organization(
    settings: "Settings", organization_id: int, *permissions: "Permission"
) -> AsyncIterator[tuple["Context", str]]:
    """What a command reads and writes of an organization with, and its name; closed at the end.

    Raises:
        Failure: as `open_database`.
        NotFound: when there is no such organization.
    """
    from gql.accounts.people import require_member
    from gql.identity import Identity, Method
    from gql.query.context import Context

    async with open_database(settings) as database:
        member = await require_member(database, organization_id, None)
        identity = Identity(organization_id, Method.API_KEY, frozenset(permissions))
        context = Context(identity, database)
        try:
            yield context, member.organization_name
        finally:
            await context.close()


def unreachable(settings: "Settings", error: Exception) -> Failure:
    """What to report when a database does not answer, or is not set up for these settings."""
    from gql.database import UnprotectedConnection

    if isinstance(error, UnprotectedConnection):
        return Failure(error.problem, error.advice)
    cause = error.__cause__ or error
    if settings.embedded:
        advice = "Is the path right, and may this user write there? Else set GQL_DATABASE_URL."
    else:
        advice = "Is it running, and is GQL_DATABASE_URL right? `jackfield doctor` checks again."
    return Failure(f"The database {redacted_url(settings)} cannot be reached: {cause}", advice)


def redacted_url(settings: "Settings") -> str:
    """The database's address without a password, in the authority or in the query string."""
    from sqlalchemy import make_url

    url = make_url(settings.database_url)
    socket = {name: value for name, value in url.query.items() if name == "host"}
    return url.set(query=socket).render_as_string(hide_password=True)


def failure_from(error: Exception) -> Failure | None:
    """What to report for an error that was expected; None for a bug."""
    from pydantic import ValidationError

    from gql.errors import GatewayError
    from gql.migrations import MigrationRefused

    if isinstance(error, Failure):
        return error
    if isinstance(error, MixedPackagesError):
        return Failure(str(error), "Install Jackfield there, and leave the client where it is.")
    if isinstance(error, ValidationError) and error.title == "Settings":
        return _bad_settings(error)
    if isinstance(error, (GatewayError, MigrationRefused)):
        return _refused(error)
    if isinstance(error, OSError) and error.filename is not None:
        missing = isinstance(error, FileNotFoundError)
        advice = "Is the name right?" if missing else "May this user read and write there?"
        return Failure(f"{error.filename}: {error.strerror}.", advice)
    return None


def secret_from(variable: str) -> str:
    """The secret in a variable of the environment, which no shell's history has.

    Raises:
        Failure: when it is not set.
    """
    secret = os.environ.get(variable, "").strip()
    if not secret:
        raise Failure(f"The variable {variable} is not set.", f"export {variable}=...")
    return secret


def print_warning(text: str) -> None:
    """What does not stop a command, on standard error."""
    STDERR.print(text, style="yellow", markup=False, highlight=False, soft_wrap=True)


def print_failure(failure: Failure) -> None:
    STDERR.print(failure.problem, style="bold red", markup=False, highlight=False, soft_wrap=True)
    STDERR.print(failure.advice, markup=False, highlight=False, soft_wrap=True)


def print_rows(rows: list[dict[str, Any]], *, as_json: bool, when_none: str) -> None:
    """Rows of equal keys on standard output, as a table or as a JSON array.

    Args:
        rows: What to print.
        as_json: As the option `--json` has it.
        when_none: Printed in place of a table without rows.
    """
    if as_json:
        typer.echo(json.dumps(rows))
    elif rows:
        _print_table(rows)
    else:
        typer.echo(when_none)


def _print_table(rows: list[dict[str, Any]]) -> None:
    """A table, or a block for each row where the words of a table would not fit into the lines."""
    from rich.measure import Measurement
    from rich.table import Table

    console = Console()
    table = Table()
    for column in rows[0]:
        table.add_column(column, no_wrap=column in _UNBROKEN)
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    unbounded = console.options.update(width=_WIDEST)
    if Measurement.get(console, unbounded, table).minimum <= console.width:
        console.print(table)
        return
    for number, row in enumerate(rows):
        block = Table.grid(padding=(0, 2))
        for name, value in row.items():
            block.add_row(name, _cell(value))
        console.print(*([] if number == 0 else [""]), block, sep="\n")


class ProgressBars:
    """A progress bar per table on standard error, where that is a terminal; removed at the end."""

    def __init__(self) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        self._progress = Progress(
            TextColumn("{task.description:36}"),
            BarColumn(),
            MofNCompleteColumn(),
            console=STDERR,
            transient=True,
            disable=not STDERR.is_terminal,
        )
        self._bars: dict[str, TaskID] = {}

    def show(self, table: str, done: int, total: int) -> None:
        """Show that `done` of `total` rows of a table are written, each table in a line."""
        if table not in self._bars:
            self._bars[table] = self._progress.add_task(table)
        self._progress.update(self._bars[table], completed=done, total=total)

    def show_step(self, step: str, done: int, total: int) -> None:
        """Show what is being done now, after `done` of `total` steps, all in one line."""
        if "" not in self._bars:
            self._bars[""] = self._progress.add_task(step)
        self._progress.update(self._bars[""], description=step, completed=done, total=total)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()


def _refused(error: "GatewayError | MigrationRefused") -> Failure:
    from gql.database import UnprotectedConnection
    from gql.errors import NotFound
    from gql.migrations import MigrationRefused

    if isinstance(error, (UnprotectedConnection, MigrationRefused)):
        return Failure(error.problem, error.advice)
    if not isinstance(error, NotFound):
        return Failure(error.message, _LATER if "retry_after" in error.extensions else _CHANGED)
    if error.noun == "organization":
        return Failure(
            f"There is no organization {error.key}.",
            "jackfield organizations list shows those that are there.",
        )
    return Failure(
        f"The organization has no {error.noun.replace('_', ' ')} {error.key}.",
        "Is it the right organization? jackfield keys list, jackfield users list and"
        " jackfield hooks list show what it has.",
    )


def _bad_settings(error: Any) -> Failure:
    """The variables that do not parse; never their values, which may be secrets."""
    faults = [
        f"{_variable(fault['loc'])}: {fault['msg'].removeprefix('Value error, ')}"
        for fault in error.errors(include_input=False, include_url=False, include_context=False)
    ]
    return Failure(
        "A setting cannot be used.\n  " + "\n  ".join(faults),
        "Correct it in the environment or in var/secrets.env; docs/settings.md lists them all.",
    )


def _variable(location: tuple[int | str, ...]) -> str:
    """The environment's name of a setting that pydantic names by its field or by its alias."""
    return f"GQL_{'_'.join(map(str, location)).upper().removeprefix('GQL_')}"


async def _require_tables(database: "Database") -> None:
    from gql.migrations import current, head

    revision = await current(database.engine)
    if revision is None:
        raise Failure("The database has no tables yet.", "Make them: jackfield migrate")
    if revision != head():
        raise Failure(
            f"The tables are at {revision}, but this version needs {head()}.",
            "Bring them forward: jackfield migrate",
        )


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return " ".join(value)
    return "" if value is None else str(value)
