"""The architecture: the packages of `gql/`, and which imports which.

`tools.docs` draws them in the README, so that the picture cannot differ from the code. It shows an
arrow for every import between two packages that no chain of other arrows implies: the transitive
reduction. What a package is for comes from its docstring, up to the first colon, semicolon or full
stop.

    python -m tools.architecture   prints files, lines and imports of each package
"""

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import grimp

ROOT = Path(__file__).parent.parent / "gql"

HEADER = (
    "```mermaid",
    "flowchart TD",
    "    %% `make docs` draws this from the imports of gql/ and the docstrings of its packages.",
)
"""How the picture begins in a page."""

CALLERS = "    callers([frontend, playground, REST caller]) --> app"

Imports = Mapping[str, frozenset[str]]
"""By package: the packages that it imports."""


@cache
def imports() -> Imports:
    """The imports between packages, without those that only type checkers follow."""
    graph = grimp.build_graph("gql", exclude_type_checking_imports=True, cache_dir=None)
    packages = [name for name in sorted(graph.find_children("gql")) if graph.find_children(name)]
    for package in packages:
        graph.squash_module(package)
    return {
        _folder(package): frozenset(
            _folder(imported)
            for imported in graph.find_modules_directly_imported_by(package)
            if imported in packages and imported != package
        )
        for package in packages
    }


def arrows(imports: Imports) -> list[tuple[str, str]]:
    """The imports that no chain of others implies, in order from the top package down.

    Raises:
        graphlib.CycleError: when packages import each other.
    """
    sorted_imports = {package: sorted(imported) for package, imported in imports.items()}
    order = list(TopologicalSorter(sorted_imports).static_order())[::-1]
    return [
        (package, imported)
        for package in order
        for imported in sorted_imports[package]
        if not any(imported in reachable(imports, other) for other in imports[package] - {imported})
    ]


def reachable(imports: Imports, package: str) -> frozenset[str]:
    """The packages that a package imports, directly or through others."""
    packages: set[str] = set()
    stack = [package]
    while stack:
        new = imports[stack.pop()] - packages
        packages |= new
        stack += new
    return frozenset(packages)


def picture() -> str:
    """The packages as a Mermaid flowchart, in a fenced block of Markdown."""
    drawn = arrows(imports())
    packages = dict.fromkeys(package for arrow in drawn for package in arrow)
    boxes = [f'    {package}["{package} — {purpose(package)}"]' for package in packages]
    lines = [f"    {package} --> {imported}" for package, imported in drawn]
    return "\n".join((*HEADER, CALLERS, *boxes, *lines, "```"))


def purpose(package: str) -> str:
    """What a package is for: the beginning of its docstring."""
    module = ast.parse((ROOT / package / "__init__.py").read_text())
    sentence = re.split(r"[:;.\n]", ast.get_docstring(module) or "")[0]
    return sentence.replace("`", "").replace('"', "'")


def table() -> Iterator[str]:
    """Files, lines and imports of each package."""
    for package, imported in sorted(imports().items()):
        files = list((ROOT / package).rglob("*.py"))
        lines = sum(len(file.read_text().splitlines()) for file in files)
        yield f"{package:12}{len(files):4} files{lines:7} lines   {', '.join(sorted(imported))}"


def main() -> int:
    """Print the table."""
    print("\n".join(table()))
    return 0


def _folder(module: str) -> str:
    return module.split(".")[1]


if __name__ == "__main__":
    sys.exit(main())
