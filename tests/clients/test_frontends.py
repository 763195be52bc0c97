"""Everything on `docs/frontends.md`, run as it stands there by the real clients.

They come with `make clients`, which needs Node; without it these tests are skipped and say so.
"""

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from itertools import count, takewhile
from pathlib import Path
from typing import Any

import httpx2
import pytest
from graphql import build_schema, is_object_type

from tests.live import ROOT, LiveServer

PAGE = ROOT / "docs" / "frontends.md"
BLOCK = re.compile(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```\n", re.DOTALL)
FILES = dict(BLOCK.findall(PAGE.read_text()))
CLIENTS = ROOT / "var" / "clients"
READY = CLIENTS / "ready.stamp"
NODE_MODULES = Path(__file__).parent / "node_modules"
NEEDED = ("node", "npx", "curl")
CODEGEN_NODE = 20
"""The oldest version of Node that GraphQL Code Generator 7 runs on; the others run on 18."""

TSC = (
    *("npx", "tsc", "--noEmit", "--strict", "--skipLibCheck", "--target", "es2022"),
    *("--module", "esnext", "--moduleResolution", "bundler"),
)
WRONG = """import { GraphQLClient } from "graphql-request";
import { CallsDocument } from "./generated";
const client = new GraphQLClient("");
const { calls } = await client.request(CallsDocument, { first: "100" });
const total: number = calls!.edges[0].node.cost!.total!;
const nothing = calls!.edges[0].node.callSid;
export { nothing, total };
"""

Run = Callable[..., str]


# First of all, since a server that nobody asks would start for seconds.
pytestmark = pytest.mark.usefixtures("installed")


@pytest.fixture(scope="session")
def installed() -> None:
    """Skip the test where the clients are not."""
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing or not READY.exists() or not NODE_MODULES.exists():
        why = f"there is no {missing[0]}" if missing else "run `make clients` first"
        pytest.skip(f"docs/frontends.md WAS NOT TESTED: {why}")


@pytest.fixture(scope="session")
def folder(live_server: LiveServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A frontend's folder with the files of the page, and the schema that its commands fetch."""
    folder = tmp_path_factory.mktemp("frontend")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "node_modules").symlink_to(NODE_MODULES)
    start(folder, live_server, "sh", "download.sh")
    return folder


@pytest.fixture
def run(folder: Path, live_server: LiveServer) -> Run:
    """Runs a command in the folder and returns what it prints."""
    return lambda *command: start(folder, live_server, *command)


def start(folder: Path, server: LiveServer, *command: str) -> str:
    """What a command prints; it is an error when it fails, or a program of the page complains."""
    python = CLIENTS / ("gql" if "python_gql.py" in command else "ariadne") / "bin"
    result = subprocess.run(
        command,
        cwd=folder,
        env={
            "PATH": f"{python}:{os.environ['PATH']}",
            "HOME": str(folder),
            "JACKFIELD_URL": server.url,
            "JACKFIELD_KEY": server.api_key,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert command[0] != "node" or result.stderr == ""
    return result.stdout


@pytest.fixture
def newest(live_server: LiveServer) -> list[str]:
    """The ids of the six newest calls, asked for without a client."""
    data = answer(live_server, "{ calls(first: 6) { nodes { id } } }")
    return [node["id"] for node in data["calls"]["nodes"]]


def answer(server: LiveServer, query: str) -> Any:
    response = httpx2.post(
        f"{server.url}/graphql",
        json={"query": query},
        headers={"Authorization": f"Bearer {server.api_key}"},
        timeout=None,
    )
    return response.json()["data"]


def test_the_schema_is_downloaded(folder: Path) -> None:
    assert (folder / "schema.graphql").read_text() == (ROOT / "schema.graphql").read_text()
    assert "CallRecord" in json.loads((folder / "possible-types.json").read_text())


def test_graphql_codegen_makes_types_that_typescript_checks(folder: Path, run: Run) -> None:
    version = run("node", "--version")
    if int(version[1:].split(".")[0]) < CODEGEN_NODE:
        pytest.skip(f"GraphQL Code Generator WAS NOT TESTED: it needs Node 20, this is {version}")
    run("sh", "codegen.sh")
    run(*TSC, "typed.ts")
    (folder / "wrong.ts").write_text(WRONG)

    with pytest.raises(AssertionError) as failure:
        run(*TSC, "wrong.ts")

    lines = set(re.findall(r"wrong\.ts\((\d+),", str(failure.value)))
    assert lines == {"4", "5", "6"}


def test_graphql_request(run: Run) -> None:
    assert json.loads(run("node", "graphql-request.mjs")) == {
        "name": "Customer Service Router",
        "nodes": 3,
    }


def test_apollo_puts_pages_together_and_knows_interfaces(run: Run, newest: list[str]) -> None:
    assert json.loads(run("node", "apollo.mjs")) == {"ids": newest, "who": True}


def test_apollo_goes_on_without_persisted_queries(run: Run) -> None:
    assert json.loads(run("node", "apollo-persisted.mjs")) == {
        "__typename": "AssistantGraph",
        "id": "graph_1",
        "name": "Customer Service Router",
    }


def test_urql_puts_pages_together_and_knows_what_has_no_id(run: Run, newest: list[str]) -> None:
    types = build_schema((ROOT / "schema.graphql").read_text()).type_map.items()
    of_graphcache = re.compile(
        r"__|Query|Mutation|Subscription|PageInfo|.*(Connection|Edge|Payload)$"
    )
    embedded = {
        name
        for name, kind in types
        if is_object_type(kind) and "id" not in kind.fields and not of_graphcache.match(name)
    }
    assert set(re.findall(r"(\w+): embedded", FILES["urql.mjs"])) == embedded
    assert json.loads(run("node", "urql.mjs")) == {"ids": newest, "cached": 6}


def test_relay_compiles_pages_and_mutates(run: Run, newest: list[str]) -> None:
    run("sh", "relay.sh")

    assert json.loads(run("node", "relay.mjs")) == {
        "ids": newest,
        "reviewed": True,
        "userErrors": [],
    }


@pytest.mark.parametrize("program", ["follow-sse.mjs", "follow-ws.mjs"])
def test_a_subscriber_that_comes_again_misses_nothing(
    folder: Path, live_server: LiveServer, program: str
) -> None:
    events = json.loads(run_beside_writes(folder, live_server, program))

    numbers = [int(event["eventId"].partition("-")[0]) for event in events]
    assert {event["kind"] for event in events} == {"GRAPH_UPDATED"}
    assert numbers == list(range(numbers[0], numbers[0] + 3))


def test_the_position_of_a_subscriber_who_is_shown_nothing_moves(
    folder: Path, live_server: LiveServer
) -> None:
    printed = json.loads(run_beside_writes(folder, live_server, "follow-ws-some.mjs"))

    first, second = (int(position.partition("-")[0]) for position in printed["seen"])
    assert 0 < first < second
    assert printed["shown"] == []


@pytest.mark.parametrize("program", ["apollo-follow.mjs", "urql-follow.mjs"])
def test_a_change_is_shown_by_the_links_of(
    folder: Path, live_server: LiveServer, program: str
) -> None:
    event = json.loads(run_beside_writes(folder, live_server, program))

    assert event == {"kind": "GRAPH_UPDATED", "id": "graph_1"}


def run_beside_writes(folder: Path, server: LiveServer, program: str) -> str:
    """What a program prints, while a graph is changed again and again until it has ended."""
    change = """mutation {{ updateGraph(input: {{
        id: "graph_1", description: "The {}th" }}) {{ graph {{ id }} }} }}"""
    with ThreadPoolExecutor(1) as thread:
        printed = thread.submit(start, folder, server, "node", program)
        for number in takewhile(lambda _: not printed.done(), count()):
            payload = answer(server, change.format(number))["updateGraph"]
            assert payload == {"graph": {"id": "graph_1"}}
            time.sleep(0.05)  # within the rate limit of a key, while Node starts
        return printed.result()


def test_gql_of_pypi(run: Run) -> None:
    assert json.loads(run("python", "python_gql.py")) == {
        "name": "Customer Service Router",
        "nodes": 3,
    }


def test_ariadne_codegen(run: Run, live_server: LiveServer) -> None:
    data = answer(
        live_server,
        "{ calls(first: 100, filter: {status: {eq: COMPLETED}}) { nodes { cost { total } } } }",
    )
    totals = [node["cost"]["total"] for node in data["calls"]["nodes"] if node["cost"]]

    run("sh", "ariadne.sh")
    printed = json.loads(run("python", "python_ariadne.py"))

    assert printed["calls"] == len(data["calls"]["nodes"]) > 0
    # Exact, as both are sums of decimals.
    assert printed["total"] == str(sum(map(Decimal, filter(None, totals)), Decimal(0)))
