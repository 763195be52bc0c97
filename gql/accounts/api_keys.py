"""API keys as they are stored, and the rules that hold wherever one is issued or checked.

Callers that act for a person check what that person may do, and write the audit log, in
`gql.domain.writes.api_keys`.
"""

import hashlib
import math
import secrets
import string
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from sqlalchemy import (
    CTE,
    ColumnElement,
    Row,
    Select,
    and_,
    bindparam,
    case,
    delete,
    insert,
    literal,
    select,
    update,
)

from gql.accounts.key_permissions import (
    PERMISSION_OF_LEVEL,
    granted_kinds,
    granted_permissions,
    stored_permissions,
)
from gql.accounts.logins import is_running
from gql.accounts.owned_rows import change_row
from gql.accounts.people import require_member
from gql.database import DatabaseAccess, Snapshot
from gql.database.credential_changes import note_credential_change
from gql.errors import BadInput, NotFound
from gql.identity import Permission, allows
from gql.kinds import Access
from gql.models.organization import ApiKey, Organization, User
from gql.models.scope import owned, parameters, same_owner, table_of
from gql.models.types import now

KEY_START = "burki_"
"""What every key begins with; `burki_live_` keys begin with it too."""

LONGEST_NAME = 100
"""Characters of a key's name."""

MOST_ANCESTORS = 8
"""Most keys that a key may descend from, each made with the one before."""

_ALPHABET = string.ascii_lowercase + string.digits
_RANDOM_LENGTH = 32
_PREFIX_LENGTH = 12

