"""`jackfield explain` shows how a query is answered, and what is wrong with one that is not."""

import io
import json
import re
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.databases import Copy

QUERY = """query Calls($status: CallStatus) {
  calls(first: 2, filter: {status: {eq: $status}}) { nodes { id } }
}
query Graph { graph(id: 1) { name } }
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "calls.graphql"
    path.write_text(QUERY)
    return path.name


async def test_plan_sql_database_rows_and_times_are_printed(
    cli: Cli, shared: Copy, file: str
) -> None:
    result = await cli(
        *("explain", file, "--operation", "Calls", "--database", shared.url),
        *("--variables", '{"status": "COMPLETED"}'),
    )

    assert (result.code, result.err) == (0, "")
    parts = re.split(r"\n\n(?=\w+\n  )", result.out)
    assert parts[0] == "Answered by plan (one statement)."
    assert [part.splitlines()[0] for part in parts[1:]] == [
        *("Plan", "SQL", "Parameters", "Database", "Rows", "Times")
    ]
    assert parts[1] == (
        "Plan\n"
        "  data\n"
        "    calls: Connection(resource=call, argument=0)\n"
        "      nodes: Nodes\n"
        "        id: GlobalId"
    )
    assert '\'{"data":{"calls":\'' in parts[2]
    assert any(
        line.startswith("  WHERE call_1.organization_id = ") for line in parts[2].split("\n")
    )
    assert "arg0_filter0_0   completed" in parts[3]
    assert parts[5] == "Rows\n  calls.nodes  2"
    steps = [line.split()[0] for line in parts[6].splitlines()[1:]]
    assert steps == ["parse", "plan", "compile", "run", "answer"]


async def test_json_is_the_same_as_the_header_gives(cli: Cli, shared: Copy, file: str) -> None:
    words = ("explain", file, "--operation", "Graph", "--json", "--database", shared.url)

    result = await cli(*words, "--organization", "2")

    explanation = json.loads(result.out)
    assert (explanation["way"], explanation["parameters"]["organization_id"]) == ("plan", 2)
    assert list(explanation) == [
        *("way", "reason", "points", "tree", "sql", "parameters", "database", "rows", "bytes"),
        *("remembered", "milliseconds"),
    ]


async def test_standard_input_is_read(
    cli: Cli, shared: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("{ smsSessions { __typename } }"))

    result = await cli("explain", "-", "--database", shared.url)

    first = result.out.splitlines()[0]
    assert first == "Answered by resolvers (field by field), because: unsupported: smsSessions."


async def test_what_is_wrong_is_said_with_its_place(
    cli: Cli, shared: Copy, tmp_path: Path, file: str
) -> None:
    broken, mutation = tmp_path / "broken.graphql", tmp_path / "mutation.graphql"
    broken.write_text("{\n  calls {\n")
    mutation.write_text('mutation { deleteGraph(input: {id: "graph_1"}) { deletedId } }')
    unknown = tmp_path / "unknown.graphql"
    unknown.write_text("{ calls { nodse { id } } }")
    cases = {
        ("nowhere.graphql",): "nowhere.graphql: No such file or directory.",
        (broken.name,): "broken.graphql:3:1: Syntax Error: Expected Name, found <EOF>.",
        (unknown.name,): "unknown.graphql:1:11: Cannot query field 'nodse'",
        (mutation.name,): "mutation.graphql: only queries are explained.",
        (file,): "The document has 2 operations; name one in operationName: Calls, Graph.",
        (file, "--variables", "{"): "The variables are not JSON: ",
        (file, "--variables", "[]"): "The variables are not a JSON object.",
        (file, "--organization", "99"): "There is no organization 99.",
    }
    for words, problem in cases.items():
        result = await cli("explain", *words, "--database", shared.url)

        assert (result.code, result.out) == (1, "")
        assert problem in result.err
        assert len(result.err.splitlines()) == 2


async def test_arguments_that_are_refused_are_shown_as_errors(
    cli: Cli, shared: Copy, tmp_path: Path
) -> None:
    (tmp_path / "bad.graphql").write_text("{ calls(first: -1) { totalCount } }")
    (tmp_path / "none.graphql").write_text("query($ids: [ID!]!) { nodes(ids: $ids) { id } }")

    refused = await cli("explain", "bad.graphql", "--database", shared.url)
    missing = await cli("explain", "none.graphql", "--database", shared.url)

    assert refused.code == missing.code == 0
    assert "\nError: `first` is -1, but must be between 0 and 100.\n" in refused.out
    assert missing.out.splitlines()[0] == (
        "Answered by resolvers (field by field), because: arguments: "
        "Variable '$ids' has invalid value: "
        "Expected a value of non-null type '[ID!]!' to be provided."
    )
