"""API keys: made, listed, revoked and found again; and the member that a credential acts for."""

import hashlib
import secrets
import string
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, case, false, insert, select, update

from gql.database import DatabaseAccess
from gql.errors import BadInput, Forbidden, NotFound
from gql.identity import GIVABLE, Permission
from gql.models.organization import ApiKey, Organization, User
from gql.models.scope import owned, same_owner, table_of
from gql.models.types import now

KEY_START = "burki_"
"""What every key begins with; `burki_live_` keys begin with it too."""

_ALPHABET = string.ascii_lowercase + string.digits
_RANDOM_LENGTH = 32
_PREFIX_LENGTH = 12
_NAME_LENGTH = 100

_KEYS = table_of(ApiKey)
_ORGANIZATIONS = table_of(Organization)
_USERS = table_of(User)


@dataclass(frozen=True, slots=True)
class StoredKey:
    """An API key as it is kept: everything but the key.

    Attributes:
        key_prefix: The first 12 characters and `...`, for people to tell their keys apart.
        permissions: As stored, `{"read": true, "write": true, "admin": false}`.
        last_used_at: Up to half a minute late, like `usage_count`: both are flushed in bulk.
    """

    id: int
    organization_id: int
    user_id: int | None
    name: str
    key_hash: str
    key_prefix: str
    permissions: Mapping[str, Any]
    rate_limit: Mapping[str, Any] | None
    is_active: bool
    expires_at: datetime | None
    last_used_at: datetime | None
    usage_count: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Holder:
    """A key, the organization that owns it, and whether the person behind it may still come in.

    Attributes:
        user_is_active: True for a key of nobody in particular.
    """

    key: StoredKey
    organization_name: str
    user_is_active: bool


@dataclass(frozen=True, slots=True)
class Member:
    """An organization, and one of its people when there is one with the id that was asked for."""

    organization_name: str
    user_id: int | None
    user_is_active: bool


def hash_key(plaintext: str) -> str:
    """The sha-256 of a key in hex: all that is kept of it.

    An unsalted fast hash looks like the classic mistake, and for passwords it is one: people choose
    them from a few million candidates, so each guess must be slow and each row must need its own.
    A key is 32 characters out of 36, drawn by the operating system: 165 bits, of which 134 are left
    to guess beside the printed prefix. At 10^12 guesses a second that takes a thief of the table
    10^20 years, so slowness buys nothing; and no two keys are equal, so a salt has no shared work
    to prevent. What they would cost is real: a salted hash cannot be looked up by an index (each
    request would try every row), and 100 ms of work for whoever sends a wrong key is a way to stop
    the gateway. This holds only for keys made below: one that a person chose must never be kept so.
    """
    return hashlib.sha256(plaintext.encode()).hexdigest()


def granted(permissions: Mapping[str, Any]) -> frozenset[Permission]:
    """The permissions that a stored object grants: the known words whose value is exactly true."""
    return frozenset(word for word in Permission if permissions.get(word) is True)


def kept(permissions: Collection[Permission]) -> dict[str, bool]:
    """How permissions are stored, and shown over REST.

    Those of operators are named only where they are granted: no other key need know of them.
    """
    named = [word for word in Permission if word in GIVABLE or word in permissions]
    return {str(word): word in permissions for word in named}


def require_givable(permissions: Collection[Permission]) -> None:
    """Pass when an organization may give these permissions to a key of its own.

    Raises:
        Forbidden: when one of them is an operator's to give, whatever the caller may do.
    """
    for word in Permission:
        if word in permissions and word not in GIVABLE:
            raise Forbidden(
                f"The {word} permission is given only by whoever runs the gateway: "
                f"jackfield keys create NAME --permission {word}."
            )


async def create_api_key(
    database: DatabaseAccess,
    organization_id: int,
    *,
    name: str,
    permissions: Collection[Permission],
    user_id: int | None = None,
    expires_at: datetime | None = None,
) -> tuple[StoredKey, str]:
    """A new key: what is kept of it, and its text, which nobody can read again.

    Args:
        database: Where it is written, in a transaction of its own.
        organization_id: Who owns it.
        name: 1 to 100 characters, for people.
        permissions: What it may do.
        user_id: The person it acts for; it stops working when they are deactivated.
        expires_at: When it stops working, aware; never, without.

    Raises:
        BadInput: when the name or the expiry cannot be used.
        NotFound: when the organization or the person does not exist in it.
    """
    name = name.strip()
    if not 0 < len(name) <= _NAME_LENGTH or "\0" in name:
        raise BadInput(f"name must have 1 to {_NAME_LENGTH} characters, and no NUL.")
    if expires_at is not None and expires_at.tzinfo is None:
        raise BadInput("expires_at must say its offset from UTC.")
    member = await find_member(database, organization_id, user_id)
    if member is None:
        raise NotFound("organization", organization_id)
    if member.user_id != user_id:
        raise NotFound("user", user_id or 0)
    plaintext = KEY_START + "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM_LENGTH))
    instant = now()
    statement = insert(_KEYS).values(
        organization_id=organization_id,
        user_id=user_id,
        name=name,
        key_hash=hash_key(plaintext),
        key_prefix=plaintext[:_PREFIX_LENGTH] + "...",
        permissions=kept(permissions),
        is_active=True,
        expires_at=expires_at,
        usage_count=0,
        created_at=instant,
        updated_at=instant,
    )
    async with database.transaction() as connection:
        row = (await connection.execute(statement.returning(*_KEYS.c))).one()
    return _stored(row), plaintext


