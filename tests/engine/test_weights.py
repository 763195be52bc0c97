"""What the engine remembers weighs no less than it takes in memory, and not many times more."""

import gc
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from graphql import Node, OperationDefinitionNode, parse, print_ast
from sqlalchemy.dialects.postgresql.asyncpg import dialect as postgresql
from sqlalchemy.dialects.sqlite.aiosqlite import dialect as sqlite
from sqlalchemy.engine import Dialect

from gql.engine.bind import Binder
from gql.engine.coercion import Coercions
from gql.engine.compile import emit
from gql.engine.compiled_binder import CompiledBinder
from gql.engine.document import Document
from gql.engine.engine import NO_VARIABLES
from gql.engine.plan import Plan
from gql.engine.planner import plan_operation
from gql.engine.statement import Statement
from gql.engine.statement_compiler import compile_statement
from gql.identity import Identity, Method
from gql.schema.documents import choose_operation
from gql.schema.schema import schema
from tests.engine.differential import GRAPHQL

DOCUMENTS = {
    "one field": "{ graph(id: 1) { name } }",
    "a graph": """{ graph(id: 1) { id name createdAt totalNodes nodes { id position { x y }
        assistant { id name } } edges { id priority } sessions(first: 10) { totalCount nodes { id
        callSid context call { status cost { total llm } } } } } }""",
    "an inbox": """{ smsConversations(first: 10, filter: {customerPhoneNumber: {contains: "555"}}) {
        pageInfo { endCursor } edges { cursor node { id lastActivity messages(last: 5) { nodes {
        role content } } related { id ... on Call { duration } } } } } }""",
    "any object": """{ nodes(ids: ["graph_1"]) { id ... on CallRecord { status } } }""",
    "a fragment spread many times": "{ "
    + " ".join(f"a{number}: graph(id: {number + 1}) {{ ...F }}" for number in range(10))
    + " } fragment F on AssistantGraph { id nodes { id assistant { id name } } }",
}

WITH_VARIABLES = (
    "query ($id: ID!) { graph(id: $id) { name sessions(first: 10) { nodes { id } } } }",
    """query ($filter: CallFilter, $n: Int = 5, $status: [CallStatus!]) {
        calls(filter: {any: [{status: {in: $status}}, {callSid: {startsWith: "CA"}}]}, first: $n) {
        nodes { id } } other: calls(filter: $filter) { totalCount } }""",
)

COPIES = 2


def planned(query: str) -> Plan:
    document = parse(query)
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    return plan_operation(GRAPHQL, document, operation, {})


def bytes_of(make: Callable[[], Any]) -> float:
    """Bytes of memory that a value takes: the lesser of two, as other threads allocate too."""
    make()
    return min(_bytes_once(make) for _ in range(2))


def _bytes_once(make: Callable[[], Any]) -> float:
    gc.collect()
    tracemalloc.start()
    copies = [make() for _ in range(COPIES)]
    gc.collect()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return size / len(copies)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_plan(name: str) -> None:
    query = DOCUMENTS[name]
    size = bytes_of(lambda: planned(query))

    weight = planned(query).weight

    print(f"{name}: a plan takes {size:.0f} bytes and weighs {weight}")  # noqa: T201
    assert size <= weight <= 4 * size


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document(name: str) -> None:
    query = DOCUMENTS[name]
    size = bytes_of(lambda: Document(query, parse(query)))

    weight = Document(query, parse(query)).weight

    print(f"{name}: a document takes {size:.0f} bytes and weighs {weight}")  # noqa: T201
    assert size <= weight <= 4 * size


@pytest.mark.parametrize("query", WITH_VARIABLES)
def test_the_binder_of_a_plan(query: str) -> None:
    document = Document(query, parse(query))
    operation = choose_operation(document.node, None)
    coercions = Coercions(GRAPHQL, schema.schema_converter)
    plan = planned(query)
    before = document.weight + plan.weight

    def make() -> Any:
        return coercions.variables(operation), CompiledBinder.of(coercions, plan.arguments)

    size = bytes_of(make)
    document.coercions[None], plan.binding.binder = make()
    weight = document.weight + plan.weight - before

    print(f"a binder takes {size:.0f} bytes and weighs {weight}")  # noqa: T201
    assert size <= weight <= 4 * size


def test_a_document_weighs_what_its_plans_and_their_statements_do() -> None:
    document = Document("{ graph(id: 1) { name } }", parse("{ graph(id: 1) { name } }"))
    alone = document.weight

    plan = document.plans[()] = planned(document.text)
    with_plan = document.weight
    statement = plan.statements[()] = Statement("SELECT 1", ())

    assert with_plan == alone + planned(document.text).weight
    assert document.weight == with_plan + statement.weight


DIALECTS: tuple[Dialect, ...] = (postgresql(), sqlite())  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_statement(name: str, dialect: Dialect) -> None:
    plan = planned(DOCUMENTS[name])
    someone = Identity(1, Method.API_KEY, frozenset())
    variant, _ = Binder(schema.schema_converter).bind(plan.arguments, NO_VARIABLES, someone, {})
    size = bytes_of(lambda: compile_statement(emit(plan.root, variant), dialect))

    weight = compile_statement(emit(plan.root, variant), dialect).weight

    print(f"{name}: a statement takes {size:.0f} bytes and weighs {weight}")  # noqa: T201
    assert size <= weight <= 4 * size


def test_a_plan_keeps_arguments_and_nothing_else_of_the_document() -> None:
    """A node's location holds every token, which is most of what a document takes."""
    (slot,) = planned("{ calls(filter: {status: {in: [FAILED]}}) { totalCount } }").arguments

    assert print_ast(slot.node) == "calls(filter: { status: { in: [FAILED] } })"
    assert {node.loc for node in nodes_of(slot.node)} == {None}


def nodes_of(part: Any) -> list[Node]:
    """A node, and those in it."""
    if isinstance(part, tuple):
        return [node for item in part for node in nodes_of(item)]
    if not isinstance(part, Node):
        return []
    return [part, *(node for key in part.keys for node in nodes_of(getattr(part, key)))]
