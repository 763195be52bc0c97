"""What the `permissions` of an API key grant, as they are stored in its row."""

from collections.abc import Collection, Mapping
from typing import Any

from gql.errors import Forbidden
from gql.identity import ADMINISTRATOR_PERMISSIONS, TENANT_PERMISSIONS, Permission
from gql.kinds import Access, Kind, Level, access_of, levels_of

PERMISSION_OF_LEVEL = {Level.READ: Permission.READ, Level.READ_WRITE: Permission.WRITE}
"""What a level allows, in the words of keys without levels."""


def granted_permissions(stored: Mapping[str, Any]) -> frozenset[Permission]:
    """The permissions of a stored object whose value is exactly true; unknown words grant none.

    Of a key that is limited to kinds of objects: those that it has for any kind.
    """
    kinds = granted_kinds(stored)
    if kinds is not None:
        return frozenset(PERMISSION_OF_LEVEL[level] for _, level in kinds)
    return frozenset(permission for permission in Permission if stored.get(permission) is True)


def granted_kinds(stored: Mapping[str, Any]) -> frozenset[Access] | None:
    """What a stored object grants per kind; None where it names no kind.

    One that names a kind grants nothing else, and unknown words and levels grant nothing.
    """
    named = [kind for kind in Kind if kind in stored]
    levels = {kind: stored[kind] for kind in named if stored[kind] in list(Level)}
    return access_of({kind: Level(level) for kind, level in levels.items()}) if named else None


def permission_words(stored: Mapping[str, Any]) -> list[str]:
    """What a stored object grants, a word for each: `read`, or per kind `calls=read_write`."""
    kinds = granted_kinds(stored)
    if kinds is None:
        return sorted(granted_permissions(stored))
    return [f"{kind}={level}" for kind, level in levels_of(kinds).items()]


def stored_permissions(
    permissions: Collection[Permission], kinds: Collection[Access] | None = None
) -> dict[str, Any]:
    """Permissions as they are stored, and shown over REST.

    Those that the API documents lack are named only where they are granted. With `kinds` the kinds
    are all there is.
    """
    if kinds is not None:
        return levels_of(kinds)
    return {
        str(permission): permission in permissions
        for permission in Permission
        if permission in ADMINISTRATOR_PERMISSIONS or permission in permissions
    }


def require_tenant_permissions(permissions: Collection[Permission]) -> None:
    """Pass when an organization may give these permissions to a key of its own.

    Raises:
        Forbidden: when one of them is an operator's to give, whatever the caller may do.
    """
    for permission in Permission:
        if permission in permissions and permission not in TENANT_PERMISSIONS:
            raise Forbidden(
                f"Only whoever runs the gateway can grant the {permission} permission: "
                f"jackfield keys create NAME --permission {permission}."
            )
