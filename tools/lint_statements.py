"""Finds SQL that does not say whose rows it means: a tenant table without a bound organization.

A distributed database takes the shard from a parameter. It cannot from a column of another table:
then it asks every shard, or refuses. So each tenant table that a statement names, at any depth, has
a condition `organization_id = $1` of its own, joined by AND, in the WHERE or in the ON of its join;
and what inserts names the column. In a function a variable does as well as a parameter.

Whether `$1` is the organization of who asks is not seen here: `tools/lint_scope` keeps the filter
in one place, and `tests/tenancy` tries.

The parser is PostgreSQL's own, by https://pglast.readthedocs.io. Its tree is taken as JSON, since a
Python object for each part takes eight times as long. There a node is an object with one key, its
type: `{"RangeVar": {"relname": "call"}}`; where the type is always the same, the key is left out
(https://github.com/pganalyze/libpg_query#readme).
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pglast.parser import parse_plpgsql_json, parse_sql_json

from gql.models import metadata
from gql.models.keys import is_global

OWNER = "organization_id"

TENANT_TABLES = frozenset(table.name for table in metadata.sorted_tables if not is_global(table))

UNBOUND = "no condition binds its organization_id"
LINKED = "its organization_id is compared with a column, and with no parameter"
UNNAMED = "rows are inserted without organization_id"
EVERYBODY = "every organization's rows are removed"
HIDDEN = "the statement is put together when it runs"

_EXPRESSION, _ASSIGNMENT = 2, 3
"""Modes of PL/pgSQL's parser, in which the text is no whole statement."""


@dataclass(frozen=True, order=True)
class Finding:
    """A reference to a tenant table that binds no organization."""

    table: str
    reason: str

    def __str__(self) -> str:
        return f"{self.table}: {self.reason}"


@dataclass
class Lint:
    """What was found, and how many references to tenant tables were looked at."""

    findings: set[Finding] = field(default_factory=set)
    references: int = 0

    def statements(self, sql: str, variables: Iterable[str] = ()) -> None:
        """Look at one or more statements.

        Args:
            sql: The text, in PostgreSQL's dialect.
            variables: What a column may be compared with beside parameters: names in a function.

        Raises:
            pglast.parser.ParseError: when it is no SQL.
        """
        walk = _Walk(self, frozenset(variables))
        walk.node(_parsed(sql), frozenset())

    def function(self, definition: str) -> None:
        """Look at the statements in the body of one CREATE FUNCTION, in SQL or PL/pgSQL.

        Raises:
            pglast.parser.ParseError: when it is no SQL.
        """
        create = _parsed(definition)[0]["CreateFunctionStmt"]
        options = {each["DefElem"]["defname"]: each["DefElem"]["arg"] for each in create["options"]}
        if options["language"]["String"]["sval"] == "sql":
            parameters = [each["FunctionParameter"] for each in create.get("parameters", ())]
            names = {each["name"] for each in parameters if "name" in each}
            self.statements(_strings(options["as"]["List"]["items"])[0], names)
            return
        for parsed in json.loads(parse_plpgsql_json(definition)):
            body = parsed["PLpgSQL_function"]
            variables = {"new", "old", *_declared(body)}
            for text in _texts(body):
                self.statements(text, variables)
            if "PLpgSQL_stmt_dynexecute" in repr(body):
                self.findings.add(Finding("function", HIDDEN))


@dataclass(frozen=True)
class _Walk:
    """One statement, from the outside in.

    A name that a WITH clause gives is no table, where it can be seen.
    """

    lint: Lint
    variables: frozenset[str]

    def node(self, node: Any, named: frozenset[str]) -> None:
        """Look at a part of the tree, and at all that is in it."""
        if isinstance(node, list):
            for item in node:
                self.node(item, named)
        elif isinstance(node, dict):
            for name, part in node.items():
                if isinstance(part, list):
                    self.node(part, named)
                elif isinstance(part, dict):
                    # Each half of a UNION is a SelectStmt, and has no key that says so.
                    is_half = name in {"larg", "rarg"} and "op" in part
                    self._part("SelectStmt" if is_half else name, part, named)

    def _part(self, kind: str, part: dict[str, Any], named: frozenset[str]) -> None:
        if "withClause" in part:
            ctes = part["withClause"]["ctes"]
            named |= {each["CommonTableExpr"]["ctename"] for each in ctes}
        self._statement(kind, part, named)
        self.node(part, named)

    def _statement(self, kind: str, part: dict[str, Any], named: frozenset[str]) -> None:
        if kind == "SelectStmt":
            self._level(part.get("fromClause", ()), part.get("whereClause"), named)
        elif kind in {"DeleteStmt", "UpdateStmt"}:
            others = part.get("usingClause") or part.get("fromClause") or ()
            sources = ({"RangeVar": part["relation"]}, *others)
            self._level(sources, part.get("whereClause"), named)
        elif kind == "MergeStmt":
            sources = ({"RangeVar": part["relation"]}, part["sourceRelation"])
            self._level(sources, None, named)
        elif kind == "InsertStmt":
            columns = [each["ResTarget"]["name"] for each in part.get("cols", ())]
            self._insert(part["relation"]["relname"], columns)
        elif kind == "CopyStmt" and "is_from" in part:
            self._insert(part["relation"]["relname"], _strings(part.get("attlist", ())))
        elif kind == "TruncateStmt":
            for relation in part["relations"]:
                self._refer(relation["RangeVar"]["relname"], EVERYBODY)

    def _refer(self, table: str, fault: str | None) -> None:
        if table not in TENANT_TABLES:
            return
        self.lint.references += 1
        if fault is not None:
            self.lint.findings.add(Finding(table, fault))

    def _insert(self, table: str, columns: Sequence[str]) -> None:
        self._refer(table, None if OWNER in columns else UNNAMED)

    def _level(self, sources: Sequence[Any], where: Any, named: frozenset[str]) -> None:
        """The tables of one FROM, by the conditions that hold for all of its rows."""
        tables: dict[str, str] = {}
        conditions: list[tuple[Any, frozenset[str] | None]] = [(where, None)]
        for source in sources:
            _collect(source, named, tables, conditions)
        bound: set[str] = set()
        linked: set[str] = set()
        for condition, reach in conditions:
            for one, other in _equalities(condition):
                alias = _owner_of(one, tables)
                if alias is not None and (reach is None or alias in reach):
                    (bound if self._is_value(other, tables) else linked).add(alias)
        for alias, table in tables.items():
            fault = None if alias in bound else LINKED if alias in linked else UNBOUND
            self._refer(table, fault)

    def _is_value(self, node: Any, tables: dict[str, str]) -> bool:
        while "TypeCast" in node:
            node = node["TypeCast"]["arg"]
        if "ColumnRef" in node:
            names = _strings(node["ColumnRef"]["fields"])
            return bool(names) and names[0] in self.variables - tables.keys()
        return "ParamRef" in node or "A_Const" in node