_KEYS = table_of(ApiKey)
_ORGANIZATIONS = table_of(Organization)
_USERS = table_of(User)


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A row of `api_key`.

    Attributes:
        key_hash: See `hash_key`; the key itself is nowhere.
        key_prefix: The first 12 characters and `...`, for people to tell their keys apart.
        permissions: `{"read": true, "write": true, "admin": false}`; of a key that is limited to
            kinds of objects `{"assistants": "read_write"}`.
        parent_id: The key that it was made with; None for one that was made by logging in, or on
            the command line.
        last_used_at: Up to half a minute late, like `usage_count`: both are flushed in bulk.
    """

    id: int
    organization_id: int
    user_id: int | None
    parent_id: int | None
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

    @classmethod
    def from_row(cls, row: Row[Any]) -> Self:
        """The columns of `api_key` in a row that may have others."""
        return cls(**{name: getattr(row, name) for name in cls.__slots__})


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """A key with the keys that it descends from, its organization and its person.

    Attributes:
        lineage: The key, the one that it was made with, and so on, as far as they are there.
        user_is_active: True for a key that belongs to no person.
    """

    lineage: tuple[StoredKey, ...]
    organization_name: str
    user_is_active: bool

    @property
    def key(self) -> StoredKey:
        return self.lineage[0]

    @property
    def permissions(self) -> frozenset[Permission]:
        """What the key may do: nothing that one of its ancestors may not."""
        return _common_permissions(self.lineage)

    @property
    def kinds(self) -> frozenset[Access] | None:
        """What the key may do with each kind of objects: nothing that an ancestor may not.

        None where neither it nor an ancestor is limited to kinds.
        """
        limits = [granted_kinds(key.permissions) for key in self.lineage]
        narrowest = [each for each in limits if each is not None]
        if not narrowest:
            return None
        permissions = self.permissions
        common = frozenset.intersection(*narrowest)
        return frozenset(each for each in common if PERMISSION_OF_LEVEL[each[1]] in permissions)

    @property
    def rate_limits(self) -> tuple[tuple[int, Mapping[str, Any] | None], ...]:
        """The id and the `rate_limit` of the key, and of each that it descends from."""
        return tuple((key.id, key.rate_limit) for key in self.lineage)

    @property
    def ancestors_permissions(self) -> frozenset[Permission]:
        """What all its ancestors may do; every permission for a key without any."""
        return _common_permissions(self.lineage[1:])

    @property
    def expires_at(self) -> datetime | None:
        """When the key, or the first of its ancestors, expires."""
        return min((key.expires_at for key in self.lineage if key.expires_at), default=None)

    def seconds_left(self) -> float:
        """How long the key is valid.

        0 when it, or a key that it descends from, is revoked, deleted or expired, and when its
        person is deactivated.
        """
        is_whole = self.lineage[-1].parent_id is None
        if not is_whole or not all(key.is_active for key in self.lineage):
            return 0
        if not self.user_is_active:
            return 0
        if self.expires_at is None:
            return math.inf
        return max(0, (self.expires_at - now()).total_seconds())


def hash_key(plaintext: str) -> str:
    """The sha-256 of a key in hex: all that is kept of it.

    An unsalted fast hash looks like the classic mistake, and for passwords it is one: people choose
    them from a few million candidates, so each guess must be slow and each row must need its own.
    A key is 32 characters out of 36, drawn by the operating system: 165 bits, of which 134 are left
    to guess beside the printed prefix. At 10^12 guesses a second that takes a thief of the table
    10^20 years, so slowness buys nothing; and no two keys are equal, so a salt has no shared work
    to prevent. What they would cost is real: a salted hash cannot be looked up by an index (each
    request would try every row), and 100 ms of work for anybody's wrong key is a way to stop
    the gateway. This holds only for keys issued below: one that a person chose must never be kept
    so.
    """
    return hashlib.sha256(plaintext.encode()).hexdigest()


def generate_key() -> str:
    return KEY_START + "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM_LENGTH))


def key_columns(plaintext: str) -> dict[str, str]:
    """The columns of `api_key` that are made from the key itself."""
    return {"key_hash": hash_key(plaintext), "key_prefix": plaintext[:_PREFIX_LENGTH] + "..."}


def _common_permissions(keys: Iterable[StoredKey]) -> frozenset[Permission]:
    """What all of the keys may do, in the words of one of them; of no keys, everything."""
    granted = [granted_permissions(key.permissions) for key in keys]
    words = frozenset[Permission]().union(*granted) or frozenset(Permission)
    return frozenset(word for word in words if all(allows(one, word) for one in granted))


async def issue_key(
    database: DatabaseAccess,
    organization_id: int,
    *,
    name: str,
    permissions: Collection[Permission],
    kinds: Collection[Access] | None = None,
    user_id: int | None = None,
    parent_id: int | None = None,
    expires_at: datetime | None = None,
    rate_limit: Mapping[str, int] | None = None,
) -> tuple[StoredKey, str]:
    """A new key: its row, and its text, which nobody can read again.

    Args:
        database: Where it is written, in a transaction of its own unless one is open.
        organization_id: Who owns it.
        name: 1 to 100 characters, for people.
        permissions: What it may do.
        kinds: What it may do with each kind of objects, in place of `permissions`.
        user_id: The person it acts for; it stops working when they are deactivated.
        parent_id: The key of the same organization that it is made with, and ends with.
        expires_at: When it stops working, aware; never, without.
        rate_limit: What it may do in a window of time; see `KEY_QUOTAS`.

    Raises:
        BadInput: when the name or the expiry cannot be used.
        NotFound: when the organization or the person does not exist in it.
    """
    name = name.strip()
    if not 0 < len(name) <= LONGEST_NAME or "\0" in name:
        raise BadInput(f"name must have 1 to {LONGEST_NAME} characters, and no NUL.")
    if expires_at is not None and expires_at.tzinfo is None:
        raise BadInput("expires_at must say its offset from UTC.")
    await require_member(database, organization_id, user_id)
    plaintext = generate_key()
    instant = now()
    statement = insert(_KEYS).values(
        organization_id=organization_id,
        user_id=user_id,
        parent_id=parent_id,
        name=name,
        permissions=stored_permissions(permissions, kinds),
        rate_limit=rate_limit,
        is_active=True,
        expires_at=expires_at,
        usage_count=0,
        created_at=instant,
        updated_at=instant,
        **key_columns(plaintext),
    )
    async with database.transaction() as connection:
        row = (await connection.execute(statement.returning(*_KEYS.c))).one()
    return StoredKey.from_row(row), plaintext


async def list_keys(
    snapshot: Snapshot,
    organization_id: int,
    *,
    user_id: int | None = None,
    skip: int = 0,
    limit: int | None = None,
) -> list[StoredKey]:
    """The keys of an organization, or of one of its people, by id; revoked and expired ones too."""
    statement = select(_KEYS).where(owned(_KEYS, organization_id)).order_by(_KEYS.c.id)
    if user_id is not None:
        statement = statement.where(_KEYS.c.user_id == user_id)
    rows = await snapshot.rows(statement.offset(skip).limit(limit))
    return [StoredKey.from_row(row) for row in rows]


async def change_key(
    database: DatabaseAccess, organization_id: int, key_id: int, **values: Any
) -> StoredKey:
    """The key with other values in some columns.

    With `is_active=False` it is revoked: processes that have it cached refuse it at once, or within
    `credential_ttl` seconds where they cannot be told (`gql/stores/credential_changes.py`).

    Raises:
        NotFound: when the organization has no such key.
    """
    async with database.transaction() as connection:
        row = await change_row(connection, _KEYS, organization_id, key_id, **values)
        note_credential_change(connection, organization_id)
    if row is None:
        raise NotFound("api_key", key_id)
    return StoredKey.from_row(row)


async def delete_key(database: DatabaseAccess, organization_id: int, key_id: int) -> None:
    """Remove the row, if there is one."""
    async with database.transaction() as connection:
        await connection.execute(
            delete(_KEYS).where(_KEYS.c.id == key_id, owned(_KEYS, organization_id))
        )
        note_credential_change(connection, organization_id)


async def find_key_by_hash(database: DatabaseAccess, key_hash: str) -> KeyHolder | None:
    """The key with this hash, of any organization: the tenant is not known before this lookup."""
    return await _find(database, _BY_HASH, {"key_hash": key_hash})


async def find_key(
    database: DatabaseAccess, organization_id: int, key_id: int, *, login_id: str | None = None
) -> KeyHolder | None:
    """A key of the organization; of a login that it was used for only while that is running."""
    values = {"key_id": key_id, **parameters(organization_id)}
    if login_id is None:
        return await _find(database, _BY_ID, values)
    return await _find(database, _BY_LOGIN, {**values, "login_id": login_id})


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


async def _find(
    database: DatabaseAccess, statement: Select[Any], values: Mapping[str, Any]
) -> KeyHolder | None:
    async with database.snapshot() as snapshot:
        rows = await snapshot.rows(statement, values)
    if not rows:
        return None
    row, keys = rows[0], tuple(StoredKey.from_row(each) for each in rows)
    user_is_active = row.user_id is None or row.user_is_active is True
    return KeyHolder(keys, row.organization_name, user_is_active)


def _with_ancestors(condition: ColumnElement[bool]) -> Select[Any]:
    """The statement that reads the one key that meets a condition, and its ancestors after it."""
    lineage = _lineage(condition)
    return (
        select(
            *_KEYS.c,
            _ORGANIZATIONS.c.name.label("organization_name"),
            _USERS.c.is_active.label("user_is_active"),
        )
        .join_from(lineage, _KEYS, and_(_KEYS.c.id == lineage.c.id, same_owner(_KEYS, lineage)))
        .join(_ORGANIZATIONS, same_owner(_KEYS, _ORGANIZATIONS))
        .outerjoin(_USERS, and_(_USERS.c.id == _KEYS.c.user_id, same_owner(_USERS, _KEYS)))
        .order_by(lineage.c.generation)
    )


def _lineage(condition: ColumnElement[bool]) -> CTE:
    """The ids of the key that meets a condition and of its ancestors, nearest first.

    It ends at a parent that is gone, and after as many generations as there may be: a circle of
    keys, which only a hand in the table can make, is no endless statement.
    """
    youngest = select(
        _KEYS.c.id, _KEYS.c.organization_id, _KEYS.c.parent_id, literal(0).label("generation")
    ).where(condition)
    lineage = youngest.cte("lineage", recursive=True)
    parent = _KEYS.alias("parent")
    is_parent = and_(parent.c.id == lineage.c.parent_id, same_owner(parent, lineage))
    return lineage.union_all(
        select(parent.c.id, parent.c.organization_id, parent.c.parent_id, lineage.c.generation + 1)
        .join_from(lineage, parent, is_parent)
        .where(lineage.c.generation < MOST_ANCESTORS)
    )


# Made once: to put such a statement together takes longer than to run it.
_OF_ID = and_(_KEYS.c.id == bindparam("key_id"), owned(_KEYS))
_BY_HASH = _with_ancestors(_KEYS.c.key_hash == bindparam("key_hash"))
_BY_ID = _with_ancestors(_OF_ID)
_BY_LOGIN = _with_ancestors(and_(_OF_ID, is_running(bindparam("login_id"))))
