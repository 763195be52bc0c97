"""API keys, issued and revoked by administrators, and by people for themselves."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from gql.accounts.api_keys import (
    LONGEST_NAME,
    MOST_ANCESTORS,
    KeyHolder,
    StoredKey,
    change_key,
    delete_key,
    find_key,
    issue_key,
    list_keys,
)
from gql.accounts.key_permissions import (
    granted_kinds,
    granted_permissions,
    permission_words,
    require_tenant_permissions,
    stored_permissions,
)
from gql.accounts.people import find_person
from gql.domain.organizations import API_KEYS
from gql.domain.writes.audit import audit
from gql.domain.writes.rows import lock
from gql.domain.writes.transaction import WriteContext, transaction
from gql.domain.writes.validation import ProblemList
from gql.errors import Conflict, Forbidden, Unauthenticated
from gql.identity import (
    DEFAULT_PERMISSIONS,
    GRANTABLE,
    TENANT_PERMISSIONS,
    Identity,
    Permission,
)
from gql.kinds import Access, Kind, Level
from gql.models.types import now
from gql.query.context import Context

_ONE_OF_LEVELS = f"must be one of {', '.join(Level)}"


async def create_api_key(
    context: Context,
    name: str,
    *,
    permissions: Collection[Permission],
    levels: Mapping[str, Any] | None = None,
    expires_at: datetime | None = None,
) -> tuple[StoredKey, str]:
    """A new key of the caller's organization and of the caller: its row, and its text.

    Args:
        context: Of the caller, who needs the admin permission.
        name: 1 to 100 characters, for people.
        permissions: What it may do: nothing that the caller may not.
        levels: What it may do per kind of object, `{"calls": "read"}`, in place of `permissions`.
        expires_at: When it stops working, aware and to come; never, without.

    Raises:
        Forbidden: when the caller lacks the admin permission, or one that the key is to have, or
            when that is an operator's to give.
        Invalid: when the name, a level or the expiry cannot be used.
    """
    async with transaction(context, Permission.ADMIN) as write:
        problems = ProblemList()
        problems.check_name(("name",), name, longest=LONGEST_NAME)
        kinds = None
        if levels is not None:
            _check_levels(problems, levels)
            problems.raise_if_any()
            kinds = granted_kinds(levels)
            permissions = granted_permissions(levels)
        elif not permissions:
            problems.add(("permissions",), "must have at least one permission", "REQUIRED")
        if expires_at is not None and expires_at.tzinfo is None:
            problems.add(("expires_at",), "must say its offset from UTC")
        elif expires_at is not None and expires_at <= now():
            problems.add(("expires_at",), "is in the past")
        problems.raise_if_any()
        require_tenant_permissions(permissions)
        for permission in permissions:
            write.identity.require(permission)
        return await _issue(write, name, permissions, expires_at, kinds=kinds)


async def revoke_api_key(context: Context, key_id: int) -> StoredKey:
    """The key, revoked; where it is cached it works for some seconds yet.

    Raises:
        Forbidden: when the caller lacks the admin permission, or one that the key has.
        NotFound: when the organization has no such key.
    """
    async with transaction(context, Permission.ADMIN) as write:
        _require_reach(write.identity, StoredKey.from_row(await lock(write, API_KEYS, key_id)))
        stored = await change_key(write.database, write.organization_id, key_id, is_active=False)
        before = {"name": stored.name, "key_prefix": stored.key_prefix}
        await audit(write, "api_key.revoke", key_id, before=before)
        return stored


async def list_own_keys(context: Context, *, skip: int = 0, limit: int = 100) -> list[StoredKey]:
    """The caller's keys by id, revoked and expired ones too.

    Raises:
        Forbidden: when the credential belongs to no person.
    """
    user_id = context.identity.require_user()
    return await list_keys(
        context.snapshot, context.organization_id, user_id=user_id, skip=skip, limit=limit
    )


async def create_own_key(
    context: Context, name: str, *, permissions: Mapping[str, Any] | None = None
) -> tuple[StoredKey, str]:
    """A new key of the caller: its row, and its text, which nobody can read again.

    Args:
        context: Of the caller, who needs the write permission, and a login or the admin permission.
        name: 1 to 100 characters, for people.
        permissions: `{"read": true, ...}`, or levels per kind of object, `{"calls": "read", ...}`:
            nothing that the caller may not. None for the default ones, as far as the caller has
            them.

    Raises:
        Forbidden: when the credential belongs to no person, may not manage keys, or lacks what the
            key is to have.
        Invalid: when the name or the permissions cannot be used.
    """
    async with transaction(context) as write:
        write.identity.require_user()
        _require_manager(write.identity)
        problems = ProblemList()
        problems.check_name(("name",), name, longest=LONGEST_NAME)
        _check_permissions(problems, permissions)
        problems.raise_if_any()
        kinds = granted_kinds(permissions or {})
        granted = _own_permissions(write.identity, permissions)
        return await _issue(write, name, granted, kinds=kinds)


async def update_own_key(context: Context, key_id: int, changes: Mapping[str, Any]) -> StoredKey:
    """One of the caller's keys, with another `name`, `permissions`, or `is_active` false.

    Raises:
        Conflict: when a revoked key is to be active again.
        Forbidden: when the credential belongs to no person, may not manage keys, or lacks what the
            key has or is to have; or when the key was made with one that lacks it.
        Invalid: when a value cannot be used.
        NotFound: when the caller has no such key.
    """
    async with transaction(context) as write:
        before = await _lock_own_key(write, key_id)
        values = _changed_columns(write.identity, before, changes)
        if not values:
            return before
        if "permissions" in values:
            await _check_still_granted(write, before, granted_permissions(values["permissions"]))
        after = await change_key(write.database, write.organization_id, key_id, **values)
        old, new = _audited(before), _audited(after)
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

    Where it is cached it works for some seconds yet.

    Raises:
        Forbidden: when the credential belongs to no person, may not manage keys, or lacks what the
            key has.
        NotFound: when the caller has no such key.
    """
    async with transaction(context) as write:
        before = await _lock_own_key(write, key_id)
        await delete_key(write.database, write.organization_id, key_id)
        await audit(write, "api_key.delete", key_id, before=_audited(before))
        return before.name


