"""Organizations, as whoever operates the gateway makes and lists them on its command line."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select

from gql.database import DatabaseAccess
from gql.errors import BadInput
from gql.models.organization import Organization
from gql.models.scope import table_of
from gql.models.types import now

LONGEST_NAME = 255
"""Characters of an organization's name."""

_ORGANIZATIONS = table_of(Organization)


@dataclass(frozen=True, slots=True)
class StoredOrganization:
    """A row of `organization`."""

    id: int
    name: str
    created_at: datetime


async def create_organization(database: DatabaseAccess, name: str) -> StoredOrganization:
    """A new organization without people, keys or data.

    Raises:
        BadInput: when the name cannot be used.
    """
    name = name.strip()
    if not 0 < len(name) <= LONGEST_NAME or "\0" in name:
        raise BadInput(f"An organization's name has 1 to {LONGEST_NAME} characters, and no NUL.")
    created_at = now()
    statement = (
        insert(_ORGANIZATIONS)
        .values(name=name, created_at=created_at)
        .returning(_ORGANIZATIONS.c.id)
    )
    async with database.transaction() as connection:
        organization_id = (await connection.execute(statement)).scalar_one()
    return StoredOrganization(organization_id, name, created_at)


async def list_organizations(
    database: DatabaseAccess, *, after: int = 0, first: int = 1_000
) -> list[StoredOrganization]:
    """The `first` organizations by id whose ids are larger than `after`."""
    columns = (_ORGANIZATIONS.c.id, _ORGANIZATIONS.c.name, _ORGANIZATIONS.c.created_at)
    statement = (
        select(*columns)
        .where(_ORGANIZATIONS.c.id > after)
        .order_by(_ORGANIZATIONS.c.id)
        .limit(first)
    )
    async with database.snapshot() as snapshot:
        rows = await snapshot.rows(statement)
    return [StoredOrganization(row.id, row.name, row.created_at) for row in rows]
