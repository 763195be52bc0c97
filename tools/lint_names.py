"""Fails on names that make a reader guess: riddles, and one spelling for two things.

A riddle says nothing about what it names: `given`, `found`, `thing`. A double is a public class or
function that two modules of `gql/` define at their top level, so that a search finds the wrong one.

    python -m tools.lint_names
"""

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOTS = ("gql", "tests", "tools", "benchmarks")

RIDDLES = frozenset(
    {
        *(
            "asked",
            "fact",
            "facts",
            "found",
            "given",
            "gone",
            "got",
            "heard",
            "it",
            "kept",
            "known",
        ),
        *("made", "memo", "memos", "mine", "ours", "place", "places", "proven", "remembered"),
        *("room", "rooms", "said", "taken", "thing", "things", "told", "turn", "turns", "wanted"),
        *("way", "ways", "whoever"),
    }
)
"""Words that may not be a name, or a part of one between underscores."""

STANDARD_NAMES = re.compile(
    r"not_found|remembered_ttl"  # an error and a setting of the public interface
    r"|path_taken|per_turn|turn_duration|(user|ai)_turns"  # fields of the REST contract
    r"|connection_made"  # a method of asyncio.Protocol
    r"|\bsaid\b"  # a filter of the public interface
)
"""Parts of names that are other people's, or promised to them."""

LEVELS = ("gql/models", "gql/domain", "gql/schema", "gql/rest/routes")
"""A noun or an operation has the same name in each: table, function, GraphQL and REST."""

DOUBLES: Mapping[str, str] = {
    "main": "what a command or module runs",
    "migrate": "the command `jackfield migrate` and the function that it calls",
}
"""Names that may stand twice, and why."""


@dataclass(frozen=True, order=True)
class Finding:
    """A name that has to change."""

    path: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.reason}"


def riddles(source: str, path: str) -> Iterator[Finding]:
    """The riddles that a module defines: parameters, variables, attributes, functions, classes."""
    for name, line in _defined_names(ast.parse(source, path)):
        if name.startswith("test_"):
            continue  # a sentence
        words = STANDARD_NAMES.sub("", name.lower()).split("_")
        if not RIDDLES.isdisjoint(words):
            yield Finding(path, line, f"{name} is a riddle; name what it holds")


def doubles(modules: Mapping[str, str]) -> Iterator[Finding]:
    """Public top-level classes and functions of one spelling, from path -> source.

    One per level is no double: see `LEVELS`.
    """
    definitions_by_name: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
    for path, source in modules.items():
        for node in ast.parse(source, path).body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                definitions_by_name[node.name].append((path, node.lineno))
    for name, definitions in definitions_by_name.items():
        if name.startswith("_") or name in DOUBLES:
            continue
        levels = {_level(path) for path, _ in definitions}
        if len(definitions) > max(1, len(levels - {None})) or (None in levels and len(levels) > 1):
            for path, line in definitions:
                others = ", ".join(other for other, _ in definitions if other != path)
                yield Finding(path, line, f"{name} is defined in {others} too")


def main() -> int:
    """Print what has to change; 1 when something does."""
    modules = {path: Path(path).read_text() for path in _files(["gql"]) if "versions" not in path}
    findings = [
        *(finding for path in _files(ROOTS) for finding in riddles(Path(path).read_text(), path)),
        *doubles(modules),
    ]
    for finding in sorted(findings):
        print(finding)
    return 1 if findings else 0


def _defined_names(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store(), lineno=line):
                yield name, line
            case ast.Attribute(attr=name, ctx=ast.Store(), lineno=line):
                yield name, line
            case ast.arg(arg=name, lineno=line):
                yield name, line
            case (
                ast.ClassDef(name=name, lineno=line)
                | ast.FunctionDef(name=name, lineno=line)
                | ast.AsyncFunctionDef(name=name, lineno=line)
            ):
                yield name, line


def _level(path: str) -> str | None:
    return next((level for level in LEVELS if path.startswith(level + "/")), None)


def _files(roots: Iterable[str]) -> list[str]:
    return sorted(str(path) for root in roots for path in Path(root).rglob("*.py"))


if __name__ == "__main__":
    sys.exit(main())
