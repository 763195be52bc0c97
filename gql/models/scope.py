"""The only place that writes the organization filter.

Every statement on a tenant's table starts here, with the organization as a bound parameter; a lint in
`make check` fails on a second place that compares `organization_id`.
"""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Table, bindparam
from sqlmodel import SQLModel

from gql.models.types import BIG


def table_of(model: type[SQLModel]) -> Table:
    """The Core table behind a model."""
    return model.__table__  # type: ignore[attr-defined,no-any-return]


def owned(table: FromClause, organization_id: int) -> ColumnElement[bool]:
    """The condition that a row of `table` (or of an alias of it) belongs to the organization.

    The `organization` table is its own owner.
    """
    column: ColumnElement[Any] = (
        table.c.id if getattr(table, "name", "") == "organization" else table.c.organization_id
    )
    return column == bindparam("organization_id", organization_id, type_=BIG)
