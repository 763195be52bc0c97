"""The document that `docs/engine.md` walks through, and what the stages make of it.

`python -m tests.engine.worked_example` prints both for the page.
"""

from graphql import OperationDefinitionNode, get_variable_values, parse
from graphql.execution.values import VariableValues
from sqlalchemy.dialects.postgresql.asyncpg import dialect

from gql.engine.bind import (
    Binder,
)
from gql.engine.compile import emit
from gql.engine.explain import with_line_breaks
from gql.engine.plan import Plan
from gql.engine.planner import plan_operation
from gql.engine.statement_compiler import compile_statement
from gql.engine.variants import (
    VariantKey,
)
from gql.identity import Identity, Method
from gql.schema.schema import schema
from gql.settings import Settings
from tests.engine.differential import GRAPHQL

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
    plan, variant = _bound()
    postgresql = dialect()  # type: ignore[no-untyped-call]
    limit = Settings.model_fields["max_response_bytes"].default
    text = compile_statement(emit(plan.root, variant, limit), postgresql).sql
    return with_line_breaks(text)


def _bound() -> tuple[Plan, VariantKey]:
    document = parse(DOCUMENT)
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    variables = get_variable_values(
        GRAPHQL, operation.variable_definitions or (), {"status": "COMPLETED"}
    )
    assert isinstance(variables, VariableValues)
    plan = plan_operation(GRAPHQL, document, operation, variables.coerced)
    someone = Identity(1, Method.API_KEY, frozenset())
    variant, _ = Binder(schema.schema_converter).bind(plan.arguments, variables, someone, {})
    return plan, variant


if __name__ == "__main__":
    print(tree(), sql(), sep="\n\n")  # noqa: T201
