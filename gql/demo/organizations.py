"""Demo organizations: a name, a person and one API key each."""

import secrets
import string
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256

from gql.demo.chance import NOW
from gql.demo.tenant import Item

_NAMES = ("Larkspur Customer Care", "Kingfisher Clinics", "Möwe Logistik", "青鸟 Travel")
_PEOPLE = ("Ada Brook", "José Álvarez", "Jürgen Weiß", "李娜")
_ALPHABET = string.ascii_lowercase + string.digits


@dataclass(frozen=True, slots=True)
class DemoOrganization:
    """A demo organization and the only copy of its key.

    Attributes:
        id: Of the organization.
        name: Of the organization.
        user_id: The person whom the key belongs to.
        api_key: In plain text; the database keeps its sha-256 alone.
    """

    id: int
    name: str
    user_id: int
    api_key: str = field(repr=False)


def new_organization(number: int) -> DemoOrganization:
    """The organization with this number, from 1, and a key that nobody has seen before."""
    return DemoOrganization(
        id=number,
        name=_named(_NAMES, number),
        user_id=number,
        api_key="burki_" + "".join(secrets.choice(_ALPHABET) for _ in range(32)),
    )


def organization_rows(organization: DemoOrganization) -> Iterator[Item]:
    """The organization, its user and its key with every permission."""
    created = NOW - timedelta(days=3 * 365)
    yield (
        "organization",
        {"id": organization.id, "name": organization.name, "created_at": created},
    )
    yield (
        "user",
        {
            "id": organization.user_id,
            "organization_id": organization.id,
            "email": f"admin{organization.id}@demo.example",
            "name": _named(_PEOPLE, organization.id),
            "password_hash": None,
            "is_admin": True,
            "is_active": True,
            "created_at": created,
        },
    )
    yield (
        "api_key",
        {
            "id": organization.id,
            "organization_id": organization.id,
            "user_id": organization.user_id,
            "name": "Demo key",
            "key_hash": sha256(organization.api_key.encode()).hexdigest(),
            "key_prefix": organization.api_key[:12] + "...",
            "permissions": {"read": True, "write": True, "admin": True},
            "rate_limit": None,
            "is_active": True,
            "expires_at": None,
            "last_used_at": None,
            "usage_count": 0,
            "created_at": created,
            "updated_at": created,
        },
    )


def _named(names: tuple[str, ...], number: int) -> str:
    """The name of this number; after the last one they begin again, told apart by the number."""
    name = names[(number - 1) % len(names)]
    return name if number <= len(names) else f"{name} {number}"
