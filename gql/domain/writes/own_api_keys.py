"""The API keys of the person who asks: listed, made, changed and deleted by themselves."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, select, update

from gql.accounts import api_keys
from gql.accounts.api_keys import StoredKey, find_api_key, granted, kept, require_givable
from gql.accounts.people import find_person
from gql.domain.writes.audit import audit
from gql.domain.writes.rows import lock
from gql.domain.writes.transaction import WriteContext, transaction
from gql.domain.writes.validation import Errors
from gql.errors import Conflict, Forbidden, Unauthenticated
from gql.identity import GIVABLE, Identity, Permission
from gql.models.organization import ApiKey
from gql.models.scope import owned, parameters, table_of
from gql.models.types import now
from gql.query.context import Context

DEFAULT: Mapping[str, bool] = {"read": True, "write": True, "admin": False}
"""What a key may do when nobody says; less, when its maker may not."""

LONGEST_NAME = 100

_KEYS = table_of(ApiKey)


def person_of(identity: Identity) -> int:
    """The id of the person behind a credential.

    Raises:
        Forbidden: when it is nobody's in particular.
    """
    if identity.user_id is None:
        raise Forbidden(
            "This needs a person: your credential belongs to the organization, not to one of its "
            "people. Log in, or use an API key that was made for a person."
        )
    return identity.user_id


async def list_own_keys(context: Context, *, skip: int = 0, limit: int = 100) -> list[StoredKey]:
    """The caller's keys by id, revoked and expired ones too.

    Raises:
        Forbidden: when the caller is nobody in particular.
    """
    statement = (
        select(_KEYS)
        .where(_KEYS.c.user_id == person_of(context.identity), owned(_KEYS))
        .order_by(_KEYS.c.id)
        .offset(skip)
        .limit(limit)
    )
    rows = await context.snapshot.rows(statement, parameters(context.organization_id))
    return [_stored(row) for row in rows]


async def create_own_key(
    context: Context, name: str, *, permissions: Mapping[str, Any] | None = None
) -> tuple[StoredKey, str]:
    """A new key of the caller: what is kept of it, and its text, which nobody can read again.

    A key that is made with another key ends no later than that one.

    Args:
        context: Who asks; needs the write permission.
        name: 1 to 100 characters, for people.
        permissions: `{"read": true, ...}`: nothing that the caller may not. None for the usual
            ones, as far as the caller has them.

    Raises:
        Forbidden: when the caller is nobody in particular, or lacks what the key is to have.
        Invalid: when the name or the permissions cannot be used.
    """
    async with transaction(context) as write:
        user_id = person_of(write.identity)
        problems = Errors()
        problems.name(("name",), name, longest=LONGEST_NAME)
        _check_permissions(problems, permissions)
        problems.refuse()
        wanted = _wanted(write.identity, permissions)
        expires_at = await _end_of_maker(write, user_id)
        stored, plaintext = await api_keys.create_api_key(
            write.database,
            write.organization_id,
            name=name,
            permissions=wanted,
            user_id=user_id,
            expires_at=expires_at,
        )
        await audit(write, "api_key.create", stored.id, after=_brief(stored))
        return stored, plaintext


async def update_own_key(context: Context, key_id: int, changes: Mapping[str, Any]) -> StoredKey:
    """One of the caller's keys, with another `name`, `permissions`, or `is_active` false.

    Raises:
        Conflict: when a revoked key is to be active again.
        Forbidden: when the caller is nobody in particular, or lacks what the key is to have.
        Invalid: when a value cannot be used.
        NotFound: when the caller has no such key.
    """
    async with transaction(context) as write:
        user_id = person_of(write.identity)
        before = _stored(await lock(write, "api_key", _KEYS, key_id, _KEYS.c.user_id == user_id))
        values = _checked(write.identity, before, changes)
        if not values:
            return before
        statement = (
            update(_KEYS)
            .where(_KEYS.c.id == key_id, owned(_KEYS, write.organization_id))
            .values(**values, updated_at=now())
            .returning(*_KEYS.c)
        )
        after = _stored((await write.run(statement)).one())
        old, new = _brief(before), _brief(after)
        changed = [name for name in new if new[name] != old[name]]
        await audit(
            write,
            "api_key.update",
            key_id,
            before={name: old[name] for name in changed},
            after={name: new[name] for name in changed},
        )
        return after


async def delete_own_key(context: Context, key_id: int) -> str:
    """Delete one of the caller's keys for good; its name.

    Where it is remembered it works for some seconds yet.

    Raises:
        Forbidden: when the caller is nobody in particular.
        NotFound: when the caller has no such key.
    """
    async with transaction(context) as write:
        user_id = person_of(write.identity)
        before = _stored(await lock(write, "api_key", _KEYS, key_id, _KEYS.c.user_id == user_id))
        mine = (_KEYS.c.id == key_id, owned(_KEYS, write.organization_id))
        await write.run(delete(_KEYS).where(*mine))
        await audit(write, "api_key.delete", key_id, before=_brief(before))
        return before.name


async def _end_of_maker(write: WriteContext, user_id: int) -> datetime | None:
    """When the key that asks ends; None when it does not, or no key asks.

    What is asked for here was verified up to five seconds ago. Who was shut out since must not come
    back in with a new key, so this looks again.

    Raises:
        Unauthenticated: when the key was revoked, or its person deactivated.
    """
    key_id = write.identity.api_key_id
    if key_id is None:
        person = await find_person(write.database, write.organization_id, user_id)
        if person is None or not person.is_active:
            raise Unauthenticated("You have been deactivated.")
        return None
    holder = await find_api_key(write.database, write.organization_id, key_id)
    if holder is None or not holder.key.is_active or not holder.user_is_active:
        raise Unauthenticated("The API key that asks for this has been revoked.")
    return holder.key.expires_at


def _checked(identity: Identity, before: StoredKey, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The columns to write."""
    problems = Errors()
    if "name" in changes:
        problems.name(("name",), changes["name"], longest=LONGEST_NAME)
    if "permissions" in changes:
        _check_permissions(problems, changes["permissions"])
    problems.refuse()
    values = {name: changes[name] for name in ("name", "is_active") if name in changes}
    if "name" in values:
        values["name"] = values["name"].strip()
    if values.get("is_active") and not before.is_active:
        raise Conflict("A revoked key stays revoked; make a new one.")
    if "permissions" in changes:
        wanted = _wanted(identity, changes["permissions"])
        values["permissions"] = kept(wanted)
    return values


