"""What PostgreSQL does for the lists that grow: its own plans of the compiled statements."""

from typing import Any

import asyncpg
import pytest
from graphql import OperationDefinitionNode, get_variable_values, parse
from graphql.execution.values import VariableValues
from sqlalchemy.dialects.postgresql.asyncpg import dialect

from gql.engine.bind import (
    Binder,
)
from gql.engine.compile import emit
from gql.engine.planner import plan_operation
from gql.engine.statement import BoundStatement, Statement
from gql.engine.statement_compiler import compile_statement
from gql.engine.variants import (
    is_selective,
)
from gql.identity import Identity, Method
from gql.schema.schema import schema
from tests.databases import Copy
from tests.engine.differential import GRAPHQL

TOTALS = (
    "calls(first: 5) { totalCount }",
    "calls(first: 5, filter: {status: {eq: COMPLETED}}) { totalCount }",
    'calls(first: 5, filter: {assistantId: {in: ["123", "456"]}}) { totalCount }',
    "calls(first: 5, filter: {direction: {eq: INBOUND}}) { totalCount }",
    "calls(first: 5, filter: {status: {ne: COMPLETED}}) { totalCount }",
    'calls(first: 5, filter: {assistantId: {notIn: ["123", "456"]}}) { totalCount }',
    "smsConversations(first: 5, filter: {status: {in: [ACTIVE]}}) { totalCount }",
    "assistants(first: 9) { nodes { calls { totalCount } smsConversations { totalCount } } }",
)


def bound(query: str) -> tuple[Statement, BoundStatement]:
    """The statement of a query without variables, with its values."""
    document = parse(f"{{ {query} }}")
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    variables = get_variable_values(GRAPHQL, (), {})
    assert isinstance(variables, VariableValues)
    plan = plan_operation(GRAPHQL, document, operation, {})
    someone = Identity(1, Method.API_KEY, frozenset())
    variant, values = Binder(schema.schema_converter).bind(plan.arguments, variables, someone, {})
    postgresql = dialect()  # type: ignore[no-untyped-call]
    emitted = emit(plan.root, variant)
    statement = compile_statement(emitted, postgresql, custom_plan=is_selective(variant))
    return statement, statement.bind(values)


async def explained(copy: Copy, query: str) -> str:
    """PostgreSQL's plan of a query."""
    connection: Any = await asyncpg.connect(copy.url)
    try:
        statement, bound_statement = bound(query)
        sql = f"EXPLAIN {statement.sql}"
        return "\n".join(
            row[0] for row in await connection.fetch(sql, *bound_statement.owned_by(1))
        )
    finally:
        await connection.close()


@pytest.mark.parametrize("kind", ["postgresql"])
@pytest.mark.parametrize("query", TOTALS)
async def test_a_total_that_the_rollup_knows_reads_no_call(fresh: Copy, query: str) -> None:
    plan = await explained(fresh, query)

    assert "on call_rollup " in plan
    assert "on call " not in plan


@pytest.mark.parametrize("kind", ["postgresql"])
async def test_any_other_total_counts_calls(fresh: Copy) -> None:
    plan = await explained(fresh, "calls(filter: {duration: {gt: 5}}) { totalCount }")

    assert "on call " in plan
    assert "on call_rollup " not in plan


@pytest.mark.parametrize("kind", ["postgresql"])
async def test_only_a_deep_offset_asks_the_rollup(fresh: Copy) -> None:
    near = await explained(fresh, "calls(first: 5, offset: 999) { nodes { id } }")
    deep = await explained(fresh, "calls(first: 5, offset: 1000) { nodes { id } }")
    by_length = "calls(first: 5, offset: 1000, orderBy: {field: DURATION}) { nodes { id } }"

    assert "on call_rollup " not in near
    assert "on call_rollup " in deep
    assert "on call_rollup " not in await explained(fresh, by_length)


@pytest.mark.parametrize(
    ("filter", "varied"),
    [
        ("{}", False),
        ("{status: {eq: FAILED}, assistantId: {in: [1]}, duration: {isNull: true}}", False),
        ('{callSid: {eq: "CA1"}, customerPhoneNumber: {eq: "+1"}}', False),
        ('{callSid: {contains: "CA"}}', True),
        ('{customerPhoneNumber: {contains: "555"}}', True),
        ('{assistantName: {startsWith: "S"}}', True),
        ('{assistantName: {eq: "Support"}}', True),
        ("{duration: {gte: 60}}", True),
        ('{status: {ne: FAILED}, none: [{callSid: {in: ["CA1"]}}]}', False),
        ('{any: [{status: {eq: FAILED}}, {none: [{callSid: {contains: "CA"}}]}]}', True),
        ('{startedAt: {lt: "2026-01-01T00:00:00Z"}}', True),
    ],
)
def test_where_values_decide_the_plan_it_is_made_for_them(filter: str, *, varied: bool) -> None:
    statement, _ = bound(f"calls(filter: {filter}) {{ nodes {{ id }} }}")

    assert statement.custom_plan is varied