async def _lock_own_key(write: WriteContext, key_id: int) -> StoredKey:
    """One of the caller's keys, which they may change."""
    own = API_KEYS.table.c.user_id == write.identity.require_user()
    _require_manager(write.identity)
    key = StoredKey.from_row(await lock(write, API_KEYS, key_id, own))
    _require_reach(write.identity, key)
    return key


def _require_manager(identity: Identity) -> None:
    """Pass when the caller may manage keys: by a login, or by the admin permission.

    Keys lie in scripts and servers, from where they leak. A leaked one must not make others that
    outlive it.

    Raises:
        Forbidden: when neither is so.
    """
    is_login = identity.user_id is not None and identity.api_key_id is None
    if not is_login and Permission.ADMIN not in identity.permissions:
        raise Forbidden("Managing API keys needs a login, or an API key with the admin permission.")


def _require_reach(identity: Identity, key: StoredKey) -> None:
    """Pass when the key has no permission that the caller lacks.

    One that no credential of the caller's kind may have does not count: whoever logged in may
    revoke a key with the explain permission.

    Raises:
        Forbidden: when the key may do more than the caller.
    """
    comparable = granted_permissions(key.permissions) & GRANTABLE[identity.method]
    for permission in Permission:
        if permission in comparable and not identity.may(permission):
            raise Forbidden(
                f"This key has the {permission} permission, which your credential lacks."
            )


async def _issue(
    write: WriteContext,
    name: str,
    permissions: Collection[Permission],
    expires_at: datetime | None = None,
    *,
    kinds: Collection[Access] | None = None,
) -> tuple[StoredKey, str]:
    """A new key of the caller; one that is made with another key ends no later than that.

    Raises:
        Forbidden: when the caller's key descends from too many others.
        Unauthenticated: when the caller's credential has ended.
    """
    parent, ends = await _key_of_caller(write), [expires_at]
    if parent is not None:
        if len(parent.lineage) > MOST_ANCESTORS:
            raise Forbidden(
                f"This API key cannot make another: it is the last of {MOST_ANCESTORS + 1} keys,"
                " each made with the one before. Log in, or use an earlier one of them."
            )
        ends.append(parent.expires_at)
    stored, plaintext = await issue_key(
        write.database,
        write.organization_id,
        name=name,
        permissions=permissions,
        kinds=kinds,
        user_id=write.identity.user_id,
        parent_id=write.identity.api_key_id,
        expires_at=min((end for end in ends if end is not None), default=None),
    )
    await audit(write, "api_key.create", stored.id, after=_audited(stored))
    return stored, plaintext


