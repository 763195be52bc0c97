"""`users` makes people who can log in, lists them, and sets their passwords."""

import io
import json
import sys

import pytest

from tests.cli.conftest import Cli
from tests.databases import Copy
from tests.rest.people import installation

EMAIL = "ada@cli.example"
PASSWORD = "correct horse battery"


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What standard input has to say: the password, twice the same."""
    typed = io.StringIO(f"{PASSWORD}\r\nnot this line\n")
    monkeypatch.setattr(sys, "stdin", typed)
    return typed


@pytest.mark.usefixtures("typed")
async def test_a_person_is_made_listed_and_can_log_in(cli: Cli, fresh: Copy) -> None:
    where = ("-o", "1", "--database", fresh.url)
    created = await cli("users", "create", EMAIL, "--admin", "--password-stdin", "--json", *where)
    person = json.loads(created.out)

    assert person == {
        "id": person["id"],
        "email": EMAIL,
        "name": "ada",
        "is_admin": True,
        "is_active": True,
        "has_password": True,
        "created_at": person["created_at"],
    }
    listed = await cli("users", "list", "--json", *where)
    assert json.loads(listed.out)[-1] == person
    table = await cli("users", "list", *where)
    assert EMAIL in table.out
    async with installation(fresh) as here:
        answer = await here.log_in(EMAIL, PASSWORD)
    assert answer.json()["user"]["role"] == "admin"
    assert "argon2" not in created.out + listed.out + table.out


@pytest.mark.usefixtures("typed")
async def test_a_password_is_set_and_taken_away(cli: Cli, fresh: Copy) -> None:
    where = ("-o", "1", "--database", fresh.url)
    created = await cli("users", "create", EMAIL, "--name", "Ada", "--no-password", *where)
    organization = fresh.organizations[0].name
    assert (created.code, created.out.partition(",")[2]) == (0, f" {EMAIL} of {organization}.\n")

    changed = await cli("users", "password", EMAIL, "--password-stdin", *where)
    assert changed.out.endswith(f"{EMAIL}, has a new password.\n")
    async with installation(fresh) as here:
        assert (await here.log_in(EMAIL, PASSWORD)).status_code == 200
        removed = await cli("users", "password", EMAIL, "--no-password", *where)
        assert (await here.log_in(EMAIL, PASSWORD)).status_code == 401
    assert removed.out.endswith(f"{EMAIL}, can no longer log in by password.\n")


async def test_a_password_is_asked_for_at_a_terminal_alone(cli: Cli, fresh: Copy) -> None:
    where = ("-o", "1", "--database", fresh.url)

    without = await cli("users", "create", EMAIL, *where)
    both = await cli("users", "create", EMAIL, "--password-stdin", "--no-password", *where)

    assert (without.code, both.code) == (1, 1)
    assert "There is no terminal to ask for the password." in without.err
    assert "exclude each other" in both.err


async def test_a_change_of_people_that_is_refused_says_why(
    cli: Cli, fresh: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("short\n"))
    where = ("--database", fresh.url)
    short = await cli("users", "create", EMAIL, "--password-stdin", "-o", "1", *where)
    duplicate = await cli(
        "users", "create", "admin1@demo.example", "--no-password", "-o", "1", *where
    )
    nobody = await cli("users", "password", EMAIL, "--no-password", "-o", "2", *where)
    empty = await cli("users", "list", "-o", "99", *where)

    assert "A password has 12 to 1,000 characters." in short.err
    assert "Somebody has the address admin1@demo.example already." in duplicate.err
    assert f"The organization has no user {EMAIL}." in nobody.err
    assert [short.code, duplicate.code, nobody.code] == [1, 1, 1]
    assert empty.out == "Organization 99 has no people: jackfield users create makes one.\n"
