"""Demo organizations: a name, a person and one API key each, and the customers they talk to."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from gql.accounts.api_keys import generate_key, key_columns
from gql.accounts.key_permissions import stored_permissions
from gql.demo.tenant import NOW, Customer, Item, pick
from gql.identity import ADMINISTRATOR_PERMISSIONS
from gql.models.organization import ApiKey, Organization, User

_NAMES = ("Larkspur Customer Care", "Kingfisher Clinics", "Möwe Logistik", "青鸟 Travel")
_PEOPLE = ("Ada Brook", "José Álvarez", "Jürgen Weiß", "李娜")

_CUSTOMERS = (
    "José García",
    "李小龙",
    "Zoë O'Brien 🎧",
    "Ана Петрова",
    "Priya Raghunathan",
    "Søren Ångström",
    "محمد علي",
    "Grace Hopper",
    'Bob "Bobby" Tables',
    "Łukasz Żak",
    "Nguyễn Thị Hoa",
    "Mary Ann Smith-Jones",
)
_PHONE_NUMBERS = (
    "+1555{:07d}",
    "+1555{:07d}",
    "+4930{:07d}",
    "+9198{:08d}",
    "+1 (555) 9{:06d}",
    "+44 20 7{:07d}",
)


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
    """The organization with this number, from 1, and a random key."""
    return DemoOrganization(
        id=number,
        name=_numbered(_NAMES, number),
        user_id=number,
        api_key=generate_key(),
    )


def organization_rows(organization: DemoOrganization) -> Iterator[Item]:
    """The organization, its user and its key with every permission."""
    created = NOW - timedelta(days=3 * 365)
    yield (
        Organization,
        {"id": organization.id, "name": organization.name, "created_at": created},
    )
    yield (
        User,
        {
            "id": organization.user_id,
            "organization_id": organization.id,
            "email": f"admin{organization.id}@demo.example",
            "name": _numbered(_PEOPLE, organization.id),
            "is_admin": True,
            "created_at": created,
        },
    )
    yield (
        ApiKey,
        {
            "id": organization.id,
            "organization_id": organization.id,
            "user_id": organization.user_id,
            "name": "Demo key",
            "permissions": stored_permissions(ADMINISTRATOR_PERMISSIONS),
            "created_at": created,
            "updated_at": created,
            **key_columns(organization.api_key),
        },
    )


def customers(random: Random, count: int, *, first: int = 1_000) -> tuple[Customer, ...]:
    """`count` customers whose numbers all differ, and begin somewhat after `first`.

    Their names are in several scripts, their numbers in several spellings.
    """
    start = first + random.randrange(300_000)
    return tuple(
        Customer(
            pick(random, _CUSTOMERS),
            _PHONE_NUMBERS[number % len(_PHONE_NUMBERS)].format(start + number),
        )
        for number in range(count)
    )


def _numbered(names: tuple[str, ...], number: int) -> str:
    """The name of this number; after the last one they begin again, followed by the number."""
    name = names[(number - 1) % len(names)]
    return name if number <= len(names) else f"{name} {number}"