def _collect(
    source: Any,
    named: frozenset[str],
    tables: dict[str, str],
    conditions: list[tuple[Any, frozenset[str] | None]],
) -> None:
    """Add the tables of a source by alias, and the conditions of its joins with their reach.

    The condition of an outer join removes no row of its outer side.
    """
    if "RangeVar" in source:
        table = source["RangeVar"]
        name = table["relname"]
        if "schemaname" in table or name not in named:
            tables[table["alias"]["aliasname"] if "alias" in table else name] = name
    elif "JoinExpr" in source:
        join = source["JoinExpr"]
        left: dict[str, str] = {}
        right: dict[str, str] = {}
        _collect(join["larg"], named, left, conditions)
        _collect(join["rarg"], named, right, conditions)
        reach = {
            "JOIN_LEFT": frozenset(right),
            "JOIN_RIGHT": frozenset(left),
            "JOIN_FULL": frozenset[str](),
        }.get(join["jointype"])
        conditions.append((join.get("quals"), reach))
        tables |= left | right


def _equalities(condition: Mapping[str, Any] | None) -> Iterator[tuple[Any, Any]]:
    """Both ways round, what a condition says is equal; of rows, member by member."""
    if condition is None:
        return
    if "BoolExpr" in condition and condition["BoolExpr"]["boolop"] == "AND_EXPR":
        for part in condition["BoolExpr"]["args"]:
            yield from _equalities(part)
    expression = condition.get("A_Expr")
    if expression is None or expression["kind"] != "AEXPR_OP":
        return
    if _strings(expression["name"])[-1] != "=":
        return
    one, other = expression["lexpr"], expression["rexpr"]
    pairs = [(one, other)]
    if "RowExpr" in one and "RowExpr" in other:
        pairs = list(zip(one["RowExpr"]["args"], other["RowExpr"]["args"], strict=True))
    for left, right in pairs:
        yield left, right
        yield right, left


def _owner_of(node: Mapping[str, Any], tables: dict[str, str]) -> str | None:
    """The alias of the table whose `organization_id` an expression is."""
    if "ColumnRef" not in node:
        return None
    *qualifiers, name = _strings(node["ColumnRef"]["fields"]) or ("",)
    if name != OWNER:
        return None
    if qualifiers:
        return qualifiers[-1] if qualifiers[-1] in tables else None
    return next(iter(tables)) if len(tables) == 1 else None


def _strings(nodes: Iterable[Mapping[str, Any]]) -> list[str]:
    """The names in a list of them; a `*` is none."""
    return [node["String"]["sval"] for node in nodes if "String" in node]


def _parsed(sql: str) -> list[dict[str, Any]]:
    """The tree of each statement."""
    return [raw["stmt"] for raw in json.loads(parse_sql_json(sql)).get("stmts", ())]


def _declared(body: dict[str, Any]) -> Iterator[str]:
    for datum in body.get("datums", ()):
        for value in datum.values():
            if "refname" in value:
                yield value["refname"]


def _texts(node: Any) -> Iterator[str]:
    """The SQL in a PL/pgSQL function, each as a statement."""
    if isinstance(node, list):
        for item in node:
            yield from _texts(item)
    elif isinstance(node, dict):
        expression = node.get("PLpgSQL_expr")
        if expression is not None:
            text, mode = expression["query"], expression["parseMode"]
            if mode >= _ASSIGNMENT:
                text = text.partition(":=")[2] or text.partition("=")[2]
            yield f"SELECT {text}" if mode >= _EXPRESSION else text
        for value in node.values():
            yield from _texts(value)