def _check_permissions(problems: Errors, permissions: Mapping[str, Any] | None) -> None:
    if permissions is None:
        return
    for word, value in permissions.items():
        place = ("permissions", word[:40])
        if word not in list(Permission):
            words = ", ".join(word for word in Permission if word in GIVABLE)
            problems.add(place, f"is not a permission; there are {words}")
        elif not isinstance(value, bool):
            problems.add(place, "must be true or false")
    if not problems.items and not granted(permissions):
        problems.add(("permissions",), "must grant something", "REQUIRED")


def _wanted(identity: Identity, permissions: Mapping[str, Any] | None) -> frozenset[Permission]:
    """What a key is to have.

    Raises:
        Forbidden: when that is more than its maker has, or an operator's to give.
    """
    if permissions is None:
        return granted(DEFAULT) & identity.permissions
    wanted = granted(permissions)
    require_givable(wanted)
    for word in Permission:
        if word in wanted - identity.permissions:
            raise Forbidden(f"A key cannot have the {word} permission when its maker lacks it.")
    return wanted


def _brief(key: StoredKey) -> dict[str, Any]:
    """A key in the audit log."""
    return {
        "name": key.name,
        "key_prefix": key.key_prefix,
        "permissions": sorted(granted(key.permissions)),
        "is_active": key.is_active,
        "expires_at": key.expires_at,
    }


def _stored(row: Row[Any]) -> StoredKey:
    return StoredKey(**{name: getattr(row, name) for name in StoredKey.__slots__})
