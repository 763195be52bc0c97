"""CONTRIBUTING.md is true: who follows its walks, block by block, gets what it promises.

Each walk is followed in a copy of the project. What was added has to answer over HTTP on SQLite and
PostgreSQL, by plans and by resolvers, with the bodies that the document prints.
"""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from graphql import build_schema, find_breaking_changes

from tests.contributing.walks import (
    Edit,
    Exchange,
    Walk,
    WalkError,
    apply,
    differs,
    read_walks,
    whole,
)
from tests.databases import KINDS, Databases, settings_for, without_settings
from tests.live import ROOT

DOCUMENT = (ROOT / "CONTRIBUTING.md").read_text()
WALKS = read_walks(DOCUMENT)
NOT_COPIED = shutil.ignore_patterns(
    *(".git", ".venv", "var", "node_modules", "static", ".*_cache", ".hypothesis")
)

DOCUMENTED_SEED = 1
"""Of the demo data that the document's answers show: that of a first `make serve`."""

Forked = subprocess.Popen[str]


@dataclass(frozen=True)
class Followed:
    """A walk that was followed in a copy of the project.

    Attributes:
        edited: The files that were edited or made, each once, in order.
        exchanges: What the document asks, those of the walks that this one builds on first.
        report: See `tests/contributing/followed.py`.
    """

    walk: Walk
    root: Path
    edited: list[str]
    exchanges: list[Exchange]
    report: dict[str, Any]


