"""The only place that writes the organization filter.

Every statement on a tenant's table starts here, with the organization as a bound parameter; a
lint in `make check` fails on a second place that compares `organization_id`.
"""

from typing import Any

from sqlalchemy import BindParameter, ColumnElement, FromClause, Table, bindparam
from sqlmodel import SQLModel

from gql.models.types import BIG


def table_of(model: type[SQLModel]) -> Table:
    """The Core table behind a model."""
    return model.__table__  # type: ignore[attr-defined,no-any-return]


def owned(table: FromClause, organization_id: int | None = None) -> ColumnElement[bool]:
    """The condition that a row of `table` (or of an alias of it) belongs to the organization.

    Without `organization_id` the parameter has no value, and the statement runs only with
    `parameters(organization_id)`. The `organization` table is its own owner.
    """
    return owner(table) == organization(organization_id)


def organization(organization_id: int | None = None) -> BindParameter[int]:
    """The parameter of `owned`: for full-text indexes, in which the organization is a word."""
    required = organization_id is None
    return bindparam("organization_id", organization_id, type_=BIG, required=required)


def parameters(organization_id: int) -> dict[str, int]:
    """The value of the parameter of `owned`."""
    return {"organization_id": organization_id}


def same_owner(one: FromClause, other: FromClause) -> ColumnElement[bool]:
    """The condition that two rows belong to the same organization.

    For `gql/accounts`, which finds a row by a key and learns the organization from it, for
    migrations, which look at everybody's rows, and for the question whose webhooks are due.
    Everybody else knows the organization and binds it for each table by `owned`: a distributed
    database takes the shard from a parameter, and asks all shards where two columns are compared.
    """
    return owner(one) == owner(other)


def owner(table: FromClause) -> ColumnElement[Any]:
    """The column of `table` (or of an alias of it) that names the organization."""
    return table.c["organization_id" if "organization_id" in table.c else "id"]
