"""What is kept of an API key, and who may touch it."""

import re
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from gql.accounts.api_keys import change_key, find_key, find_key_by_hash, hash_key, issue_key
from gql.accounts.key_permissions import granted_permissions
from gql.errors import BadInput, NotFound
from gql.identity import Permission
from gql.models.types import now
from tests.auth.auth_app import READ_WRITE, AuthApp


async def test_a_new_key_is_random_and_only_its_hash_and_prefix_are_kept(auth_app: AuthApp) -> None:
    expires_at = now() + timedelta(days=1)
    stored, plaintext = await issue_key(
        auth_app.database,
        auth_app.organization_id,
        name="nightly export",
        permissions=[Permission.READ],
        expires_at=expires_at,
    )

    assert re.fullmatch(r"burki_[a-z0-9]{32}", plaintext)
    assert plaintext != auth_app.plaintext
    assert stored == replace(
        auth_app.key,
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
    auth_app: AuthApp,
) -> None:
    elsewhere = await auth_app.add_organization("Elsewhere")
    foreign, _ = await issue_key(
        auth_app.database, elsewhere, name="theirs", permissions=READ_WRITE
    )
    second, _ = await issue_key(
        auth_app.database, auth_app.organization_id, name="second", permissions=[]
    )
    revoked = await change_key(
        auth_app.database, auth_app.organization_id, auth_app.key.id, is_active=False
    )

    assert revoked == replace(auth_app.key, is_active=False, updated_at=revoked.updated_at)
    assert await auth_app.keys(auth_app.organization_id) == [revoked, second]
    assert await auth_app.keys(elsewhere) == [foreign]


async def test_a_key_of_another_organization_cannot_be_revoked_or_found_by_id(
    auth_app: AuthApp,
) -> None:
    elsewhere = await auth_app.add_organization("Elsewhere")

    with pytest.raises(NotFound, match=rf"There is no api key {auth_app.key.id} in your"):
        await change_key(auth_app.database, elsewhere, auth_app.key.id, is_active=False)
    assert await find_key(auth_app.database, elsewhere, auth_app.key.id) is None
    holder = await find_key_by_hash(auth_app.database, hash_key(auth_app.plaintext))
    assert holder is not None
    assert (holder.key, holder.organization_name, holder.user_is_active) == (
        auth_app.key,
        "Northwind",
        True,
    )


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "a\0b"])
async def test_a_name_that_cannot_be_used_is_refused(auth_app: AuthApp, name: str) -> None:
    with pytest.raises(BadInput, match="name must have 1 to 100 characters"):
        await issue_key(auth_app.database, auth_app.organization_id, name=name, permissions=[])


async def test_an_expiry_without_an_offset_is_refused(auth_app: AuthApp) -> None:
    naive = datetime(2030, 1, 1)  # noqa: DTZ001 (what is refused)

    with pytest.raises(BadInput, match="expires_at must say its offset from UTC"):
        await issue_key(
            auth_app.database, auth_app.organization_id, name="x", permissions=[], expires_at=naive
        )


async def test_a_key_needs_an_organization_and_a_person_of_it(auth_app: AuthApp) -> None:
    elsewhere = await auth_app.add_organization("Elsewhere")

    with pytest.raises(NotFound, match="There is no user"):
        await issue_key(
            auth_app.database, elsewhere, name="x", permissions=[], user_id=auth_app.user_id
        )
    with pytest.raises(NotFound, match="There is no organization"):
        await issue_key(auth_app.database, 2**40, name="x", permissions=[])


def test_only_the_value_true_grants_a_permission() -> None:
    stored = {"read": True, "write": "true", "admin": 1, "documents": "read_write"}

    assert granted_permissions(stored) == {Permission.READ}
    assert granted_permissions({}) == frozenset()
