"""A plan knows every field of the read schema but for those that the documentation lists."""

from collections import deque
from collections.abc import Iterator

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    OperationDefinitionNode,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    parse,
    validate,
)

from gql.engine.collect_fields import Unsupported
from gql.engine.planner import plan_operation
from tests.engine.differential import GRAPHQL

ARGUMENTS = {
    "id": '"graph_1"',
    "ids": '["graph_1"]',
    "by": "{id: 1}",
    "path": '"/a"',
    "text": '"hello"',
    "graph": '"graph_1"',
    "candidate": '{id: "graph_1"}',
    "messages": '["hello"]',
    "fromVersion": "1",
    "toVersion": "1",
    "version": "1",
    "format": "MERMAID",
    "invoice": '{source: "a", currency: "USD", start: "2026-01-01", end: "2026-02-01", lines: []}',
}

COMPUTED = (
    "AssistantGraph.analytics",
    "AssistantGraph.asOf",
    "AssistantGraph.diagram",
    "AssistantGraph.findings",
    "CostBudgetPassing.",
    "CostBudgetStatus.",
    "GraphAnalytics.",
    "GraphDiff.",
    "GraphElementChange.",
    "GraphFinding.",
    "GraphPathStep.",
    "GraphReplay.",
    "GraphSession.path",
    "GraphSimulation.",
    "InvoiceDifference.",
    "InvoiceReconciliation.",
    "NodeAnalytics.",
    "Query.budgetStatus",
    "Query.diffGraphVersions",
    "Query.reconcile",
    "Query.replayGraph",
    "Query.simulateGraph",
    "Query.smsSessions",
    "SessionReplay.",
    "SimulatedStep.",
    "SmsSessions.",
    "TransitionCount.",
)
"""What Python computes, by the beginnings of its names."""


def test_everything_but_what_python_computes_has_a_plan() -> None:
    fields = dict(every_field())

    unknown = [name for name, query in fields.items() if not is_planned(query)]

    assert [name for name in unknown if not name.startswith(COMPUTED)] == []
    assert {each for each in COMPUTED if each in unknown} == {
        each for each in COMPUTED if not each.endswith(".")
    }
    assert len(fields) > 200


def is_planned(query: str) -> bool:
    document = parse(query)
    assert validate(GRAPHQL, document) == []
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    try:
        plan_operation(GRAPHQL, document, operation, {})
    except Unsupported:
        return False
    return True


def every_field() -> Iterator[tuple[str, str]]:
    """Every field of every type, with a query that selects it by the shortest path."""
    assert GRAPHQL.query_type is not None
    pending: deque[tuple[GraphQLObjectType | GraphQLInterfaceType, str]] = deque()
    pending.append((GRAPHQL.query_type, "{ % }"))
    seen = {"Query"}
    while pending:
        parent, path = pending.popleft()
        kinds = [parent]
        if isinstance(parent, GraphQLInterfaceType):
            kinds += GRAPHQL.get_possible_types(parent)
        for kind in kinds[1:]:
            if kind.name not in seen:
                seen.add(kind.name)
                pending.append((kind, path.replace("%", f"... on {kind.name} {{ % }}")))
        for name, field in parent.fields.items():
            target = get_named_type(field.type)
            called = name + arguments(field)
            if is_leaf_type(target):
                yield f"{parent.name}.{name}", path.replace("%", called)
                continue
            inside = path.replace("%", f"{called} {{ % }}")
            yield f"{parent.name}.{name}", inside.replace("%", "__typename")
            if target.name not in seen:
                assert isinstance(target, (GraphQLObjectType, GraphQLInterfaceType))
                seen.add(target.name)
                pending.append((target, inside))


def arguments(field: GraphQLField) -> str:
    """The arguments that a field cannot do without."""
    names = [name for name, spec in field.args.items() if is_required_argument(spec)]
    return f"({', '.join(f'{name}: {ARGUMENTS[name]}' for name in names)})" if names else ""
