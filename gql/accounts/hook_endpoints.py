"""Webhook endpoints as they are stored.

One is looked up by its address before its organization is known, like an API key. Who may make one,
and what a platform needs, is for `gql/ingest/endpoints.py`.
"""

import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from sqlalchemy import Row, bindparam, delete, insert, select

from gql.accounts.owned_rows import change_row
from gql.accounts.people import require_member
from gql.database import DatabaseAccess, Snapshot
from gql.errors import NotFound
from gql.models.hook import HookEndpoint
from gql.models.scope import owned, table_of
from gql.models.types import now

_ALPHABET = string.ascii_lowercase + string.digits
_RANDOM_LENGTH = 28
"""Characters of the random word in an address: 144 bits, as hard to guess as a key."""

_ENDPOINTS = table_of(HookEndpoint)
_BY_PUBLIC_ID = select(_ENDPOINTS).where(_ENDPOINTS.c.public_id == bindparam("public_id"))


@dataclass(frozen=True, slots=True)
class StoredEndpoint:
    """A row of `hook_endpoint`; the secrets are sealed."""

    id: int
    organization_id: int
    public_id: str
    source: str
    name: str
    role: str
    secret: str | None
    secret_previous: str | None
    settings: Mapping[str, Any]
    is_active: bool
    created_at: datetime
    updated_at: datetime

    @classmethod
    def from_row(cls, row: Row[Any]) -> Self:
        """The columns of `hook_endpoint` in a row that may have others."""
        return cls(**{name: getattr(row, name) for name in cls.__slots__})

    @property
    def path(self) -> str:
        """Where deliveries are sent to, below the address of the gateway."""
        return f"/hooks/{self.source}/{self.public_id}"

    @property
    def region(self) -> str | None:
        """The country of phone numbers that come without its code, in two letters."""
        region: str | None = self.settings.get("region")
        return region

    @property
    def sealed_secrets(self) -> list[str]:
        """The secrets that count, newest first."""
        return [each for each in (self.secret, self.secret_previous) if each is not None]


async def find_endpoint(database: DatabaseAccess, public_id: str) -> StoredEndpoint | None:
    """The endpoint with this word in its address, of any organization."""
    async with database.snapshot() as snapshot:
        rows = await snapshot.rows(_BY_PUBLIC_ID, {"public_id": public_id})
    return StoredEndpoint.from_row(rows[0]) if rows else None


async def add_endpoint(
    database: DatabaseAccess, organization_id: int, **values: Any
) -> StoredEndpoint:
    """A new endpoint, at an address that nobody can guess.

    Args:
        database: Where it is written, in a transaction of its own unless one is open.
        organization_id: Who owns it.
        values: Its `source`, `name`, `role`, `secret` (sealed) and `settings`.

    Raises:
        NotFound: when there is no such organization.
    """
    await require_member(database, organization_id, None)
    instant = now()
    statement = insert(_ENDPOINTS).values(
        organization_id=organization_id,
        public_id="".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM_LENGTH)),
        is_active=True,
        created_at=instant,
        updated_at=instant,
        **values,
    )
    async with database.transaction() as connection:
        row = (await connection.execute(statement.returning(*_ENDPOINTS.c))).one()
    return StoredEndpoint.from_row(row)


async def read_endpoint(
    snapshot: Snapshot, organization_id: int, endpoint_id: int
) -> StoredEndpoint:
    """An endpoint of the organization.

    Raises:
        NotFound: when it has no such endpoint.
    """
    own = owned(_ENDPOINTS, organization_id)
    rows = await snapshot.rows(select(_ENDPOINTS).where(own, _ENDPOINTS.c.id == endpoint_id))
    if not rows:
        raise NotFound("hook_endpoint", endpoint_id)
    return StoredEndpoint.from_row(rows[0])


async def list_endpoints(
    snapshot: Snapshot, organization_id: int | None = None
) -> list[StoredEndpoint]:
    """The endpoints of an organization, or of all for what runs in the background, by id."""
    statement = select(_ENDPOINTS).order_by(_ENDPOINTS.c.id)
    if organization_id is not None:
        statement = statement.where(owned(_ENDPOINTS, organization_id))
    return [StoredEndpoint.from_row(row) for row in await snapshot.rows(statement)]


async def change_endpoint(
    database: DatabaseAccess, organization_id: int, endpoint_id: int, **values: Any
) -> StoredEndpoint:
    """The endpoint with other values in some columns.

    Raises:
        NotFound: when the organization has no such endpoint.
    """
    async with database.transaction() as connection:
        row = await change_row(connection, _ENDPOINTS, organization_id, endpoint_id, **values)
    if row is None:
        raise NotFound("hook_endpoint", endpoint_id)
    return StoredEndpoint.from_row(row)


async def remove_endpoint(
    database: DatabaseAccess, organization_id: int, endpoint_id: int
) -> StoredEndpoint:
    """Delete an endpoint with all its deliveries; what these became stays.

    Raises:
        NotFound: when the organization has no such endpoint.
    """
    statement = (
        delete(_ENDPOINTS)
        .where(_ENDPOINTS.c.id == endpoint_id, owned(_ENDPOINTS, organization_id))
        .returning(*_ENDPOINTS.c)
    )
    async with database.transaction() as connection:
        row = (await connection.execute(statement)).one_or_none()
    if row is None:
        raise NotFound("hook_endpoint", endpoint_id)
    return StoredEndpoint.from_row(row)
