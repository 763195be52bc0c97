"""`@cost` and `@listSize`: the schema prints what `declared_costs.py` says.

They follow https://ibm.github.io/graphql-specs/cost-spec.html. Its static analysis adds up a *type
cost* and a *field cost*; the price of an operation is both together, and the points of the rows
that its filters, orders, offsets and totals make the database look at, for which the specification
has no words. Every object type and every field of one has a weight, as the specification's own
defaults would be others; fields of interfaces have none, as it demands.
"""

from collections.abc import Iterator
from copy import copy
from typing import Any

import strawberry
from graphql import GraphQLField, GraphQLObjectType, GraphQLSchema
from strawberry import UNSET
from strawberry.schema_directive import Location

from gql.engine.plan import DEFINITION
from gql.schema.declared_costs import field_weight, list_size, type_weight


@strawberry.schema_directive(
    name="cost",
    description=(
        "The points of a field for each object that it is selected on, or of each object of a type."
        " The points of both add up to the price of an operation, with those of the rows that"
        " filters, orders, offsets and totals make the database look at."
    ),
    locations=[
        Location.ARGUMENT_DEFINITION,
        Location.ENUM,
        Location.FIELD_DEFINITION,
        Location.INPUT_FIELD_DEFINITION,
        Location.OBJECT,
        Location.SCALAR,
    ],
)
class PrintedCost:
    """The specification wants a text for the weight, so that there may be formulas."""

    weight: str


@strawberry.schema_directive(
    name="listSize",
    description=(
        "How long a list is taken to be, for the price of an operation: as its slicing argument"
        " says, else of the assumed size. The list is the value of the field, or those fields of"
        " its value that are sized."
    ),
    locations=[Location.FIELD_DEFINITION],
)
class PrintedListSize:
    """The arguments have the specification's names and defaults."""

    assumed_size: int | None = UNSET
    slicing_arguments: list[str] | None = UNSET
    sized_fields: list[str] | None = UNSET
    require_one_slicing_argument: bool | None = True


DIRECTIVES = (PrintedCost, PrintedListSize)
"""To be named to the schema, so that introspection lists them as the SDL does."""


def print_costs(schema: GraphQLSchema) -> None:
    """Give every object type of a schema, and every field of one, the directives that it prints."""
    roots = (schema.query_type, schema.mutation_type, schema.subscription_type)
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
            _direct(kind, [PrintedCost(weight=str(0 if kind in roots else type_weight(kind)))])
            for field in kind.fields.values():
                _direct(field, list(_of_field(field)))


def _of_field(field: GraphQLField) -> Iterator[PrintedCost | PrintedListSize]:
    yield PrintedCost(weight=str(field_weight(field)))
    size = list_size(field)
    if size is not None and size.slicing_arguments:
        yield PrintedListSize(
            assumed_size=size.assumed,
            slicing_arguments=list(size.slicing_arguments),
            sized_fields=list(size.sized_fields),
            require_one_slicing_argument=False,
        )
    elif size is not None:
        # Only with slicing arguments does it say anything.
        yield PrintedListSize(
            assumed_size=size.assumed,
            sized_fields=list(size.sized_fields) or UNSET,
            require_one_slicing_argument=UNSET,
        )


def _direct(element: GraphQLObjectType | GraphQLField, directives: list[Any]) -> None:
    """Add directives to an element alone: types share the definitions of what they inherit."""
    definition = copy(element.extensions[DEFINITION])
    definition.directives = [*(definition.directives or ()), *directives]
    element.extensions[DEFINITION] = definition
