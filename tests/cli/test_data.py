"""`migrate` and `demo` on databases of every kind."""

import json

import pytest
from sqlalchemy import text

from gql.accounts.api_keys import find_key_by_hash, hash_key
from gql.database import Database
from gql.migrations import head
from tests.cli.conftest import Cli
from tests.databases import Copy, settings_for


async def test_migrate_makes_the_tables_and_then_finds_nothing_to_do(
    cli: Cli, empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GQL_DATABASE_URL", empty_database_url)

    first, second = await cli("migrate"), await cli("migrate")

    assert (first.code, first.err) == (0, f"The tables went from nothing to {head()}.\n")
    assert (second.code, second.err) == (0, f"The tables are current: {head()}.\n")


async def test_a_database_that_a_newer_version_migrated_is_left_alone(
    cli: Cli, fresh: Copy
) -> None:
    database = Database(settings_for(fresh.url))
    async with database.transaction() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await database.close()

    result = await cli("migrate", "--database", fresh.url)

    assert result.code == 1
    assert result.err == (
        "The tables are at 9999, which this version does not know.\n"
        "A newer version has migrated this database: install that one.\n"
    )


async def test_demo_prints_one_object_with_working_keys_and_nothing_else(
    cli: Cli, empty_database_url: str
) -> None:
    await cli("migrate", "--database", empty_database_url)

    result = await cli("demo", "--json", "--organizations", "3", "--database", empty_database_url)

    assert result.code == 0
    organizations = json.loads(result.out)["organizations"]
    assert [set(each) for each in organizations] == [{"id", "name", "api_key", "user_id"}] * 3
    database = Database(settings_for(empty_database_url))
    holders = [
        await find_key_by_hash(database, hash_key(each["api_key"])) for each in organizations
    ]
    await database.close()
    assert [
        (holder.key.organization_id, holder.organization_name, holder.key.user_id)
        for holder in holders
        if holder is not None
    ] == [(each["id"], each["name"], each["user_id"]) for each in organizations]


async def test_demo_does_not_touch_what_is_there(cli: Cli, fresh: Copy) -> None:
    result = await cli("demo", "--database", fresh.url)

    assert (result.code, result.out) == (1, "")
    assert result.err == (
        "The database has organizations already, so no demo data was added.\n"
        "To start over, losing everything in it: jackfield demo --reset\n"
    )


async def test_demo_if_empty_does_nothing_with_success(cli: Cli, fresh: Copy) -> None:
    in_json = await cli("demo", "--if-empty", "--json", "--database", fresh.url)
    in_words = await cli("demo", "--if-empty", "--database", fresh.url)

    assert (in_json.code, json.loads(in_json.out)) == (0, {"organizations": []})
    assert (in_words.code, in_words.out) == (0, "There is data already: nothing was added.\n")


async def test_demo_reset_starts_over_with_other_keys(cli: Cli, fresh: Copy) -> None:
    result = await cli("demo", "--reset", "--database", fresh.url)

    assert result.code == 0
    assert result.err.endswith("An API key per organization, shown this once:\n")
    lines = [line.split("  ") for line in result.out.splitlines()]
    assert [(line[0], line[1]) for line in lines] == [
        (str(each.id), each.name) for each in fresh.organizations
    ]
    assert all(line[2] not in {each.api_key for each in fresh.organizations} for line in lines)


@pytest.mark.parametrize(
    "words",
    [("demo",), ("keys", "list", "-o", "1"), ("serve",), ("keys", "create", "x", "-o", "1")],
)
async def test_without_tables_every_command_says_to_migrate(
    cli: Cli, empty_database_url: str, words: tuple[str, ...]
) -> None:
    result = await cli(*words, "--database", empty_database_url)

    assert result.code == 1
    assert result.err == ("The database has no tables yet.\nMake them: jackfield migrate\n")
