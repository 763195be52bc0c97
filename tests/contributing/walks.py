"""Reads the walks of CONTRIBUTING.md: what each edits, what it asks then, and what is answered.

A walk is a section `## A title: 4 stops`. Inside of it, the line above every fenced block says what
the block is, in one of the forms below; anything else is an error, so nothing goes unread.

    In `path`, after `line`:                     in `path`, the block goes below that line
    In `path`, before `line`:                    or above it
    In `path`, after `line` in `other line`:     the line of the block that `other line` opens
    In `path`, with the imports:
    In `path`, at the end:
    A new file `path`:
    This query: / This mutation:                 a GraphQL document, and below it
    answers:                                     the body of the answer
    `GET /api/...` answers:                      or `answers with status 404:`
    `POST /api/...` with this body:              and below it `answers:`
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple

ANY_VALUE = "..."
"""In an answer: text that differs from one run to the next, such as an instant."""

_WALK = re.compile(r"## (?P<title>.+): (?P<stops>\d+) stops")
_STOP = re.compile(r"### (?P<number>\d+)\. .+")
_BASE = re.compile(r"It begins where \[(?P<title>.+)\]\(#.+\) ends\.")
_EDIT = re.compile(
    r"In `(?P<path>[^`]+)`, (?:(?P<side>after|before) `(?P<line>[^`]+)`(?: in `(?P<scope>[^`]+)`)?"
    r"|(?P<imports>with the imports)|(?P<end>at the end)):"
    r"|A new file `(?P<new>[^`]+)`:"
)
_DOCUMENT = re.compile(r"This (?:query|mutation):")
_REQUEST = re.compile(
    r"`(?P<method>[A-Z]+) (?P<address>/\S+)` (?:(?P<body>with this body)"
    r"|answers(?: with status (?P<status>\d{3}))?):"
)
_SUCCESS = 200
_MIGRATION = re.compile(r"gql/migrations/versions/\d{4}_(\w+)\.py")


class WalkError(Exception):
    """The document cannot be read, or does not fit the project."""


@dataclass(frozen=True)
class Edit:
    """A block that goes into a file.

    Attributes:
        side: `after` or `before` the line, with the `imports`, at the `end`, or a `new` file.
        scope: The line that opens the block of code that the line is searched in.
    """

    path: str
    side: str
    line: str | None
    scope: str | None
    text: str


@dataclass(frozen=True)
class Exchange:
    """A request and the whole body of its answer, as JSON values."""

    method: str
    address: str
    body: Any
    answer: Any
    status: int = _SUCCESS

    @property
    def is_query(self) -> bool:
        """Whether a compiled plan is to answer it as a GraphQL operation."""
        return self.address == "/graphql" and not self.body["query"].startswith("mutation")


@dataclass(frozen=True)
class Walk:
    """One section, without what it builds on.

    Attributes:
        stops: How many the title promises, those of `base` included.
        base: The title of the walk at whose end this one begins.
        numbered: The path of the file of each numbered heading.
    """

    title: str
    stops: int
    base: str | None
    edits: tuple[Edit, ...]
    exchanges: tuple[Exchange, ...]
    numbered: dict[int, str]


class _Block(NamedTuple):
    number: int | None
    introduction: str
    text: str


def read_walks(document: str) -> dict[str, Walk]:
    """Every walk by its title, in order.

    Raises:
        WalkError: for a block that is not introduced in one of the forms.
    """
    walks: dict[str, Walk] = {}
    for section in re.split(r"^(?=## )", document, flags=re.MULTILINE):
        heading = _WALK.fullmatch(section.split("\n", 1)[0])
        if heading:
            title = heading["title"]
            walks[title] = _walk(title, int(heading["stops"]), section)
    return walks


def whole(walks: dict[str, Walk], title: str) -> list[Walk]:
    """A walk with those that it builds on, in the order in which they are followed."""
    walk = walks[title]
    return [*(whole(walks, walk.base) if walk.base else []), walk]


def apply(edit: Edit, root: Path) -> str:
    """Make one edit in a copy of the project; the path of the file.

    Raises:
        WalkError: when the line is not there exactly once, or the new file is there already.
    """
    if _MIGRATION.fullmatch(edit.path):
        edit = _renumbered(edit, root)
    file = root / edit.path
    if edit.side == "new":
        if file.exists():
            raise WalkError(f"{edit.path} is there already")
        file.write_text(edit.text)
        return edit.path
    if not file.exists():
        raise WalkError(f"there is no {edit.path}")
    lines = file.read_text().splitlines()
    at = _position(edit, lines)
    lines[at:at] = edit.text.splitlines()
    file.write_text("\n".join(lines) + "\n")
    return edit.path


def differs(expected: Any, actual: Any) -> bool:
    """Whether an answer is not the expected one; `...` stands for any text."""
    if expected == ANY_VALUE and isinstance(actual, str):
        return False
    if isinstance(expected, dict) and isinstance(actual, dict):
        return list(expected) != list(actual) or any(
            differs(value, actual[key]) for key, value in expected.items()
        )
    if isinstance(expected, list) and isinstance(actual, list):
        return len(expected) != len(actual) or any(map(differs, expected, actual))
    return bool(expected != actual or type(expected) is not type(actual))


def _walk(title: str, stops: int, section: str) -> Walk:
    bases = [match["title"] for match in map(_BASE.fullmatch, section.splitlines()) if match]
    edits: list[Edit] = []
    exchanges: list[Exchange] = []
    numbered: dict[int, str] = {}
    request: tuple[str, str, Any] | None = None
    for number, introduction, text in _blocks(section):
        edit = _EDIT.fullmatch(introduction)
        sent = _REQUEST.fullmatch(introduction)
        if (introduction == "answers:") != (request is not None):
            raise WalkError(f"{title}: a request is not followed by `answers:`: {introduction!r}")
        if request is not None:
            exchanges.append(Exchange(*request, json.loads(text)))
            request = None
        elif edit:
            edits.append(_edit(edit, text))
            if number is not None and numbered.setdefault(number, edits[-1].path) != edits[-1].path:
                raise WalkError(f"{title}: stop {number} edits two files")
        elif _DOCUMENT.fullmatch(introduction):
            request = ("POST", "/graphql", {"query": text})
        elif sent and sent["body"]:
            request = (sent["method"], sent["address"], json.loads(text))
        elif sent:
            status = int(sent["status"] or _SUCCESS)
            exchange = Exchange(sent["method"], sent["address"], None, json.loads(text), status)
            exchanges.append(exchange)
        else:
            raise WalkError(f"{title}: a block is introduced by {introduction!r}")
    if request is not None:
        raise WalkError(f"{title}: the last request has no answer")
    return Walk(title, stops, bases[0] if bases else None, tuple(edits), tuple(exchanges), numbered)


def _blocks(section: str) -> Iterator[_Block]:
    """The fenced blocks, each with the number of its stop and the line above it."""
    number: int | None = None
    introduction = ""
    lines = iter(section.splitlines())
    for line in lines:
        if line.startswith("```"):
            text = "".join(f"{each}\n" for each in takewhile(lambda each: each != "```", lines))
            yield _Block(number, introduction, text)
            introduction = ""
        elif line.startswith("### "):
            stop = _STOP.fullmatch(line)
            number = int(stop["number"]) if stop else None
        elif line:
            introduction = line


def _edit(match: re.Match[str], text: str) -> Edit:
    if match["new"]:
        return Edit(match["new"], "new", None, None, text)
    side = match["side"] or ("imports" if match["imports"] else "end")
    return Edit(match["path"], side, match["line"], match["scope"], text)


def _position(edit: Edit, lines: list[str]) -> int:
    """The index in the lines of a file at which the block goes in."""
    if edit.side == "end":
        return len(lines)
    if edit.side == "imports":
        return next(
            index for index, line in enumerate(lines) if line.startswith(("from ", "import "))
        )
    start, end = 0, len(lines)
    if edit.scope is not None:
        start = _only(edit.path, edit.scope, lines, 0, len(lines)) + 1
        indent = _indent(lines[start - 1])
        inner = takewhile(
            lambda line: not line.strip() or _indent(line) > indent or line.strip()[0] in ")]}",
            lines[start:],
        )
        end = start + len(list(inner))
    assert edit.line is not None
    at = _only(edit.path, edit.line, lines, start, end)
    return at + 1 if edit.side == "after" else at


def _only(path: str, line: str, lines: list[str], start: int, end: int) -> int:
    positions = [index for index in range(start, end) if lines[index].strip() == line]
    if len(positions) != 1:
        raise WalkError(f"{path}: the line `{line}` is there {len(positions)} times")
    return positions[0]


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _renumbered(edit: Edit, root: Path) -> Edit:
    """A migration as the next one: other migrations have come since the document was written."""
    versions = root / "gql" / "migrations" / "versions"
    newest = max(path.stem for path in versions.glob("[0-9]*.py"))
    old = Path(edit.path).stem
    new = f"{int(newest[:4]) + 1:04d}{old[4:]}"
    text, count = re.subn(
        r'^down_revision = ".*"$', f'down_revision = "{newest}"', edit.text, flags=re.MULTILINE
    )
    if count != 1 or f'revision = "{old}"' not in edit.text:
        raise WalkError(f"{edit.path}: a migration needs its own name and the one before")
    path = versions.relative_to(root) / f"{new}.py"
    return Edit(str(path), edit.side, None, None, text.replace(old, new))
