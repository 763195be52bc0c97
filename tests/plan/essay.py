"""The document that `docs/engine.md` walks through, and what the stages make of it.

`python -m tests.plan.essay` prints both for the page.
"""

from graphql import OperationDefinitionNode, get_variable_values, parse
from graphql.execution.values import VariableValues
from sqlalchemy.dialects.postgresql.asyncpg import dialect

from gql.identity import Identity, Method
from gql.plan.binder import Binder, Shapes
from gql.plan.emitter import emit
from gql.plan.explain import broken
from gql.plan.planner import plan
from gql.plan.slots import Plan
from gql.plan.statement import compile_statement
from gql.schema.schema import schema
from tests.plan.both_ways import GRAPHQL

DOCUMENT = """\
query Calls($status: CallStatus) {
  calls(first: 2, filter: {status: {eq: $status}}) {
    totalCount
    nodes {
      id
      duration
      assistant { name }
      session { graph { id } }
    }
  }
}"""


def tree() -> str:
    """The plan, as an indented tree."""
    return str(_bound()[0])


def sql() -> str:
    """The statement, with line breaks where the parts of a SELECT begin."""
    made, shapes = _bound()
    postgresql = dialect()  # type: ignore[no-untyped-call]
    text = compile_statement(emit(made.root, shapes), postgresql).sql
    return broken(text)


def _bound() -> tuple[Plan, Shapes]:
    document = parse(DOCUMENT)
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    variables = get_variable_values(
        GRAPHQL, operation.variable_definitions or (), {"status": "COMPLETED"}
    )
    assert isinstance(variables, VariableValues)
    made = plan(GRAPHQL, document, operation, variables.coerced)
    someone = Identity(1, Method.API_KEY, frozenset())
    shapes, _ = Binder(schema.schema_converter).bind(made.slots, variables, someone, {})
    return made, shapes


if __name__ == "__main__":
    print(tree(), sql(), sep="\n\n")  # noqa: T201
