"""What every command shares: how it prints, how it reaches the database, and how it fails."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from rich.console import Console

if TYPE_CHECKING:
    from gql.database import Database
    from gql.settings import Settings

Result = TypeVar("Result")

ERRORS = Console(stderr=True)
"""Where progress and failures go, so that standard output is the answer alone."""

DatabaseOption = Annotated[
    str | None,
    typer.Option(
        "--database",
        metavar="URL",
        help="`sqlite:///path` or `postgresql://user:password@host/name`; "
        "else `GQL_DATABASE_URL`, else a file under `var/`.",
    ),
]
"""The option that names the database, alike in every command."""


class Failure(Exception):  # noqa: N818 -- a fact that was expected, not a fault
    """Something that was expected to go wrong now and then.

    Args:
        problem: One sentence that says what is wrong.
        advice: What to do next.
    """

    def __init__(self, problem: str, advice: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.advice = advice


def settings_from(**changes: Any) -> "Settings":
    """The settings of the environment, with the options that were given in their place.

    Raises:
        pydantic.ValidationError: when one does not parse.
    """
    from gql.settings import Settings

    return Settings(**{name: value for name, value in changes.items() if value is not None})


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a command's asynchronous part to its end."""
    return asyncio.run(work)


@asynccontextmanager
async def opened(settings: "Settings", *, migrated: bool = True) -> AsyncIterator["Database"]:
    """The database, known to answer, and closed at the end.

    Args:
        settings: Which one.
        migrated: Whether its tables must be those of this version.

    Raises:
        Failure: when it does not answer, or has other tables.
    """
    from gql.database import Database

    try:
        database = Database(settings)
        await database.ping()
    except Exception as error:
        raise _unreachable(settings, error) from error
    try:
        if migrated:
            await _require_tables(database)
        yield database
    finally:
        await database.close()


def redacted(settings: "Settings") -> str:
    """The database's address without its password, wherever in it that was put."""
    from sqlalchemy import make_url

    url = make_url(settings.database_url)
    socket = {name: value for name, value in url.query.items() if name == "host"}
    return url.set(query=socket).render_as_string(hide_password=True)


def explain(error: Exception) -> Failure | None:
    """What to tell about an error that was expected, or None for a bug."""
    from pydantic import ValidationError

    from gql.errors import GatewayError

    if isinstance(error, Failure):
        return error
    if isinstance(error, ValidationError) and error.title == "Settings":
        return _bad_settings(error)
    if isinstance(error, GatewayError):
        return Failure(error.message, "Change that and run the command again.")
    if isinstance(error, OSError) and error.filename is not None:
        return Failure(f"{error.filename}: {error.strerror}.", "May this user write there?")
    return None


def print_failure(failure: Failure) -> None:
    """Say what is wrong and what to do next."""
    ERRORS.print(failure.problem, style="bold red", markup=False, highlight=False, soft_wrap=True)
    ERRORS.print(failure.advice, markup=False, highlight=False, soft_wrap=True)


def _bad_settings(error: Any) -> Failure:
    """The variables that do not parse; never their values, which may be secrets."""
    faults = [
        f"GQL_{'_'.join(str(part) for part in fault['loc']).upper()}: {fault['msg']}"
        for fault in error.errors(include_input=False, include_url=False, include_context=False)
    ]
    return Failure(
        "A setting cannot be used.\n  " + "\n  ".join(faults),
        "Correct it in the environment or in var/secrets.env; docs/settings.md lists them all.",
    )


def _unreachable(settings: "Settings", error: Exception) -> Failure:
    cause = error.__cause__ or error
    if settings.embedded:
        advice = "Is the path right, and may this user write there? Else set GQL_DATABASE_URL."
    else:
        advice = "Is it running, and is GQL_DATABASE_URL right? `jackfield doctor` checks again."
    return Failure(f"The database {redacted(settings)} cannot be reached: {cause}", advice)


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
