"""What is kept of an API key, and who may touch it."""

import re
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from gql.accounts.api_keys import (
    change_key,
    find_key,
    find_key_by_hash,
    granted_permissions,
    hash_key,
    issue_key,
)
from gql.errors import BadInput, NotFound
from gql.identity import Permission
from gql.models.types import now
from tests.auth.house import READ_WRITE, House


async def test_a_new_key_is_random_and_only_its_hash_and_prefix_are_kept(house: House) -> None:
    expires_at = now() + timedelta(days=1)
    stored, plaintext = await issue_key(
        house.database,
        house.organization_id,
        name="nightly export",
        permissions=[Permission.READ],
        expires_at=expires_at,
    )

    assert re.fullmatch(r"burki_[a-z0-9]{32}", plaintext)
    assert plaintext != house.plaintext
    assert stored == replace(
        house.key,
        id=stored.id,
        user_id=None,
        name="nightly export",
        key_hash=hash_key(plaintext),
        key_prefix=plaintext[:12] + "...",
        permissions={"read": True, "write": False, "admin": False},
        expires_at=expires_at,
        created_at=stored.created_at,
        updated_at=stored.created_at,
    )
    assert plaintext not in repr(stored)
    assert re.fullmatch(r"[0-9a-f]{64}", stored.key_hash)


async def test_keys_are_listed_with_the_revoked_ones_and_without_other_organizations(
    house: House,
) -> None:
    elsewhere = await house.add_organization("Elsewhere")
    foreign, _ = await issue_key(house.database, elsewhere, name="theirs", permissions=READ_WRITE)
    second, _ = await issue_key(
        house.database, house.organization_id, name="second", permissions=[]
    )
    revoked = await change_key(house.database, house.organization_id, house.key.id, is_active=False)

    assert revoked == replace(house.key, is_active=False, updated_at=revoked.updated_at)
    assert await house.keys(house.organization_id) == [revoked, second]
    assert await house.keys(elsewhere) == [foreign]


async def test_a_key_of_another_organization_cannot_be_revoked_or_found_by_id(
    house: House,
) -> None:
    elsewhere = await house.add_organization("Elsewhere")

    with pytest.raises(NotFound, match=rf"There is no api key {house.key.id} in your"):
        await change_key(house.database, elsewhere, house.key.id, is_active=False)
    assert await find_key(house.database, elsewhere, house.key.id) is None
    holder = await find_key_by_hash(house.database, hash_key(house.plaintext))
    assert holder is not None
    assert (holder.key, holder.organization_name, holder.user_is_active) == (
        house.key,
        "Northwind",
        True,
    )


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "a\0b"])
async def test_a_name_that_cannot_be_used_is_refused(house: House, name: str) -> None:
    with pytest.raises(BadInput, match="name must have 1 to 100 characters"):
        await issue_key(house.database, house.organization_id, name=name, permissions=[])


async def test_an_expiry_without_an_offset_is_refused(house: House) -> None:
    naive = datetime(2030, 1, 1)  # noqa: DTZ001 (what is refused)

    with pytest.raises(BadInput, match="expires_at must say its offset from UTC"):
        await issue_key(
            house.database, house.organization_id, name="x", permissions=[], expires_at=naive
        )


async def test_a_key_needs_an_organization_and_a_person_of_it(house: House) -> None:
    elsewhere = await house.add_organization("Elsewhere")

    with pytest.raises(NotFound, match="There is no user"):
        await issue_key(house.database, elsewhere, name="x", permissions=[], user_id=house.user_id)
    with pytest.raises(NotFound, match="There is no organization"):
        await issue_key(house.database, 2**40, name="x", permissions=[])


def test_only_the_value_true_grants_a_permission() -> None:
    stored = {"read": True, "write": "true", "admin": 1, "assistants": "read_write"}

    assert granted_permissions(stored) == {Permission.READ}
    assert granted_permissions({}) == frozenset()