async def _key_of_caller(write: WriteContext) -> KeyHolder | None:
    """The API key of the caller; None for another credential.

    The credential was verified up to five seconds ago. A caller who was shut out since must not get
    back in with a new key, or a mightier one, so this reads it again.

    Raises:
        Unauthenticated: when the key has ended, or the person was deactivated.
    """
    key_id, user_id = write.identity.api_key_id, write.identity.user_id
    if key_id is not None:
        holder = await find_key(write.database, write.organization_id, key_id)
        if holder is None or holder.seconds_left() <= 0:
            raise Unauthenticated("Your API key has been revoked or has expired; use another one.")
        return holder
    if user_id is not None:
        person = await find_person(write.database, write.organization_id, user_id)
        if person is None or not person.is_active:
            raise Unauthenticated("Your user has been deactivated; ask an administrator.")
    return None


async def _check_still_granted(
    write: WriteContext, key: StoredKey, permissions: Collection[Permission]
) -> None:
    """Pass when the caller may still change keys, and the key's ancestors may do what it is to.

    Raises:
        Forbidden: when one of the ancestors lacks a permission.
        Unauthenticated: when the caller's credential has ended.
    """
    await _key_of_caller(write)
    if key.parent_id is None:
        return
    holder = await find_key(write.database, write.organization_id, key.id)
    lacking = set(permissions) - (holder.ancestors_permissions if holder else set())
    for permission in Permission:
        if permission in lacking:
            raise Forbidden(
                f"A key cannot have the {permission} permission when the key that it was made with "
                "lacks it."
            )


def _changed_columns(
    identity: Identity, before: StoredKey, changes: Mapping[str, Any]
) -> dict[str, Any]:
    problems = ProblemList()
    if "name" in changes:
        problems.check_name(("name",), changes["name"], longest=LONGEST_NAME)
    if "permissions" in changes:
        _check_permissions(problems, changes["permissions"])
    problems.raise_if_any()
    columns = {name: changes[name] for name in ("name", "is_active") if name in changes}
    if "name" in columns:
        columns["name"] = columns["name"].strip()
    if columns.get("is_active") and not before.is_active:
        raise Conflict("A revoked key stays revoked; make a new one.")
    if "permissions" in changes:
        granted = _own_permissions(identity, changes["permissions"])
        columns["permissions"] = stored_permissions(granted, granted_kinds(changes["permissions"]))
    return columns


def _check_permissions(problems: ProblemList, permissions: Mapping[str, Any] | None) -> None:
    if permissions is None:
        return
    has_kinds = granted_kinds(permissions) is not None
    for name, value in permissions.items():
        path = ("permissions", name[:40])
        if name in list(Kind):
            if value not in list(Level):
                problems.add(path, _ONE_OF_LEVELS)
        elif name not in list(Permission):
            names = ", ".join(each for each in Permission if each in TENANT_PERMISSIONS)
            problems.add(
                path,
                f"is not a permission; there are {names} for objects of all kinds, or in place of"
                f" these {', '.join(Kind)}",
            )
        elif not isinstance(value, bool):
            problems.add(path, "must be true or false")
        elif has_kinds:
            problems.add(path, "cannot be beside permissions per kind of object")
    if not problems.items and not granted_permissions(permissions):
        problems.add(("permissions",), "must grant something", "REQUIRED")


def _check_levels(problems: ProblemList, levels: Any) -> None:
    if not isinstance(levels, Mapping):
        problems.add(("kinds",), "must be an object")
        return
    for name, value in levels.items():
        path = ("kinds", name[:40])
        if name not in list(Kind):
            problems.add(path, f"is not a kind of object; there are {', '.join(Kind)}")
        elif value not in list(Level):
            problems.add(path, _ONE_OF_LEVELS)
    if not problems.items and not granted_kinds(levels):
        problems.add(("kinds",), "must grant something", "REQUIRED")


def _own_permissions(
    identity: Identity, permissions: Mapping[str, Any] | None
) -> frozenset[Permission]:
    """The permissions for a key of the caller's own.

    Raises:
        Forbidden: when they are more than the caller has, or an operator's to give.
    """
    if permissions is None:
        return identity.permissions.intersection(DEFAULT_PERMISSIONS)
    granted = granted_permissions(permissions)
    require_tenant_permissions(granted)
    for permission in Permission:
        if permission in granted - identity.permissions:
            raise Forbidden(
                f"A key cannot have the {permission} permission when its maker lacks it."
            )
    return granted


def _audited(key: StoredKey) -> dict[str, Any]:
    """What the audit log keeps of a key."""
    return {
        "name": key.name,
        "key_prefix": key.key_prefix,
        "permissions": permission_words(key.permissions),
        "is_active": key.is_active,
        "expires_at": key.expires_at,
        "parent_id": key.parent_id,
    }