async def list_api_keys(database: DatabaseAccess, organization_id: int) -> list[StoredKey]:
    """Every key of an organization, oldest first, revoked and expired ones too."""
    statement = select(_KEYS).where(owned(_KEYS, organization_id)).order_by(_KEYS.c.id)
    return [_stored(row) for row in await _read(database, statement)]


async def revoke_api_key(database: DatabaseAccess, organization_id: int, key_id: int) -> StoredKey:
    """The key, revoked; processes that remember it refuse it within `credential_ttl` seconds.

    Raises:
        NotFound: when the organization has no such key.
    """
    statement = (
        update(_KEYS)
        .where(_KEYS.c.id == key_id, owned(_KEYS, organization_id))
        .values(is_active=False, updated_at=now())
        .returning(*_KEYS.c)
    )
    async with database.transaction() as connection:
        row = (await connection.execute(statement)).one_or_none()
    if row is None:
        raise NotFound("api_key", key_id)
    return _stored(row)


async def find_by_hash(database: DatabaseAccess, key_hash: str) -> Holder | None:
    """The key with this hash, of whichever organization: the one read before a tenant is known."""
    return await _find(database, _KEYS.c.key_hash == key_hash)


async def find_api_key(
    database: DatabaseAccess, organization_id: int, key_id: int
) -> Holder | None:
    """The organization's key with this id."""
    return await _find(database, and_(_KEYS.c.id == key_id, owned(_KEYS, organization_id)))


async def find_member(
    database: DatabaseAccess, organization_id: int, user_id: int | None
) -> Member | None:
    """The organization, with the person when it has one of that id; None without the former."""
    person = false() if user_id is None else _USERS.c.id == user_id
    statement = (
        select(_ORGANIZATIONS.c.name, _USERS.c.id, _USERS.c.is_active)
        .outerjoin_from(_ORGANIZATIONS, _USERS, and_(person, same_owner(_USERS, _ORGANIZATIONS)))
        .where(owned(_ORGANIZATIONS, organization_id))
    )
    for row in await _read(database, statement):
        return Member(row[0], row[1], row[2] is True)
    return None


async def record_usage(database: DatabaseAccess, usage: Mapping[int, tuple[int, datetime]]) -> None:
    """Add uses to keys: id -> (how many, the last one), in one statement for all of them.

    Ids ascend so that two processes lock the rows in the same order.
    """
    last = bindparam("last", type_=_KEYS.c.last_used_at.type)
    later = _KEYS.c.last_used_at > last
    statement = (
        update(_KEYS)
        .where(_KEYS.c.id == bindparam("key_id"))
        .values(
            usage_count=_KEYS.c.usage_count + bindparam("uses"),
            last_used_at=case((later, _KEYS.c.last_used_at), else_=last),
        )
    )
    rows = [{"key_id": key, "uses": uses, "last": at} for key, (uses, at) in sorted(usage.items())]
    async with database.transaction() as connection:
        await connection.execute(statement, rows)


async def _find(database: DatabaseAccess, condition: Any) -> Holder | None:
    statement = (
        select(
            *_KEYS.c,
            _ORGANIZATIONS.c.name.label("organization_name"),
            _USERS.c.is_active.label("user_is_active"),
        )
        .join_from(_KEYS, _ORGANIZATIONS, same_owner(_KEYS, _ORGANIZATIONS))
        .outerjoin(_USERS, and_(_USERS.c.id == _KEYS.c.user_id, same_owner(_USERS, _KEYS)))
        .where(condition)
    )
    for row in await _read(database, statement):
        anybody = row.user_id is None
        return Holder(_stored(row), row.organization_name, anybody or row.user_is_active is True)
    return None


async def _read(database: DatabaseAccess, statement: Any) -> Any:
    async with database.snapshot() as snapshot:
        return await snapshot.rows(statement)


def _stored(row: Any) -> StoredKey:
    return StoredKey(**{name: getattr(row, name) for name in StoredKey.__slots__})
