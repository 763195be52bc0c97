"""Who sent a request: one frozen value that every credential is turned into."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from gql.errors import Forbidden
from gql.kinds import Access, MissingAccess
from gql.quota import UNLIMITED, Allowance


class Permission(StrEnum):
    """What a credential may do inside its organization."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"
    INGEST = "ingest"
    EXPLAIN = "explain"


class Method(StrEnum):
    """How the caller proved who they are."""

    API_KEY = "api_key"
    BEARER = "bearer"
    DASHBOARD = "dashboard"


OPERATOR_PERMISSIONS = frozenset({Permission.EXPLAIN})
"""What only an operator of the gateway may grant, on its command line.

The EXPLAIN of a statement counts rows of every tenant, so no tenant may grant it.
"""

TENANT_PERMISSIONS = frozenset(Permission) - OPERATOR_PERMISSIONS
"""What an organization may grant to its own people and keys."""

DEFAULT_PERMISSIONS = (Permission.READ, Permission.WRITE)
"""The permissions of a person, a key or a token for which none are named."""

ADMINISTRATOR_PERMISSIONS = frozenset({*DEFAULT_PERMISSIONS, Permission.ADMIN})
"""The permissions of an administrator, which the API documents name."""

INCLUDED = {Permission.INGEST: Permission.WRITE}
"""By permission: one that allows the same and more."""


def allows(permissions: Collection[Permission], permission: Permission) -> bool:
    """Whether one is among these permissions, or one that includes it."""
    return permission in permissions or INCLUDED.get(permission) in permissions


GRANTABLE: dict[Method, frozenset[Permission]] = {
    Method.API_KEY: frozenset(Permission),
    Method.BEARER: TENANT_PERMISSIONS,
    Method.DASHBOARD: TENANT_PERMISSIONS,
}
"""Which permissions a method may carry at most, whatever the credential itself claims."""


@dataclass(frozen=True, slots=True)
class Identity:
    """The caller of one request.

    Attributes:
        organization_id: The tenant; every statement is scoped to it.
        method: How the caller proved who they are.
        permissions: What the caller may do; what the method may not carry is left out.
        kinds: What a caller who is limited to kinds of objects may do with those; None for one who
            is not.
        user_id: The person behind the credential, when known.
        api_key_id: The key that was presented (or exchanged for a dashboard cookie), when one was.
        subject: For a token that names no person of ours, a digest of whom its issuer names.
        allowance: What the caller may still use; it counts, and is shared by all who are limited
            together.
    """

    organization_id: int
    method: Method
    permissions: frozenset[Permission]
    user_id: int | None = None
    api_key_id: int | None = None
    subject: str | None = None
    kinds: frozenset[Access] | None = None
    allowance: Allowance = field(default=UNLIMITED, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "permissions", self.permissions & GRANTABLE[self.method])

    @property
    def credential(self) -> str:
        """What tells the credential from others of the organization, in each request alike.

        A token is renewed and a login repeated between two attempts at one write, so both are named
        after whom they stand for.
        """
        if self.api_key_id is not None:
            return f"api_key_{self.api_key_id}"
        return f"subject_{self.subject}" if self.user_id is None else f"user_{self.user_id}"

    def may(self, permission: Permission) -> bool:
        """Whether the caller has the permission, or one that includes it."""
        return allows(self.permissions, permission)

    def require(self, permission: Permission) -> None:
        """Pass, or raise `Forbidden` naming the permission that is missing."""
        if self.may(permission):
            return
        raise Forbidden(f"This needs the {permission} permission, which your credential lacks.")

    def lacks(self, needed: Iterable[Access | None]) -> list[Access | None]:
        """What is missing of the needed access to kinds, in a fixed order.

        A caller who is not limited to kinds lacks nothing.
        """
        kinds = self.kinds
        if kinds is None:
            return []
        return sorted((each for each in needed if each not in kinds), key=str)

    def require_kinds(self, needed: Iterable[Access | None]) -> None:
        """Pass, or raise `Forbidden` naming an access to a kind that is missing."""
        for access in self.lacks(needed):
            missing = MissingAccess.of(access)
            raise Forbidden(missing.message, **missing.extensions)

    def require_user(self) -> int:
        """The id of the person, or raise `Forbidden` when the credential belongs to none."""
        if self.user_id is None:
            raise Forbidden(
                "This needs a person: your credential belongs to the organization, not to one of "
                "its people. Log in, or use an API key that was made for a person."
            )
        return self.user_id
