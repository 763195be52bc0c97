"""`jackfield explain`: how the gateway and the database answer a GraphQL file."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gql.cli.console import DatabaseOption, Failure, opened, run, settings_from
from gql.cli.keys import JsonOption, OrganizationOption

if TYPE_CHECKING:
    from gql.settings import Settings

STANDARD_INPUT = "-"


def explain(
    file: Annotated[str, typer.Argument(help="A GraphQL document; `-` reads standard input.")],
    *,
    variables: Annotated[
        str, typer.Option(metavar="JSON", help='Their values: `{"status": "COMPLETED"}`.')
    ] = "{}",
    operation: Annotated[
        str | None, typer.Option(help="Which operation of the file, when it has several.")
    ] = None,
    organization: OrganizationOption = 1,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
) -> None:
    """Run a query and show how: its plan, the SQL, the database's own account, and times.

    The answer itself is thrown away. Only queries are run, nothing is changed.

    Example: `echo '{ calls(first: 2) { nodes { id duration } } }' | jackfield explain -`
    """
    text = _read(file)
    settings = settings_from(database_url=database)
    asked = {"query": text, "variables": _variables(variables), "operationName": operation}
    name = "standard input" if file == STANDARD_INPUT else file
    answer = run(_answer(settings, asked, organization))
    explained = answer.get("extensions", {}).get("explain")
    if explained is None:
        raise _refused(name, answer["errors"])
    if as_json:
        typer.echo(json.dumps(explained))
    else:
        from gql.cli.explained import show

        show(explained, answer.get("errors", []))


def _read(file: str) -> str:
    """The document.

    Raises:
        Failure: when it cannot be read.
    """
    if file == STANDARD_INPUT:
        return sys.stdin.read()
    try:
        return Path(file).read_text(encoding="utf-8")
    except OSError as error:
        raise Failure(f"{file}: {error.strerror}.", "Name a file with a GraphQL query.") from error
    except UnicodeDecodeError as error:
        raise Failure(f"{file} is not UTF-8 text.", "Name a file with a GraphQL query.") from error


def _variables(text: str) -> dict[str, Any]:
    advice = """Give an object, in quotes for the shell: --variables '{"first": 2}'"""
    try:
        values = json.loads(text)
    except ValueError as error:
        raise Failure(f"The variables are not JSON: {error}.", advice) from error
    if not isinstance(values, dict):
        raise Failure("The variables are not a JSON object.", advice)
    return values


async def _answer(settings: "Settings", asked: dict[str, Any], organization: int) -> Any:
    """What the endpoint answers to whoever may read, and have it explained."""
    from gql.cli.asking import ask

    async with opened(settings) as database:
        return await ask(database, settings, asked, organization)


def _refused(name: str, errors: list[dict[str, Any]]) -> Failure:
    """Why nothing ran, with the place in the file."""
    lines = []
    for error in errors:
        place = "".join(f":{at['line']}:{at['column']}" for at in error.get("locations", [])[:1])
        lines.append(f"{name}{place}: {error['message']}")
    if any(error["extensions"]["code"] == "FORBIDDEN" for error in errors):
        return Failure(f"{name}: only queries are explained.", "A mutation would change something.")
    return Failure("\n".join(lines), "Correct that and run the command again.")
