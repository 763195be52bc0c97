"""People: who they are, what they may do, and whether a password is theirs."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import and_, false, insert, select, update
from sqlalchemy.exc import IntegrityError

from gql.accounts.logins import is_running
from gql.accounts.passwords import LONGEST, Passwords, stamp_of
from gql.database import DatabaseAccess
from gql.database.credential_changes import note_credential_change
from gql.errors import BadInput, Conflict, NotFound, Unauthenticated
from gql.identity import ADMINISTRATOR_PERMISSIONS, DEFAULT_PERMISSIONS, Permission
from gql.models.organization import Organization, User
from gql.models.scope import owned, same_owner, table_of
from gql.models.types import now

LONGEST_EMAIL = 254
"""Characters of an address, as mail knows it."""

_LONGEST_NAME = 255
_ORGANIZATIONS = table_of(Organization)
_USERS = table_of(User)


@dataclass(frozen=True, slots=True)
class Person:
    """A person and their organization.

    Attributes:
        password_hash: Argon2; None for somebody who cannot log in by password.
    """

    id: int
    organization_id: int
    organization_name: str
    email: str
    name: str
    is_admin: bool
    is_active: bool
    created_at: datetime
    password_hash: str | None = field(repr=False)

    @property
    def permissions(self) -> frozenset[Permission]:
        """What they may do when they log in by password."""
        return ADMINISTRATOR_PERMISSIONS if self.is_admin else frozenset(DEFAULT_PERMISSIONS)

    @property
    def stamp(self) -> str:
        """A login keeps it, and ends when it changes: that is, with the password."""
        return stamp_of(self.password_hash)


@dataclass(frozen=True, slots=True)
class OrganizationMember:
    """An organization, and one of its people; `user_id` is None when it has nobody of that id."""

    organization_name: str
    user_id: int | None
    user_is_active: bool


@dataclass(frozen=True, slots=True)
class PasswordClaim:
    """What somebody enters to log in.

    Attributes:
        organization: Its name or its id; None for a person of any.
    """

    email: str
    password: str = field(repr=False)
    organization: str | None = None

    @property
    def account(self) -> str:
        """The address as it is stored, whether there is such an account or not."""
        return _normalized(self.email)


async def check_password(
    database: DatabaseAccess, passwords: Passwords, claim: PasswordClaim
) -> Person:
    """The active person whose password it is.

    Raises:
        Unauthenticated: in the same words, after the same work, whatever is wrong.
        RateLimited: when too many are waiting.
    """
    email = claim.account
    person = None if "\0" in email else await _find(database, _USERS.c.email == email)
    stored_hash = None if person is None else person.password_hash
    matches = await passwords.match(claim.password[: LONGEST + 1], stored_hash)
    if person is None or not matches or not person.is_active or not _belongs(person, claim):
        raise Unauthenticated("Invalid email or password.")
    return person


async def find_person(
    database: DatabaseAccess, organization_id: int, user_id: int
) -> Person | None:
    return await _find(database, and_(_USERS.c.id == user_id, owned(_USERS, organization_id)))


async def find_member(
    database: DatabaseAccess, organization_id: int, user_id: int | None
) -> OrganizationMember | None:
    """The organization, with the person of that id when it has one; None for no organization."""
    person = false() if user_id is None else _USERS.c.id == user_id
    statement = (
        select(_ORGANIZATIONS.c.name, _USERS.c.id, _USERS.c.is_active)
        .outerjoin_from(_ORGANIZATIONS, _USERS, and_(person, same_owner(_USERS, _ORGANIZATIONS)))
        .where(owned(_ORGANIZATIONS, organization_id))
    )
    async with database.snapshot() as snapshot:
        rows = await snapshot.rows(statement)
    for row in rows:
        return OrganizationMember(row.name, row.id, row.is_active is True)
    return None


async def require_member(
    database: DatabaseAccess, organization_id: int, user_id: int | None
) -> OrganizationMember:
    """What `find_member` answers, when nothing is missing.

    Raises:
        NotFound: when there is no such organization, or no such person of it.
    """
    member = await find_member(database, organization_id, user_id)
    if member is None:
        raise NotFound("organization", organization_id)
    if user_id is not None and member.user_id != user_id:
        raise NotFound("user", user_id)
    return member


async def find_by_login(
    database: DatabaseAccess, organization_id: int, user_id: int, *, login_id: str, stamp: str
) -> Person | None:
    """The active person who logged in, if they have not logged out since.

    None too when their password is no longer the one of that login.
    """
    person = await _find(
        database,
        and_(
            _USERS.c.id == user_id,
            owned(_USERS, organization_id),
            is_running(login_id, organization_id),
        ),
    )
    if person is None or not person.is_active:
        return None
    return person if hmac.compare_digest(person.stamp.encode(), stamp.encode()) else None


async def has_passwords(database: DatabaseAccess) -> bool:
    """Whether anybody of any organization can log in by password."""
    statement = select(_USERS.c.id).where(_USERS.c.password_hash.is_not(None)).limit(1)
    async with database.snapshot() as snapshot:
        return bool(await snapshot.rows(statement))


async def list_people(database: DatabaseAccess, organization_id: int) -> list[Person]:
    """Everybody of an organization by id, deactivated people too."""
    return await _people(database, owned(_USERS, organization_id))


async def create_person(
    database: DatabaseAccess,
    organization_id: int,
    *,
    email: str,
    name: str,
    password_hash: str | None = None,
    is_admin: bool = False,
) -> Person:
    """A new person of an organization.

    Args:
        database: Where it is written, in a transaction of its own unless one is open.
        organization_id: Theirs.
        email: Unique in the whole installation; capitals do not count.
        name: What they are called.
        password_hash: From `Passwords.hash`; without one they cannot log in by password.
        is_admin: Whether they administer the organization.

    Raises:
        BadInput: when the address or the name cannot be used.
        Conflict: when somebody has the address already.
        NotFound: when there is no such organization.
    """
    values = {
        "email": _checked_email(email),
        "name": _checked_name(name),
        "password_hash": password_hash,
        "is_admin": is_admin,
        "is_active": True,
        "created_at": now(),
    }
    await require_member(database, organization_id, None)
    try:
        user_id = await _insert(database, {"organization_id": organization_id, **values})
    except IntegrityError as error:
        raise Conflict(f"Somebody has the address {values['email']} already.") from error
    person = await find_person(database, organization_id, user_id)
    if person is None:
        raise NotFound("user", user_id)
    return person


async def set_password(
    database: DatabaseAccess, organization_id: int, email: str, *, password_hash: str | None
) -> Person:
    """The person, with another password or with none; earlier logins by password end.

    Raises:
        NotFound: when the organization has nobody with the address.
    """
    statement = (
        update(_USERS)
        .where(_USERS.c.email == _normalized(email), owned(_USERS, organization_id))
        .values(password_hash=password_hash)
        .returning(_USERS.c.id)
    )
    async with database.transaction() as connection:
        user_id = (await connection.execute(statement)).scalar_one_or_none()
        note_credential_change(connection, organization_id)
    person = None if user_id is None else await find_person(database, organization_id, user_id)
    if person is None:
        raise NotFound("user", email)
    return person


def _belongs(person: Person, claim: PasswordClaim) -> bool:
    if claim.organization is None:
        return True
    entered = claim.organization.strip().casefold()
    return entered in {str(person.organization_id), person.organization_name.casefold()}


def _normalized(email: str) -> str:
    return email.strip().lower()


def _checked_email(email: str) -> str:
    address = _normalized(email)
    name, _, host = address.rpartition("@")
    usable = name and host and address.isprintable() and " " not in address
    if not usable or len(address) > LONGEST_EMAIL:
        raise BadInput(f"{email!r} is not an email address.")
    return address


def _checked_name(name: str) -> str:
    name = name.strip()
    if not name.isprintable() or not 0 < len(name) <= _LONGEST_NAME:
        raise BadInput(f"name must have 1 to {_LONGEST_NAME} characters, all of them printable.")
    return name


async def _insert(database: DatabaseAccess, values: Mapping[str, Any]) -> int:
    async with database.transaction() as connection:
        statement = insert(_USERS).values(values).returning(_USERS.c.id)
        return int((await connection.execute(statement)).scalar_one())


async def _find(database: DatabaseAccess, condition: Any) -> Person | None:
    """One person; by an address that is of any organization, as the tenant is not known yet."""
    for person in await _people(database, condition):
        return person
    return None


async def _people(database: DatabaseAccess, condition: Any) -> list[Person]:
    statement = (
        select(_USERS, _ORGANIZATIONS.c.name.label("organization_name"))
        .join_from(_USERS, _ORGANIZATIONS, same_owner(_USERS, _ORGANIZATIONS))
        .where(condition)
        .order_by(_USERS.c.id)
    )
    async with database.snapshot() as snapshot:
        rows = await snapshot.rows(statement)
    return [Person(**{name: getattr(row, name) for name in Person.__slots__}) for row in rows]
