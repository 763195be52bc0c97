"""What an operation costs, in the points of `weights.py`, worked out before it runs.

The charges of an operation are added up once per document, and compared with the limit for each
request.
"""

from collections import defaultdict
from heapq import nlargest
from typing import cast

from graphql import (
    DocumentNode,
    GraphQLInputObjectType,
    GraphQLSchema,
    ListTypeNode,
    NamedTypeNode,
    NonNullTypeNode,
    OperationDefinitionNode,
    TypeNode,
    is_scalar_type,
)

from gql.engine.document import Request
from gql.engine.plan import DEFINITION
from gql.errors import TooComplex
from gql.schema.charges import ChargeWalk
from gql.schema.inputs.comparators import Comparators
from gql.schema.inputs.filtering import FilterInput
from gql.schema.introspection import SchemaValues
from gql.schema.limits import LARGEST_FIGURE
from gql.schema.operation_cost import OperationCost, Quantity, VariableKind

HEAVIEST = 3
"""How many paths a refusal names."""

_NUMBERS = frozenset({"Int", "Float", "Boolean"})


class Pricing:
    """Prices the operations of documents that are valid and within the other limits.

    Args:
        schema: Whose fields have their declarations in their metadata.
    """

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._schema_values = SchemaValues(schema)

    def cost(self, document: DocumentNode, operation: OperationDefinitionNode) -> OperationCost:
        """What an operation costs."""
        varying: defaultdict[tuple[Quantity, ...], int] = defaultdict(int)
        walk = self._walk(document, operation)
        for charge in walk.charges():
            varying[charge.sizes] += charge.points
        fixed = varying.pop((), 0)
        products = tuple((points, sizes) for sizes, points in varying.items())
        variables = {
            definition.variable.name.value: self._kind(definition.type)
            for definition in operation.variable_definitions or ()
        }
        return OperationCost(fixed, products, walk.schema_values, variables)

    def _kind(self, type_node: TypeNode) -> VariableKind:
        """What of the value of a variable of this type counts."""
        while not isinstance(type_node, NamedTypeNode):
            type_node = cast("ListTypeNode | NonNullTypeNode", type_node).type
        name = type_node.name.value
        of_type = self._schema.get_type(name)
        if isinstance(of_type, GraphQLInputObjectType):
            python_class = of_type.extensions[DEFINITION].origin
            is_filter = issubclass(python_class, (FilterInput, Comparators))
            return VariableKind.FILTER if is_filter else VariableKind.OTHER
        is_text = name not in _NUMBERS and is_scalar_type(of_type)
        return VariableKind.TEXT if is_text else VariableKind.OTHER

    def heaviest(self, request: Request) -> list[tuple[str, int]]:
        """The paths of an operation that cost most, each with its points."""
        totals: defaultdict[str, int] = defaultdict(int)
        for charge in self._walk(request.document.node, request.operation).charges():
            totals[charge.path] += charge.total(request.variables or {})
        return nlargest(HEAVIEST, totals.items(), key=lambda item: item[1])

    def check(self, request: Request, cost: OperationCost, limit: int, *, reason: str = "") -> int:
        """Check that an operation costs no more than a limit.

        Args:
            request: What is to run.
            cost: What its operation costs.
            limit: The most points.
            reason: Why this limit holds, for the message.

        Returns:
            What the operation costs.

        Raises:
            TooComplex: when it does; the message names cost, limit and the heaviest paths.
        """
        most_values = self._schema_values.limit if cost.schema_values else 0
        if cost.schema_values > most_values:
            raise TooComplex(
                f"The operation prints more than {most_values} values of the schema, twice what"
                " the introspection query of tools prints; ask for less at once.",
                limit=most_values,
            )
        points = cost.points(request.variables or {})
        if points <= limit:
            return points
        heaviest = self.heaviest(request)
        named = ", ".join(f"{path} ({_printed(part)})" for path, part in heaviest)
        raise TooComplex(
            f"The operation costs {_printed(points)} points; the limit is {limit}{reason}."
            f" Most of that: {named}.",
            figure=min(points, LARGEST_FIGURE),
            limit=limit,
            heaviest=[
                {"path": path, "points": min(part, LARGEST_FIGURE)} for path, part in heaviest
            ],
        )

    def _walk(self, document: DocumentNode, operation: OperationDefinitionNode) -> ChargeWalk:
        return ChargeWalk(self._schema, document, operation, self._schema_values)


def _printed(points: int) -> str:
    return str(points) if points <= LARGEST_FIGURE else f"more than {LARGEST_FIGURE}"
