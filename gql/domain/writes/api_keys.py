"""API keys: made and revoked on behalf of an administrator."""

from collections.abc import Collection
from datetime import datetime

from gql.accounts import api_keys
from gql.accounts.api_keys import StoredKey
from gql.domain.writes.audit import audit
from gql.domain.writes.transaction import transaction
from gql.domain.writes.validation import Errors
from gql.errors import NotFound
from gql.identity import Permission
from gql.models.types import now
from gql.query.context import Context
from gql.query.cursor import MAX_ID

_LONGEST_NAME = 100


async def create_api_key(
    context: Context,
    name: str,
    *,
    permissions: Collection[Permission],
    expires_at: datetime | None = None,
) -> tuple[StoredKey, str]:
    """A new key of the caller's organization and of the caller: what is kept of it, and its text.

    Args:
        context: Who asks; needs the admin permission.
        name: 1 to 100 characters, for people.
        permissions: What it may do: nothing that the caller may not.
        expires_at: When it stops working, aware and to come; never, without.

    Raises:
        Forbidden: when the caller lacks the admin permission, or one that the key is to have, or
            when that is an operator's to give.
        Invalid: when the name or the expiry cannot be used.
    """
    async with transaction(context, Permission.ADMIN) as write:
        problems = Errors()
        problems.name(("name",), name, longest=_LONGEST_NAME)
        if not permissions:
            problems.add(("permissions",), "must have at least one permission", "REQUIRED")
        if expires_at is not None and expires_at.tzinfo is None:
            problems.add(("expires_at",), "must say its offset from UTC")
        elif expires_at is not None and expires_at <= now():
            problems.add(("expires_at",), "is in the past")
        problems.refuse()
        api_keys.require_givable(permissions)
        for permission in permissions:
            write.identity.require(permission)
        stored, plaintext = await api_keys.create_api_key(
            write.database,
            write.organization_id,
            name=name,
            permissions=permissions,
            user_id=write.identity.user_id,
            expires_at=expires_at,
        )
        after = {
            "name": name,
            "key_prefix": stored.key_prefix,
            "permissions": [str(word) for word in Permission if word in permissions],
            "expires_at": expires_at,
        }
        await audit(write, "api_key.create", stored.id, after=after)
        return stored, plaintext


async def revoke_api_key(context: Context, key_id: int) -> StoredKey:
    """The key, revoked; where it is remembered it works for some seconds yet.

    Raises:
        Forbidden: when the caller lacks the admin permission.
        NotFound: when the organization has no such key.
    """
    async with transaction(context, Permission.ADMIN) as write:
        if not 0 < key_id <= MAX_ID:
            raise NotFound("api_key", key_id)
        stored = await api_keys.revoke_api_key(write.database, write.organization_id, key_id)
        before = {"name": stored.name, "key_prefix": stored.key_prefix}
        await audit(write, "api_key.revoke", key_id, before=before)
        return stored
