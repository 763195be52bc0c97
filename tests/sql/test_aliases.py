"""Statements that share aliases are those that have aliases of their own."""

import random
from itertools import product

import pytest
from graphql import GraphQLError, get_variable_values, parse
from graphql.execution.values import VariableValues
from sqlalchemy.dialects.postgresql.asyncpg import dialect as postgresql
from sqlalchemy.dialects.sqlite.aiosqlite import dialect as sqlite
from sqlalchemy.engine import Dialect

from gql.engine.bind import Binder
from gql.engine.collect_fields import Unsupported
from gql.engine.compile import emit
from gql.engine.plan import Plan
from gql.engine.planner import plan_operation
from gql.engine.statement_compiler import compile_statement
from gql.errors import GatewayError
from gql.identity import Identity, Method, Permission
from gql.models.call import Call
from gql.models.scope import table_of
from gql.schema.documents import choose_operation
from gql.schema.schema import schema
from gql.sql import aliases
from gql.sql.aliases import MOST_SHARED, alias_of, sharing_aliases
from tests.engine.differential import GRAPHQL
from tests.engine.random_documents import Document, Writer
from tests.engine.random_variables import RandomVariables

DIALECTS: tuple[Dialect, ...] = (postgresql(), sqlite())  # type: ignore[no-untyped-call]
DOCUMENTS = 60


def planned(document: Document) -> tuple[Plan, object] | None:
    """A plan and a variant of it; None where there is none."""
    operation = choose_operation(parse(document.text), None)
    variables = get_variable_values(
        GRAPHQL, operation.variable_definitions or (), document.variables
    )
    if not isinstance(variables, VariableValues):
        return None
    caller = Identity(1, Method.API_KEY, frozenset(Permission))
    try:
        plan = plan_operation(GRAPHQL, parse(document.text), operation, variables.coerced)
        variant, _ = Binder(schema.schema_converter).bind(plan.arguments, variables, caller, {})
    except (Unsupported, GatewayError, GraphQLError):
        return None
    return None if plan.constant is not None else (plan, variant)


def test_shared_aliases_give_the_same_sql(monkeypatch: pytest.MonkeyPatch) -> None:
    pick = random.Random(20261128)  # noqa: S311 -- not a secret
    writer = RandomVariables(pick).values
    plans = [planned(Writer(GRAPHQL, pick, writer).document()) for _ in range(DOCUMENTS)]
    written = [each for each in plans if each is not None]

    def statements() -> list[tuple[str, list[str]]]:
        compiled = []
        for (plan, variant), dialect in product(written, DIALECTS):
            select = emit(plan.root, variant, embedded=dialect.name == "sqlite")  # type: ignore[arg-type]
            compiled.append(compile_statement(select, dialect))
        return [(each.sql, [name for name, _, _ in each.parameters]) for each in compiled]

    first, second = statements(), statements()
    monkeypatch.setattr(aliases, "MOST_SHARED", 0)
    monkeypatch.setattr(aliases, "_SHARED", {})

    assert first == second == statements()
    assert len(written) > DOCUMENTS / 2


def test_a_statement_has_no_alias_twice_and_the_next_one_has_them_again() -> None:
    table = table_of(Call)
    with sharing_aliases():
        first = [alias_of(table) for _ in range(MOST_SHARED + 2)]
    with sharing_aliases():
        second = [alias_of(table) for _ in range(MOST_SHARED + 2)]
    alone = alias_of(table)

    assert len({*map(id, first)}) == len(first)
    assert first[:MOST_SHARED] == second[:MOST_SHARED]
    assert not {*map(id, first[MOST_SHARED:])} & {*map(id, second[MOST_SHARED:])}
    assert id(alone) not in {*map(id, first), *map(id, second)}
