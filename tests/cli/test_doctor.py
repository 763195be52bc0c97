"""`doctor` shows what would run, without secrets, and fails when it would not."""

import secrets

import pytest
from sqlalchemy import text

from gql import __version__
from gql.database import Database
from gql.migrations import head
from gql.settings import Settings
from tests.cli.conftest import Cli
from tests.databases import Copy, settings_for


async def test_a_healthy_gateway_is_shown_without_its_secrets(
    cli: Cli, fresh: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = secrets.token_hex(32)
    for name in ("GQL_SECRET_KEY", "GQL_JWT_SECRET", "GQL_JWT_PUBLIC_KEY"):
        monkeypatch.setenv(name, secret)
    monkeypatch.setenv("GQL_DATABASE_URL", fresh.url)

    result = await cli("doctor")

    assert (result.code, result.err) == (0, "")
    values = dict(line.split(maxsplit=1) for line in result.out.splitlines() if line[:2] == "  ")
    assert values["jackfield"] == __version__
    assert values["kind"] == {"sqlite": "embedded SQLite", "postgresql": "PostgreSQL"}[fresh.kind]
    assert (values["reachable"], values["tables"], values["current"]) == ("yes", head(), "yes")
    assert "\n  long values                none\n" in result.out
    assert {f"GQL_{name.upper()}" for name in Settings.model_fields} <= set(values)
    assert values["GQL_SECRET_KEY"] == values["GQL_JWT_PUBLIC_KEY"] == "(set)"
    assert secret not in result.out


async def test_missing_tables_are_a_failure(cli: Cli, empty_database_url: str) -> None:
    result = await cli("doctor", "--database", empty_database_url)

    assert result.code == 1
    assert "jackfield migrate" in result.err
    assert "tables                     none" in result.out


async def test_a_database_out_of_reach_is_a_failure(cli: Cli) -> None:
    result = await cli("doctor", "--database", "postgresql://nobody:s3cret@127.0.0.1:1/none")

    assert result.code == 1
    assert "cannot be reached" in result.err
    assert "s3cret" not in result.out + result.err


async def test_values_beyond_their_bounds_are_counted(cli: Cli, fresh: Copy) -> None:
    database = Database(settings_for(fresh.url))
    async with database.transaction() as connection:
        for column, value in (("name", "n" * 256), ("settings", '{"a":"' + "x" * 65_529 + '"}')):
            update = text(f"UPDATE assistant SET {column} = :value WHERE id = 1")  # noqa: S608
            await connection.execute(update, {"value": value})
    await database.close()

    result = await cli("doctor", "--database", fresh.url)

    assert result.code == 0
    lines = [line.strip() for line in result.out.splitlines()]
    start = lines.index("long values                some")
    assert lines[start + 1 :][:2] == [
        "assistant.name: 1 of more than 255 characters; shorten them",
        "assistant.settings: 1 of more than 65,536 characters; shorten them",
    ]