@pytest.fixture(scope="module")
def forked() -> Iterator[Forked]:
    """A process that follows walks: see `tests/contributing/forked.py`."""
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).parent / "forked.py")],
        env=without_settings(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        yield process
        process.communicate()


@pytest.fixture(scope="module", params=WALKS)
async def followed(
    request: pytest.FixtureRequest,
    databases: Databases,
    forked: Forked,
    tmp_path_factory: pytest.TempPathFactory,
) -> Followed:
    root = tmp_path_factory.mktemp("copy") / "project"
    shutil.copytree(ROOT, root, ignore=NOT_COPIED)  # byte code too, so that little is compiled
    (root / "gql" / "static").symlink_to(ROOT / "gql" / "static")
    walks = whole(WALKS, request.param)
    edited = list(dict.fromkeys(apply(edit, root) for walk in walks for edit in walk.edits))
    exchanges = [exchange for walk in walks for exchange in walk.exchanges]
    fix(edited, root)
    async with databases_for(walks, databases) as lent:
        report = follow(
            forked,
            root=str(root),
            edited=edited,
            requests=[
                {"method": each.method, "address": each.address, "body": each.body}
                for each in exchanges
            ],
            databases=lent,
            secret_key=secret_key(),
        )
    return Followed(walks[-1], root, edited, exchanges, report)


@asynccontextmanager
async def databases_for(
    walks: list[Walk], databases: Databases
) -> AsyncIterator[dict[str, dict[str, Any]]]:
    """What `TaskDatabases` says, by kind; the copy loads the demo data that a walk has changed."""
    paths = [edit.path for walk in walks for edit in walk.edits]
    is_demo_changed = any("/demo/" in path for path in paths)
    has_migration = any("/migrations/" in edit.path for edit in walks[-1].edits)
    lent: dict[str, dict[str, Any]] = {}
    for kind in KINDS:
        empty = [await databases.empty(kind) for _ in range(3 if has_migration else 0)]
        if is_demo_changed:
            run_on, api_key = [await databases.empty(kind) for _ in range(2)], None
        else:
            copies = [await databases.copy(kind, DOCUMENTED_SEED) for _ in range(2)]
            run_on, api_key = [copy.url for copy in copies], copies[0].organizations[0].api_key
        lent[kind] = {"run_on": run_on, "empty": empty, "api_key": api_key}
    yield lent
    for each in lent.values():
        for url in (*each["run_on"], *each["empty"]):
            await databases.drop(url)


def secret_key() -> str:
    """What the keys in the tests' databases are made with."""
    key = settings_for("sqlite:///unused.db").secret_key
    assert key is not None
    return key.get_secret_value()


def follow(forked: Forked, **task: Any) -> Any:
    """Have a task done in a fork; its report."""
    assert forked.stdin is not None
    assert forked.stdout is not None
    forked.stdin.write(json.dumps(task) + "\n")
    forked.stdin.flush()
    answer = json.loads(forked.stdout.readline())
    assert "report" in answer, answer["failed"]
    return answer["report"]


def fix(files: list[str], root: Path) -> None:
    """What `make fix` does, to the files that were edited."""
    for command in (("check", "--fix"), ("format",)):
        run(root, "-m", "ruff", *command, "--quiet", *files)


def run(root: Path, *arguments: str) -> None:
    """Run Python in the copy."""
    done = subprocess.run(
        [sys.executable, *arguments], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_was_added_answers_as_the_document_says(followed: Followed) -> None:
    runs = followed.report["runs"]

    for ran in runs:
        for exchange, (status, answer) in zip(followed.exchanges, ran["answers"], strict=True):
            run_as = f"{ran['kind']}, compiled={ran['compiled']}"
            text = json.dumps(answer, indent=2, ensure_ascii=False)
            assert not differs(exchange.answer, answer), f"{run_as}: {exchange}\n{status} {text}"
            assert status == exchange.status, run_as
    assert [(ran["kind"], ran["compiled"]) for ran in runs] == [
        (kind, compiled) for kind in KINDS for compiled in (True, False)
    ]
    assert followed.walk.exchanges


def test_every_query_is_answered_by_a_plan_unless_that_is_off(followed: Followed) -> None:
    queries = sum(exchange.is_query for exchange in followed.exchanges)

    for ran in followed.report["runs"]:
        assert ran["operations"].get("plan", 0) == (queries if ran["compiled"] else 0)


def test_the_linters_have_nothing_to_say(followed: Followed) -> None:
    assert followed.report["findings"] == []
    for command in (("check",), ("format", "--check")):
        run(followed.root, "-m", "ruff", *command, "--quiet", *followed.edited)


def test_the_schema_grows_where_it_is_edited_and_breaks_nobody(followed: Followed) -> None:
    before = (ROOT / "schema.graphql").read_text()
    after = followed.report["schema"]

    assert (before != after) is any(name.startswith("gql/schema/") for name in followed.edited)
    assert find_breaking_changes(build_schema(before), build_schema(after)) == []


def test_a_title_promises_as_many_stops_as_there_are(followed: Followed) -> None:
    """A stop is a file; its heading has the next number, and the stops of a base come first."""
    walks = whole(WALKS, followed.walk.title)
    numbered = [item for walk in walks for item in walk.numbered.items()]

    assert [number for number, _ in numbered] == list(range(1, followed.walk.stops + 1))
    edited = [edit.path for walk in walks for edit in walk.edits]
    assert [path for _, path in numbered] == list(dict.fromkeys(edited))


def test_the_walks_are_those_of_the_introduction() -> None:
    """What a contributor adds most often; the list above them leads to each."""
    listed = re.findall(r"^- \[(.+)\]\(#(.+)\)", DOCUMENT, re.MULTILINE)

    titles = {f"{walk.title}: {walk.stops} stops" for walk in WALKS.values()}
    assert {title for title, _ in listed} == titles
    assert all(anchor == _anchor(title) for title, anchor in listed)
    assert len(WALKS) == 6


def test_every_link_and_every_verb_of_make_is_there() -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", DOCUMENT)
    verbs = re.findall(r"^make (\w+)", DOCUMENT, re.MULTILINE)

    assert [link for link in links if not (ROOT / link).exists()] == []
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert verbs
    assert set(verbs) <= set(targets)


@pytest.mark.parametrize(
    ("line", "scope", "message"),
    [
        ("x: int", None, "file.py: the line `x: int` is there 2 times"),
        ("z: int", None, "file.py: the line `z: int` is there 0 times"),
        ("y: int", "class A:", "file.py: the line `y: int` is there 0 times"),
        ("x: int", "class C:", "file.py: the line `class C:` is there 0 times"),
    ],
)
def test_an_edit_needs_its_line_exactly_once(
    tmp_path: Path, line: str, scope: str | None, message: str
) -> None:
    (tmp_path / "file.py").write_text("class A:\n    x: int\n\nclass B:\n    x: int\n    y: int\n")

    with pytest.raises(WalkError) as raised:
        apply(Edit("file.py", "after", line, scope, "    new: int\n"), tmp_path)

    assert str(raised.value) == message


def test_an_edit_goes_beside_its_line(tmp_path: Path) -> None:
    file = tmp_path / "file.py"
    file.write_text("import a\n\nclass A:\n    x: int\n\nclass B:\n    x: int\n")

    apply(Edit("file.py", "after", "x: int", "class A:", "    y: int\n"), tmp_path)
    apply(Edit("file.py", "before", "class B:", None, "\n"), tmp_path)
    apply(Edit("file.py", "imports", None, None, "import b\n"), tmp_path)
    apply(Edit("file.py", "end", None, None, "\nclass C: ...\n"), tmp_path)

    assert file.read_text() == (
        "import b\nimport a\n\nclass A:\n    x: int\n    y: int\n\n\n"
        "class B:\n    x: int\n\nclass C: ...\n"
    )


@pytest.mark.parametrize(
    "section",
    [
        "Somewhere in the model:\n\n```python\nx: int\n```\n",
        "```python\nx: int\n```\n",
        "This query:\n\n```graphql\n{ a }\n```\n",
        "This query:\n\n```graphql\n{ a }\n```\n\nIn `a.py`, at the end:\n\n```python\nx\n```\n",
        "answers:\n\n```json\n{}\n```\n",
        "### 1. A\n\nA new file `a`:\n\n```\nx\n```\n\nA new file `b`:\n\n```\nx\n```\n",
    ],
)
def test_a_block_that_nobody_can_place_is_an_error(section: str) -> None:
    with pytest.raises(WalkError):
        read_walks(f"# Contributing\n\n## A walk: 1 stops\n\n{section}")


@pytest.mark.parametrize(
    ("expected", "actual", "is_different"),
    [
        ({"a": [1, "..."]}, {"a": [1, "2026-11-28"]}, False),
        ({"a": "..."}, {"a": None}, True),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ({"a": 1}, {"a": 1, "b": 2}, True),
        ([1], [1, 2], True),
        ({"a": 1}, {"a": True}, True),
    ],
)
def test_answers_are_compared_whole(expected: Any, actual: Any, *, is_different: bool) -> None:
    assert differs(expected, actual) is is_different


def _anchor(title: str) -> str:
    """The anchor that Markdown readers make of a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
