"""API keys, made and revoked by administrators."""

from datetime import UTC, datetime, timedelta

import pytest

from gql.accounts.api_keys import find_key_by_hash, hash_key
from gql.database import Database
from gql.domain.writes.api_keys import create_api_key, revoke_api_key
from gql.domain.writes.transaction import transaction
from gql.errors import Forbidden, Invalid, NotFound
from gql.identity import Permission
from gql.models.audit_log import AuditLog
from gql.models.organization import ApiKey
from gql.query.context import Context
from tests.domain.writes.conftest import all_rows, caller, rows

READER = [Permission.READ]


async def test_a_new_key_works_and_only_its_hash_is_kept(
    member: Context, fresh_database: Database
) -> None:
    expires = datetime.now(UTC) + timedelta(days=1)

    stored, plaintext = await create_api_key(
        member, "Reports", permissions=READER, expires_at=expires
    )

    holder = await find_key_by_hash(fresh_database, hash_key(plaintext))
    assert holder is not None
    assert holder.key == stored
    assert (stored.organization_id, stored.user_id, stored.name) == (1, 1, "Reports")
    assert stored.permissions == {"read": True, "write": False, "admin": False}
    everything = str(await all_rows(fresh_database))
    assert plaintext not in everything
    names = "action", "object_id", "before", "after"
    assert await rows(fresh_database, AuditLog, *names, organization_id=1) == [
        (
            *("api_key.create", stored.id, None),
            {
                "name": "Reports",
                "key_prefix": plaintext[:12] + "...",
                "permissions": ["read"],
                "is_active": True,
                "expires_at": expires.isoformat(),
                "parent_id": 1,
            },
        )
    ]


async def test_key_and_audit_row_are_one_transaction(
    member: Context, fresh_database: Database
) -> None:
    before = await all_rows(fresh_database)

    async def make_and_fail() -> None:
        async with transaction(member) as write:
            await create_api_key(write, "Reports", permissions=READER)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await make_and_fail()

    assert await all_rows(fresh_database) == before


async def test_a_revoked_key_is_not_active(member: Context, fresh_database: Database) -> None:
    stored, _ = await create_api_key(member, "Reports", permissions=READER)

    revoked = await revoke_api_key(member, stored.id)

    assert revoked.is_active is False
    assert await rows(fresh_database, ApiKey, "is_active", id=stored.id) == [(False,)]
    logged = await rows(fresh_database, AuditLog, "before", action="api_key.revoke")
    assert logged == [({"name": "Reports", "key_prefix": stored.key_prefix},)]


async def test_what_cannot_be_used(member: Context, fresh_database: Database) -> None:
    before = await all_rows(fresh_database)

    with pytest.raises(Invalid) as refused:
        await create_api_key(
            member, "x" * 101, permissions=[], expires_at=datetime(2020, 1, 1, tzinfo=UTC)
        )
    with pytest.raises(Invalid, match=r"^expires_at must say its offset from UTC$"):
        await create_api_key(
            member,
            "x",
            permissions=READER,
            expires_at=datetime(2090, 1, 1),  # noqa: DTZ001 -- on purpose
        )

    assert [problem.message for problem in refused.value.problems] == [
        "name has 101 characters, but may have at most 100",
        "permissions must have at least one permission",
        "expires_at is in the past",
    ]
    assert await all_rows(fresh_database) == before


async def test_only_an_administrator_may(fresh_database: Database) -> None:
    before = await all_rows(fresh_database)
    writer = caller(fresh_database, 1, Permission.READ, Permission.WRITE)

    with pytest.raises(Forbidden, match="admin permission"):
        await create_api_key(writer, "Reports", permissions=READER)
    with pytest.raises(Forbidden, match="admin permission"):
        await revoke_api_key(writer, 1)

    assert await all_rows(fresh_database) == before


async def test_a_key_is_given_nothing_that_its_maker_lacks(fresh_database: Database) -> None:
    admin = caller(fresh_database, 1, Permission.ADMIN)

    with pytest.raises(Forbidden, match="write permission"):
        await create_api_key(admin, "More", permissions=[Permission.WRITE])


@pytest.mark.parametrize("key_id", [1, 0, 2**70])
async def test_a_stranger_revokes_nothing(
    stranger: Context, fresh_database: Database, key_id: int
) -> None:
    before = await all_rows(fresh_database)

    with pytest.raises(NotFound):
        await revoke_api_key(stranger, key_id)

    assert await all_rows(fresh_database) == before
