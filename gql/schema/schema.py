"""The schema, put together."""

import strawberry
from strawberry.schema.config import StrawberryConfig

from gql.schema.cost_directives import DIRECTIVES, print_costs
from gql.schema.mutation import Mutation
from gql.schema.query import ENTITIES, Query
from gql.schema.scalars import SCALARS
from gql.schema.subscription import Subscription


def build_schema() -> strawberry.Schema:
    """The schema; building it checks it."""
    built = strawberry.Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[*ENTITIES, *DIRECTIVES],
        config=StrawberryConfig(scalar_map=SCALARS),
    )
    print_costs(built._schema)  # noqa: SLF001 -- Strawberry has no other way to it
    return built


schema = build_schema()
"""The one schema of the process."""
