"""From a SELECT to the text that the driver runs."""

import logging
from collections.abc import Callable
from functools import cache
from typing import Any
from weakref import ref

from cachetools import LRUCache
from sqlalchemy import BindParameter, Select, TableClause
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.compiler import SQLCompiler

from gql.engine.compile_lock import CompileLocks
from gql.engine.statement import Statement
from gql.engine.variants import (
    VariantKey,
    is_selective,
)
from gql.models.change_stamp import families_of
from gql.steps import in_steps, pause_if_long

_log = logging.getLogger(__name__)


class StatementCompiler:
    """Compiles the statements of plans, one of an organization at a time.

    Args:
        dialect: The database's.
        locks: Held while a statement is compiled, which takes milliseconds.
    """

    def __init__(self, dialect: Dialect, locks: CompileLocks) -> None:
        self._dialect = dialect
        self._locks = locks

    async def compile(
        self,
        plan: Any,
        statements: "LRUCache[VariantKey, Statement]",
        variant: VariantKey,
        emit: Callable[[], Select[Any]],
        organization_id: int,
    ) -> Statement:
        """The statement of a plan for a variant; of concurrent requests the first compiles it.

        One that cannot be compiled is logged, and always rests.

        Args:
            plan: What it is made of, which prints itself.
            statements: Those that the plan has.
            variant: Of its arguments.
            emit: Makes the SELECT.
            organization_id: For whom.
        """
        async with self._locks.of(organization_id):
            statement = statements.get(variant)
            if statement is None:
                statement = await in_steps(self._compile, plan, variant, emit)
                statements[variant] = statement
            return statement

    def _compile(
        self, plan: Any, variant: VariantKey, emit: Callable[[], Select[Any]]
    ) -> Statement:
        try:
            statement = compile_statement(emit(), self._dialect, custom_plan=is_selective(variant))
            statement.plan = ref(plan)
        except Exception:  # noqa: BLE001 -- logged once, and resolvers run
            _log.warning("a plan has no SQL", exc_info=True, extra={"plan": str(plan)})
            statement = Statement.impossible()
        return statement


def compile_statement(
    select: Select[Any], dialect: Dialect, *, custom_plan: bool = False
) -> Statement:
    """The statement as SQL; what is constant in it is written into the text.

    The database plans better for a value that it sees, and there is less to bind.

    Args:
        select: Of a plan.
        dialect: The database's.
        custom_plan: Whether PostgreSQL plans it anew for the values of each request.
    """
    compiled: Any = _inlining_compiler(dialect.statement_compiler)(dialect, select)  # type: ignore[arg-type]
    binds, names = compiled.binds, compiled.positiontup
    return Statement(
        str(compiled),
        tuple((name, _processor(binds[name], dialect), binds[name].value) for name in names),
        families=families_of(compiled.read_tables),
        custom_plan=custom_plan,
    )


@cache
def _inlining_compiler(base: type[SQLCompiler]) -> type[SQLCompiler]:
    """A dialect's compiler that writes constants into the text, and notes which tables are read.

    To put literals into the SELECT first would copy all of it, which takes as long as to compile.
    """

    class InliningCompiler(base):  # type: ignore[misc, valid-type]
        def __init__(self, *arguments: Any, **keywords: Any) -> None:
            self.read_tables: set[str] = set()
            super().__init__(*arguments, **keywords)

        def visit_table(self, table: TableClause, *arguments: Any, **keywords: Any) -> str:
            self.read_tables.add(table.name)
            name: str = super().visit_table(table, *arguments, **keywords)
            return name

        def visit_bindparam(self, bindparam: BindParameter[Any], **keywords: Any) -> str:
            pause_if_long()
            if bindparam.expanding and not bindparam.required:  # the values of an IN
                keywords["literal_binds"] = True
            elif not bindparam.required and not keywords.get("literal_binds"):
                type_on_dialect = bindparam.type.dialect_impl(self.dialect)
                write = type_on_dialect.literal_processor(self.dialect)
                if write is not None:
                    literal: str = write(bindparam.value)
                    return literal
            parameter: str = super().visit_bindparam(bindparam, **keywords)
            return parameter

        def visit_column(self, *arguments: Any, **keywords: Any) -> str:
            pause_if_long()
            column: str = super().visit_column(*arguments, **keywords)
            return column

    return InliningCompiler


def _processor(parameter: BindParameter[Any], dialect: Dialect) -> Any:
    return parameter.type.dialect_impl(dialect).bind_processor(dialect)
