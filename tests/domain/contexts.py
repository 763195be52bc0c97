"""Contexts of somebody who may read."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gql.database import Database
from gql.identity import Identity, Method, Permission
from gql.query.context import Context


@asynccontextmanager
async def reader(database: Database, organization_id: int = 1) -> AsyncIterator[Context]:
    """The context of a member, closed at the end."""
    identity = Identity(organization_id, Method.API_KEY, frozenset({Permission.READ}))
    context = Context(identity, database)
    yield context
    await context.close()
