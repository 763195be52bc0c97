"""Contexts of callers, and the rows of a database as values."""

from typing import Any

import pytest
from sqlalchemy import select

from gql.database import Database
from gql.events.numbering import number_events
from gql.identity import Identity, Method, Permission
from gql.models import TABLES
from gql.models.scope import table_of
from gql.query.context import Context

Rows = dict[str, list[tuple[Any, ...]]]


def caller(
    database: Database, organization_id: int = 1, *permissions: Permission, **identity: Any
) -> Context:
    """A context of a member, with every permission unless some are named."""
    granted = frozenset(permissions or Permission)
    return Context(
        Identity(organization_id, Method.API_KEY, granted, **identity),
        database,
        request_id="request-1",
    )


async def all_rows(database: Database) -> Rows:
    """Every row of every table, once events are numbered: a gateway does that at any time."""
    if database.engine.dialect.name == "postgresql":
        await number_events(database.engine)
    async with database.engine.connect() as connection:
        return {
            table.name: [
                tuple(row)
                for row in await connection.execute(select(table).order_by(*table.primary_key))
            ]
            for table in map(table_of, TABLES)
        }


async def rows(database: Database, model: Any, *columns: str, **equal: Any) -> list[Any]:
    """Some columns of a table's rows, by id; of those alone that have some values."""
    table = table_of(model)
    statement = select(*(table.c[name] for name in columns)).order_by(table.c.id)
    for name, value in equal.items():
        statement = statement.where(table.c[name] == value)
    async with database.engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(statement)]


@pytest.fixture
def member(fresh_database: Database) -> Context:
    """A member of the first organization, on the test's own database."""
    return caller(fresh_database, user_id=1, api_key_id=1)


@pytest.fixture
def stranger(fresh_database: Database) -> Context:
    """A member of the second organization."""
    return caller(fresh_database, 2)
