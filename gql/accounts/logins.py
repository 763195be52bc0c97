"""Logins by password or by API key: only those that were ended by logging out are stored."""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import BindParameter, ColumnElement, delete, exists, insert, select
from sqlalchemy.exc import IntegrityError

from gql.database import DatabaseAccess
from gql.database.credential_changes import note_credential_change
from gql.models.ended_login import EndedLogin
from gql.models.scope import owned, table_of
from gql.models.types import now

_ENDED = table_of(EndedLogin)
_SWEEP_LIMIT = 50
_LONGEST = 10 * 365 * 86_400
"""Seconds that a login may be kept as ended: a signed token may name any expiry."""


@dataclass(frozen=True, slots=True)
class Login:
    """A login that somebody may log out of.

    Attributes:
        login_id: See `new_login_id`.
        seconds: How long its cookie or token would still be good.
    """

    organization_id: int
    login_id: str
    seconds: float


def new_login_id() -> str:
    """What the cookie and the token of one login carry, and those of no other."""
    return secrets.token_urlsafe(16)


def is_running(
    login_id: str | BindParameter[str], organization_id: int | None = None
) -> ColumnElement[bool]:
    """The condition that nobody has logged out of a login to an organization.

    Without `organization_id` it is the parameter of `owned`.
    """
    return ~exists().where(_ENDED.c.login_id == login_id, owned(_ENDED, organization_id))


async def end_login(database: DatabaseAccess, login: Login) -> None:
    """Have the cookie and the token of a login refused from now on; twice is as good as once.

    Processes that have them cached refuse them at once, or within `credential_ttl` seconds where
    they cannot be told (`gql/stores/credential_changes.py`).

    Raises:
        Unavailable: when the database cannot be reached: then the login runs on.
    """
    row = {
        "organization_id": login.organization_id,
        "login_id": login.login_id,
        "expires_at": now() + timedelta(seconds=min(login.seconds, _LONGEST)),
    }
    own = owned(_ENDED, login.organization_id)
    expired = (
        select(_ENDED.c.id)
        .where(own, _ENDED.c.expires_at < now())
        .order_by(_ENDED.c.expires_at, _ENDED.c.id)
        .limit(_SWEEP_LIMIT)
        .with_for_update(skip_locked=True)
    )
    async with database.transaction() as connection:
        note_credential_change(connection, login.organization_id)
        await connection.execute(delete(_ENDED).where(own, _ENDED.c.id.in_(expired)))
        try:
            async with connection.begin_nested():
                await connection.execute(insert(_ENDED).values(row))
        except IntegrityError:
            return
