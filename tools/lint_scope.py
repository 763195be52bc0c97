"""Fails when code outside `gql/models/scope.py` decides by itself to whom a row belongs.

A filter on `organization_id` that is written twice will one day be written wrong once, and then one
tenant reads another's calls. So there is one function that writes it, and this looks for a second:
a comparison (`==`, `in`, `.in_(...)`, `operator.eq`), `filter_by(organization_id=...)`, SQL text.
Reading the column, ordering by it and inserting it are fine. `same_owner`, which compares two rows
and binds no organization, is for accounts, migrations and the queue of webhooks alone.

    python -m tools.lint_scope [PATH ...]
"""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

COLUMN = "organization_id"
ROOT = Path("gql")
ALLOWED = frozenset({ROOT / "models" / "scope.py"})
"""Where the filter lives."""

LINKING = "same_owner"
"""Finds the organization by a row, where it is not known yet."""
LINKED = (ROOT / "accounts", ROOT / "migrations", ROOT / "webhooks" / "queue.py")
"""Where it may: at global tables, in what looks for rows that no organization may have, and in what
asks whose webhooks are due."""

COMPARING_METHODS = frozenset(
    {
        *("in_", "not_in", "notin_", "is_", "is_not", "is_distinct_from", "is_not_distinct_from"),
        *("op", "bool_op", "between", "any_", "like", "ilike", "contains", "startswith"),
        *("endswith", "regexp_match", "__eq__", "__ne__"),
    }
)
COMPARING_FUNCTIONS = frozenset({"eq", "ne", "lt", "le", "gt", "ge", "between", "tuple_"})
FILTERING_METHODS = frozenset({"filter_by"})

_LINKS = f"{LINKING} binds no organization"

_SQL = re.compile(
    rf"\b{COLUMN}\b[\"'\])]*\s*(=|<>|!=|<|>|\bIN\b|\bNOT\b|\bIS\b|\bBETWEEN\b|\bLIKE\b)"
    rf"|(=|<>|!=)\s*[\"'\w.]*\b{COLUMN}\b",
    re.IGNORECASE,
)
_EQUALITY = (ast.Eq, ast.NotEq, ast.In, ast.NotIn, ast.Lt, ast.LtE, ast.Gt, ast.GtE)


@dataclass(frozen=True, order=True)
class Finding:
    """A place that decides to whom a row belongs."""

    path: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.reason}; use gql.models.scope.owned"


def lint(paths: list[Path]) -> list[Finding]:
    """Every finding in the Python files of folders, or in files."""
    files = [file for path in paths for file in ([path] if path.is_file() else path.rglob("*.py"))]
    return sorted(
        finding
        for file in files
        if file not in ALLOWED
        for finding in findings(file.read_text(), str(file))
        if not (finding.reason == _LINKS and any(map(file.is_relative_to, LINKED)))
    )


def findings(source: str, path: str) -> Iterator[Finding]:
    """What is wrong in one module.

    Args:
        source: Its text.
        path: What to call it.
    """
    tree = ast.parse(source, path)
    prose = _docstrings(tree)
    for node in ast.walk(tree):
        reason = None if id(node) in prose else _reason(node)
        if reason is not None:
            yield Finding(path, getattr(node, "lineno", 0), reason)


def main() -> int:
    """Print what is wrong; 1 when something is."""
    findings = lint([Path(argument) for argument in sys.argv[1:]] or [ROOT])
    for finding in findings:
        print(finding)
    return 1 if findings else 0


def _reason(node: ast.AST) -> str | None:
    """What is wrong with a node by itself, without what is in it."""
    if isinstance(node, ast.Compare):
        operands = [node.left, *node.comparators]
        compares = any(isinstance(operator, _EQUALITY) for operator in node.ops)
        if compares and any(_is_owner(operand) for operand in operands):
            return f"{COLUMN} is compared"
    if isinstance(node, ast.Call):
        return _reason_of_call(node)
    if isinstance(node, ast.ImportFrom) and LINKING in {name.name for name in node.names}:
        return _LINKS
    if isinstance(node, ast.Attribute) and node.attr == LINKING:
        return _LINKS
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and _SQL.search(node.value):
        return f"{COLUMN} is compared in SQL text"
    return None


def _reason_of_call(call: ast.Call) -> str | None:
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if name in FILTERING_METHODS and any(keyword.arg == COLUMN for keyword in call.keywords):
        return f"{COLUMN} is given to {name}"
    if isinstance(function, ast.Attribute) and name in COMPARING_METHODS:
        if _is_owner(function.value):
            return f"{COLUMN}.{name} is called"
        if any(_is_owner(argument) for argument in call.args):
            return f"{COLUMN} is given to {name}"
    if name in COMPARING_FUNCTIONS and any(_is_owner(argument) for argument in call.args):
        return f"{COLUMN} is given to {name}"
    return None


def _is_owner(node: ast.AST) -> bool:
    """Whether an expression stands for the column, or for a value read from it."""
    if isinstance(node, ast.Attribute):
        return node.attr == COLUMN
    if isinstance(node, ast.Subscript):
        return _is_name_of_column(node.slice)
    if isinstance(node, ast.Call):
        return _call_is_owner(node)
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return any(_is_owner(element) for element in node.elts)
    return isinstance(node, ast.NamedExpr) and _is_owner(node.value)


def _call_is_owner(call: ast.Call) -> bool:
    """Whether a call answers the column: `col(x)`, `getattr(x, "...")`, `owner(x)`."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name in {"owner", "column", "literal_column"} and call.args:
        return name == "owner" or _is_name_of_column(call.args[0])
    if name in {"getattr", "get"}:
        return any(_is_name_of_column(argument) for argument in call.args)
    return name in {"col", "cast", "label", "func", "coalesce"} and any(
        _is_owner(argument) for argument in call.args
    )


def _is_name_of_column(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value == COLUMN


def _docstrings(tree: ast.Module) -> frozenset[int]:
    """The string statements, which are prose: docstrings, and what is said below a constant."""
    return frozenset(
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    )


if __name__ == "__main__":
    sys.exit(main())
