"""People are added, listed, found and given passwords, within their organization."""

from dataclasses import replace

import pytest

from gql.accounts.passwords import Passwords
from gql.accounts.people import (
    PasswordClaim,
    Person,
    check_password,
    create_person,
    find_by_login,
    find_person,
    list_people,
    set_password,
)
from gql.database import Database
from gql.errors import BadInput, Conflict, NotFound, Unauthenticated
from gql.identity import Permission
from tests.databases import Copy

PASSWORD = "correct horse battery"


async def add(database: Database, email: str, organization_id: int = 1, **more: bool) -> Person:
    new_hash = await Passwords().hash(PASSWORD)
    return await create_person(
        database, organization_id, email=email, name=" Ada ", password_hash=new_hash, **more
    )


async def test_a_person_is_kept_as_they_were_made_with_a_plain_address(
    fresh: Copy, fresh_database: Database
) -> None:
    added = await add(fresh_database, "  Ada@Example.COM ")

    assert added == Person(
        id=added.id,
        organization_id=1,
        organization_name=fresh.organizations[0].name,
        email="ada@example.com",
        name="Ada",
        is_admin=False,
        is_active=True,
        created_at=added.created_at,
        password_hash=added.password_hash,
    )
    assert added.password_hash is not None
    assert added.password_hash not in repr(added)
    assert await find_person(fresh_database, 1, added.id) == added
    assert await find_person(fresh_database, 2, added.id) is None
    assert [person.id for person in await list_people(fresh_database, 1)] == [1, added.id]


async def test_administrators_may_do_everything_and_others_read_and_write(
    fresh_database: Database,
) -> None:
    admin = await add(fresh_database, "admin@example.com", is_admin=True)
    other = await add(fresh_database, "other@example.com")

    assert admin.permissions == {Permission.READ, Permission.WRITE, Permission.ADMIN}
    assert other.permissions == {Permission.READ, Permission.WRITE}


async def test_an_address_belongs_to_one_person_of_all_organizations(
    fresh_database: Database,
) -> None:
    await add(fresh_database, "ada@example.com")

    with pytest.raises(Conflict, match=r"Somebody has the address ada@example.com already\."):
        await add(fresh_database, "ADA@example.com", 2)


@pytest.mark.parametrize(
    "email",
    ["", "ada", "@example.com", "ada@", "a b@example.com", "a\0@example.com", "a\n@b", "a@b" * 99],
)
async def test_what_is_no_address_is_refused(database: Database, email: str) -> None:
    with pytest.raises(BadInput, match="is not an email address"):
        await create_person(database, 1, email=email, name="Ada")


async def test_a_person_needs_a_name_and_an_organization(database: Database) -> None:
    for name in ("", "  ", "a\0b", "x" * 256):
        with pytest.raises(BadInput, match="name must have 1 to 255 characters"):
            await create_person(database, 1, email="a@b.example", name=name)
    with pytest.raises(NotFound, match="organization 99"):
        await create_person(database, 99, email="a@b.example", name="Ada")


async def test_a_password_opens_the_account_it_was_set_for_alone(fresh_database: Database) -> None:
    passwords = Passwords()
    ada = await add(fresh_database, "ada@example.com")
    await create_person(fresh_database, 1, email="none@example.com", name="None")
    right = PasswordClaim("ADA@example.com ", PASSWORD)

    assert await check_password(fresh_database, passwords, right) == ada
    for wrong in (
        replace(right, password=PASSWORD + " "),
        replace(right, email="none@example.com"),
        replace(right, email="nobody@example.com"),
        replace(right, email="\0"),
        replace(right, organization="2"),
    ):
        with pytest.raises(Unauthenticated, match=r"^Invalid email or password\.$"):
            await check_password(fresh_database, passwords, wrong)
    assert PASSWORD not in repr(right)


async def test_a_new_password_replaces_the_old_one_and_its_logins(fresh_database: Database) -> None:
    passwords = Passwords()
    ada = await add(fresh_database, "ada@example.com")
    new_hash = await passwords.hash("another password")

    changed = await set_password(fresh_database, 1, " ADA@example.com", password_hash=new_hash)

    assert changed == replace(ada, password_hash=new_hash)
    claim = PasswordClaim("ada@example.com", "another password")
    assert await check_password(fresh_database, passwords, claim) == changed
    with pytest.raises(Unauthenticated):
        await check_password(fresh_database, passwords, replace(claim, password=PASSWORD))
    for organization_id, stamp, expected in (
        (1, changed.stamp, changed),
        (1, ada.stamp, None),
        (1, "é", None),
        (2, changed.stamp, None),
    ):
        person = await find_by_login(
            fresh_database, organization_id, ada.id, login_id="a login", stamp=stamp
        )
        assert person == expected


async def test_nobody_sets_a_password_in_another_organization(fresh_database: Database) -> None:
    ada = await add(fresh_database, "ada@example.com")

    with pytest.raises(NotFound):
        await set_password(fresh_database, 2, ada.email, password_hash=None)
    assert await find_person(fresh_database, 1, ada.id) == ada
