"""The schema, put together."""

import strawberry
from strawberry.schema.config import StrawberryConfig

from gql.schema.mutation import Mutation
from gql.schema.query import ENTITIES, Query
from gql.schema.scalars import SCALARS


def build_schema() -> strawberry.Schema:
    """The schema; building it checks it."""
    return strawberry.Schema(
        query=Query, mutation=Mutation, types=ENTITIES, config=StrawberryConfig(scalar_map=SCALARS)
    )


schema = build_schema()
"""The one schema of the process."""
