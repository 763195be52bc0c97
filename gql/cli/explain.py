"""`jackfield explain`: how the gateway and the database answer a GraphQL file."""

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from gql.cli.console import (
    DatabaseOption,
    Failure,
    JsonOption,
    OrganizationOption,
    open_database,
    settings_from,
)

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Scope

    from gql.identity import Identity
    from gql.settings import Settings

STANDARD_INPUT = "-"

_METHODS = {"plan": "one statement", "resolvers": "field by field"}
"""How an answer is made, by the key `way` of an explanation."""

_CACHED_BY_STEP = {"parse": "document", "plan": "plan", "compile": "statement"}
"""What a step need not make when the key `remembered` of an explanation says so."""


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
    request = {"query": text, "variables": _variables(variables), "operationName": operation}
    name = "standard input" if file == STANDARD_INPUT else file
    answer = asyncio.run(_execute(settings, request, organization))
    explanation = answer.get("extensions", {}).get("explain")
    if explanation is None:
        raise _failure(name, answer["errors"])
    if as_json:
        typer.echo(json.dumps(explanation))
    else:
        _print(explanation, answer.get("errors", []))


def _read(file: str) -> str:
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


async def _execute(settings: "Settings", request: dict[str, Any], organization: int) -> Any:
    """The endpoint's answer to an operator of the organization, with its explanation."""
    from gql.accounts.people import require_member
    from gql.identity import Identity, Method, Permission
    from gql.schema.endpoint import GraphQLEndpoint
    from gql.schema.schema import schema
    from gql.stores import open_sms_sessions

    operator = Identity(
        organization, Method.API_KEY, frozenset({Permission.READ, Permission.EXPLAIN})
    )

    async def identify(_scope: "Scope") -> "Identity":
        return operator

    async with open_database(settings) as database:
        await require_member(database, organization, None)
        sms_sessions = open_sms_sessions(database, settings)
        endpoint = GraphQLEndpoint(
            schema, database, settings, identify=identify, sms_sessions=sms_sessions
        )
        try:
            return json.loads(await _post(endpoint, json.dumps(request).encode()))
        finally:
            await sms_sessions.close()


async def _post(app: "ASGIApp", body: bytes) -> bytes:
    """The body that an ASGI application answers to a POST that wants an explanation."""
    from gql.schema.explaining import HEADER

    messages: list[Message] = [{"type": "http.request", "body": body}]
    answer = bytearray()

    async def receive() -> "Message":
        return messages.pop() if messages else await asyncio.Future()  # no disconnect follows

    async def send(message: "Message") -> None:
        answer.extend(message.get("body", b""))

    headers = [(b"content-type", b"application/json"), (HEADER, b"1")]
    scope = {"type": "http", "method": "POST", "headers": headers, "query_string": b""}
    await app(scope, receive, send)
    return bytes(answer)


def _failure(name: str, errors: list[dict[str, Any]]) -> Failure:
    """Why nothing ran, each error with its line and column in the file."""
    lines = []
    for error in errors:
        position = "".join(f":{at['line']}:{at['column']}" for at in error.get("locations", [])[:1])
        lines.append(f"{name}{position}: {error['message']}")
    if any(error["extensions"]["code"] == "FORBIDDEN" for error in errors):
        return Failure(f"{name}: only queries are explained.", "A mutation would change something.")
    return Failure("\n".join(lines), "Correct that and run the command again.")


def _print(explanation: dict[str, Any], errors: list[dict[str, Any]]) -> None:
    """Print an explanation on standard output, one titled part after another."""
    from gql.engine.explain import with_line_breaks

    # Square brackets in it are no markup of rich.
    console = Console(highlight=False, soft_wrap=True, markup=False)
    method, reason = explanation["way"], explanation["reason"]
    because = f", because: {reason.removesuffix('.')}" if reason else ""
    console.print(f"Answered by {method} ({_METHODS[method]}){because}.")
    for error in errors:
        console.print(f"Error: {error['message']}", style="red")
    sql = with_line_breaks(explanation["sql"] or "")
    parts = (
        ("Plan", explanation["tree"]),
        ("SQL", sql.splitlines()),
        ("Parameters", _pairs(explanation["parameters"])),
        ("Database", explanation["database"]),
        ("Rows", _pairs(explanation["rows"])),
        ("Times", _times(explanation)),
    )
    for title, lines in parts:
        if lines:
            console.print(f"\n{title}", style="bold")
            for line in lines:
                console.print(f"  {line}")


def _pairs(values: dict[str, Any]) -> list[str]:
    width = max(map(len, values), default=0)
    return [f"{name:{width}}  {value}" for name, value in values.items()]


def _times(explanation: dict[str, Any]) -> list[str]:
    """How long each step took, and the size of the answer."""
    lines = []
    for step, milliseconds in explanation["milliseconds"].items():
        cached = explanation["remembered"].get(_CACHED_BY_STEP.get(step, ""))
        lines.append(f"{step:8}{milliseconds:10.3f} ms{'  remembered' if cached else ''}")
    return [*lines, f"answer  {explanation['bytes']:10,} bytes"]
