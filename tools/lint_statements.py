"""Finds SQL that does not say whose rows it means: a tenant table without a bound organization.

A distributed database takes the shard from a parameter. It cannot from a column of another table:
then it asks every shard, or refuses. So each tenant table that a statement names, at any depth, has
a condition `organization_id = $1` of its own, joined by AND, in the WHERE or in the ON of its join;
and what inserts names the column. In a function a variable does as well as a parameter.

Whether `$1` is the organization of who asks is not seen here: `tools/lint_scope` keeps the filter
in one place, and `tests/tenancy` tries.

The parser is PostgreSQL's own, by https://pglast.readthedocs.io.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pglast import ast, parse_plpgsql, parse_sql
from pglast.enums import A_Expr_Kind, BoolExprType, JoinType

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
        for raw in parse_sql(sql):
            walk.node(raw.stmt, frozenset())

    def function(self, definition: str) -> None:
        """Look at the statements in the body of one CREATE FUNCTION, in SQL or PL/pgSQL.

        Raises:
            pglast.parser.ParseError: when it is no SQL.
        """
        create = parse_sql(definition)[0].stmt
        options = {option.defname: option.arg for option in create.options or ()}
        if options["language"].sval == "sql":
            names = {each.name for each in create.parameters or () if each.name}
            self.statements(options["as"][0].sval, names)
            return
        for parsed in parse_plpgsql(definition):
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
        if isinstance(node, (tuple, list)):
            for item in node:
                self.node(item, named)
            return
        if not isinstance(node, ast.Node):
            return
        clause = getattr(node, "withClause", None)
        if clause is not None:
            named |= {cte.ctename for cte in clause.ctes}
        self._statement(node, named)
        for name in node:
            self.node(getattr(node, name), named)

    def _statement(self, node: ast.Node, named: frozenset[str]) -> None:
        if isinstance(node, ast.SelectStmt):
            self._level(node.fromClause or (), node.whereClause, named)
        elif isinstance(node, ast.DeleteStmt):
            self._level((node.relation, *(node.usingClause or ())), node.whereClause, named)
        elif isinstance(node, ast.UpdateStmt):
            self._level((node.relation, *(node.fromClause or ())), node.whereClause, named)
        elif isinstance(node, ast.MergeStmt):
            self._level((node.relation, node.sourceRelation), None, named)
        elif isinstance(node, ast.InsertStmt):
            self._insert(node.relation.relname, [column.name for column in node.cols or ()])
        elif isinstance(node, ast.CopyStmt) and node.is_from:
            self._insert(node.relation.relname, [column.sval for column in node.attlist or ()])
        elif isinstance(node, ast.TruncateStmt):
            for relation in node.relations:
                self._refer(relation.relname, EVERYBODY)

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
        while isinstance(node, ast.TypeCast):
            node = node.arg
        if isinstance(node, ast.ColumnRef):
            names = _names(node)
            return bool(names) and names[0] in self.variables - tables.keys()
        return isinstance(node, (ast.ParamRef, ast.A_Const))


def _collect(
    source: Any,
    named: frozenset[str],
    tables: dict[str, str],
    conditions: list[tuple[Any, frozenset[str] | None]],
) -> None:
    """Add the tables of a source by alias, and the conditions of its joins with their reach.

    The condition of an outer join removes no row of its outer side.
    """
    if isinstance(source, ast.RangeVar):
        if source.schemaname is None and source.relname in named:
            return
        tables[source.alias.aliasname if source.alias else source.relname] = source.relname
    elif isinstance(source, ast.JoinExpr):
        left: dict[str, str] = {}
        right: dict[str, str] = {}
        _collect(source.larg, named, left, conditions)
        _collect(source.rarg, named, right, conditions)
        reach = {
            JoinType.JOIN_LEFT: frozenset(right),
            JoinType.JOIN_RIGHT: frozenset(left),
            JoinType.JOIN_FULL: frozenset[str](),
        }.get(source.jointype)
        conditions.append((source.quals, reach))
        tables |= left | right


def _equalities(condition: Any) -> Iterator[tuple[Any, Any]]:
    """Both ways round, what a condition says is equal; of rows, member by member."""
    if isinstance(condition, ast.BoolExpr) and condition.boolop == BoolExprType.AND_EXPR:
        for part in condition.args:
            yield from _equalities(part)
    if not isinstance(condition, ast.A_Expr) or condition.kind != A_Expr_Kind.AEXPR_OP:
        return
    if condition.name[-1].sval != "=":
        return
    one, other = condition.lexpr, condition.rexpr
    pairs = [(one, other)]
    if isinstance(one, ast.RowExpr) and isinstance(other, ast.RowExpr):
        pairs = list(zip(one.args, other.args, strict=True))
    for left, right in pairs:
        yield left, right
        yield right, left


def _owner_of(node: Any, tables: dict[str, str]) -> str | None:
    """The alias of the table whose `organization_id` an expression is."""
    if not isinstance(node, ast.ColumnRef):
        return None
    *qualifiers, name = _names(node) or ("",)
    if name != OWNER:
        return None
    if qualifiers:
        return qualifiers[-1] if qualifiers[-1] in tables else None
    return next(iter(tables)) if len(tables) == 1 else None


def _names(column: ast.ColumnRef) -> tuple[str, ...]:
    return tuple(part.sval for part in column.fields if isinstance(part, ast.String))


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
