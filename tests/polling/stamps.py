"""Reads the versions of families from a database, without a gateway."""

from collections.abc import Mapping

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from gql.database import Database

ORGANIZATIONS = 1, 2

_STAMPS = text(
    "SELECT organization_id, family, slot, stamp FROM change_stamp ORDER BY family, slot"
)

Versions = Mapping[tuple[int, str], tuple[tuple[int, int], ...]]
"""Slots and stamps by organization and family."""


async def versions(database: Database) -> Versions:
    """Of everybody, at one instant."""
    async with database.engine.connect() as connection:
        return await versions_in(connection)


async def versions_in(connection: AsyncConnection) -> Versions:
    """Of everybody, as a transaction sees them."""
    by_family: dict[tuple[int, str], tuple[tuple[int, int], ...]] = {}
    for owner, family, slot, stamp in (await connection.execute(_STAMPS)).all():
        by_family[owner, family] = (*by_family.get((owner, family), ()), (slot, stamp))
    return by_family


def changed(before: Versions, after: Versions) -> set[tuple[int, str]]:
    """The organizations and families whose version is another one."""
    return {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
