"""`schema` prints the schema, and compares it with the committed copy."""

from pathlib import Path

from graphql import build_schema

from tests.cli.conftest import Cli
from tests.live import ROOT


async def test_the_committed_schema_is_the_one_of_the_code(cli: Cli) -> None:
    result = await cli("schema")

    assert result.code == 0
    assert build_schema(result.out).query_type is not None
    assert (ROOT / "schema.graphql").read_text() == result.out


async def test_a_copy_that_differs_is_a_failure_that_says_what_to_do(
    cli: Cli, tmp_path: Path
) -> None:
    missing = await cli("schema", "--check")
    (tmp_path / "schema.graphql").write_text((await cli("schema")).out)
    same = await cli("schema", "--check")
    (tmp_path / "schema.graphql").write_text("type Query { a: Int }\n")
    other = await cli("schema", "--check")

    assert (missing.code, same.code, other.code) == (1, 0, 1)
    assert other.err == ("schema.graphql is not what the code says.\nWrite it anew: make schema\n")
