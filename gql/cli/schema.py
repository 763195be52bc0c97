"""`jackfield schema`: the GraphQL schema as text."""

from pathlib import Path
from typing import Annotated

import typer

from gql.cli.console import Failure

COMMITTED = Path("schema.graphql")


def schema(
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Compare with the file schema.graphql instead.")
    ] = False,
) -> None:
    """Print the GraphQL schema, for code generators and for reading."""
    from gql.schema.schema import schema as built
    from gql.schema.schema_files import schema_text

    text = schema_text(built)
    if not check:
        typer.echo(text, nl=False)
    elif not COMMITTED.exists() or COMMITTED.read_text() != text:
        raise Failure("schema.graphql is not what the code says.", "Write it anew: make schema")
