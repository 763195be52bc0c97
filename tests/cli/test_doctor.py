"""`doctor` shows what would run, without secrets, and fails when it would not."""

import os
import secrets
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from gql import __version__
from gql.database import Database
from gql.migrations import head
from gql.migrations.runner import downgrade
from gql.settings import Settings
from tests.cli.conftest import Cli
from tests.databases import Copy, Databases, name_of, settings_for


async def test_a_healthy_gateway_is_shown_without_its_secrets(
    cli: Cli, fresh: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = secrets.token_hex(32)
    for name in ("GQL_SECRET_KEY", "GQL_JWT_SECRET", "GQL_JWT_PUBLIC_KEY"):
        monkeypatch.setenv(name, secret)
    monkeypatch.setenv("GQL_JWT_AUDIENCE", "gateway")
    monkeypatch.setenv("GQL_JWT_ISSUER", "https://issuer.example")
    monkeypatch.setenv("GQL_DATABASE_URL", fresh.url)

    result = await cli("doctor")

    assert (result.code, result.err) == (0, "")
    values = dict(line.split(maxsplit=1) for line in result.out.splitlines() if line[:2] == "  ")
    assert values["jackfield"] == __version__
    assert values["kind"] == {"sqlite": "embedded SQLite", "postgresql": "PostgreSQL"}[fresh.kind]
    assert (values["reachable"], values["tables"], values["current"]) == ("yes", head(), "yes")
    assert "\n  takes writes               yes\n" in result.out
    assert "\n  references                 each within its organization\n" in result.out
    assert "\n  long values                none\n" in result.out
    assert "\n  lower case                 of all letters\n" in result.out
    assert {f"GQL_{name.upper()}" for name in Settings.model_fields} <= set(values)
    assert values["GQL_SECRET_KEY"] == values["GQL_JWT_PUBLIC_KEY"] == "(set)"
    assert secret not in result.out


@pytest.mark.parametrize("is_migrated", [False, True])
async def test_rows_that_name_another_organizations_row_are_a_failure(
    cli: Cli, fresh: Copy, *, is_migrated: bool
) -> None:
    """Before the keys refused them; and after, where SQLite was not asked to check keys."""
    database = Database(settings_for(fresh.url))
    name_other = (
        "UPDATE transcript SET call_id = (SELECT min(id) FROM call WHERE organization_id = 2)"
        " WHERE id = (SELECT min(id) FROM transcript) /* sent by a test */"
    )
    try:
        if not is_migrated:
            await downgrade(database.engine, "0011_fewer_indexes")
        elif not database.embedded:
            return
        async with database.engine.connect() as connection:
            driver: Any = (await connection.get_raw_connection()).driver_connection
            if is_migrated:
                await driver.execute_fetchall("PRAGMA foreign_keys = OFF")
            await driver.execute(name_other)
    finally:
        await database.close()

    result = await cli("doctor", "--database", fresh.url)

    assert result.code == 1
    assert "references                 broken\n" in result.out
    assert " of organization 1 names call " in result.out
    assert result.err.startswith("Some rows name a row that their organization does not have.\n")


async def test_missing_tables_are_a_failure(cli: Cli, empty_database_url: str) -> None:
    result = await cli("doctor", "--database", empty_database_url)

    assert result.code == 1
    assert "jackfield migrate" in result.err
    assert "tables                     none" in result.out


@pytest.mark.parametrize("kind", ["postgresql"])
async def test_a_database_that_takes_no_writes_is_a_failure(cli: Cli, fresh: Copy) -> None:
    connection = await asyncpg.connect(fresh.url)
    await connection.execute(
        f"ALTER DATABASE {name_of(fresh.url)} SET default_transaction_read_only = on"
    )
    await connection.close()

    result = await cli("doctor", "--database", fresh.url)

    assert result.code == 1
    assert "\n  takes writes               no\n" in result.out
    assert "Point GQL_DATABASE_URL at the primary" in result.err


@pytest.mark.parametrize("kind", ["postgresql"])
async def test_a_database_that_knows_ascii_letters_alone_is_named(cli: Cli, fresh: Copy) -> None:
    url = fresh.url.replace(name_of(fresh.url), "ascii_letters")
    connection = await asyncpg.connect(fresh.url)
    await connection.execute("CREATE DATABASE ascii_letters TEMPLATE template0 LOCALE 'C'")
    try:
        await cli("migrate", "--database", url)
        result = await cli("doctor", "--database", url)
    finally:
        await connection.execute("DROP DATABASE ascii_letters WITH (FORCE)")
        await connection.close()

    assert "\n  lower case                 of ASCII letters alone\n" in result.out
    assert "filters find É only by É; create the database with a locale" in result.out


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_replaced_statistics_of_sqlite_are_named(cli: Cli, fresh: Copy) -> None:
    healthy = await cli("doctor", "--database", fresh.url)
    with closing(sqlite3.connect(fresh.url.removeprefix("sqlite:///"))) as connection:
        (definition,) = connection.execute(_INDEX).fetchone()
        connection.execute("DROP INDEX ix_call_newest")
        connection.execute(definition)
        connection.execute("ANALYZE organization")
        connection.commit()
    replaced = await cli("doctor", "--database", fresh.url)
    await cli("migrate", "--database", fresh.url)
    mended = await cli("doctor", "--database", fresh.url)

    assert "\n  statistics                 as they should be\n" in healthy.out
    assert "\n  statistics                 ix_call_newest, organization\n" in replaced.out
    assert "plans may read whole tables: jackfield migrate\n" in replaced.out
    assert (replaced.code, mended.out) == (healthy.code, healthy.out)


_INDEX = "SELECT sql FROM sqlite_master WHERE name = 'ix_call_newest'"


async def test_a_database_out_of_reach_is_a_failure(cli: Cli) -> None:
    result = await cli("doctor", "--database", "postgresql://nobody:s3cret@127.0.0.1:1/none")

    assert result.code == 1
    assert "cannot be reached" in result.err
    assert "s3cret" not in result.out + result.err


async def test_people_who_cannot_log_in_for_want_of_a_secret_are_a_failure(
    cli: Cli, fresh: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(settings_for(fresh.url))
    async with database.transaction() as connection:
        await connection.execute(text("""UPDATE "user" SET password_hash = 'x'"""))
    await database.close()

    without = await cli("doctor", "--database", fresh.url)
    monkeypatch.setenv("GQL_SECRET_KEY", "x" * 32)
    with_secret = await cli("doctor", "--database", fresh.url)

    assert "  logins by password         off\n" in without.out
    assert (without.code, with_secret.code) == (1, 0)
    assert "GQL_SECRET_KEY" in without.err
    assert "  logins by password         on\n" in with_secret.out


async def test_a_misspelt_setting_is_named_wherever_it_stands(
    cli: Cli, shared: Copy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GQL_DATABSE_URL", shared.url)
    monkeypatch.setenv("GQL_STATEMENT_TIMEOUT", "5")
    secrets_file = tmp_path / "var" / "secrets.env"
    secrets_file.parent.mkdir()
    secrets_file.touch(mode=0o600)
    secrets_file.write_text("# GQL_COMMENT=1\nGQL_XYZZY=1\nGQL_JWT_ISSUER=i\n")

    result = await cli("doctor", "--database", shared.url)

    settings = result.out.partition("\nSettings\n")[2].partition("\n\n")[0]
    assert [line.strip() for line in settings.splitlines()[-3:]] == [
        "GQL_DATABSE_URL            not a setting; the environment sets it",
        "Did you mean GQL_DATABASE_URL?",
        "GQL_XYZZY                  not a setting; var/secrets.env sets it",
    ]
    assert result.code == 1
    assert "Some variables are no settings" in result.err


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


UNSAFE: dict[str, dict[str, str]] = {
    "GQL_PUBLIC_URL": {"GQL_HOST": "10.0.0.1", "GQL_TRUSTED_PROXIES": "10.0.0.2"},
    "GQL_PUBLIC_URL ": {"GQL_PUBLIC_URL": "http://gateway.example.com"},
    "GQL_CORS_ORIGINS": {
        "GQL_CORS_ORIGINS": "http://app.example.com,https://b.example,http://localhost:5173"
    },
    "GQL_TRUSTED_PROXIES": {"GQL_HOST": "10.0.0.1", "GQL_PUBLIC_URL": "https://a.example"},
    "GQL_TRUSTED_PROXIES ": {"GQL_TRUSTED_PROXIES": "127.0.0.1,0.0.0.0/0"},
    "GQL_METRICS_TOKEN": {"GQL_METRICS_TOKEN": "short"},
    "GQL_JWT_AUDIENCE": {"GQL_JWT_PUBLIC_KEY": "key", "GQL_JWT_ISSUER": "https://issuer.example"},
    "GQL_JWT_ISSUER": {"GQL_JWT_PUBLIC_KEY": "key", "GQL_JWT_AUDIENCE": "gateway"},
    "GQL_REDIS_URL": {"GQL_REDIS_URL": "redis://:s3cret@cache.example:6379/0"},
    "GQL_MAX_CONNECTIONS": {"GQL_MAX_CONNECTIONS": str(10**9)},
}
"""By the setting that is named: what makes it unsafe, and nothing else."""


@pytest.mark.parametrize("setting", UNSAFE)
async def test_what_is_unsafe_in_production_is_named_and_a_failure(
    cli: Cli, shared: Copy, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    for name, value in {"GQL_DATABASE_URL": shared.url, **UNSAFE[setting]}.items():
        monkeypatch.setenv(name, value)

    result = await cli("doctor")

    safety = result.out.partition("\nSafety\n")[2].partition("\n\n")[0]
    named = [line.split()[0] for line in safety.splitlines() if line[2:3].strip()]
    assert named == [setting.strip()]
    assert result.code == 1
    assert "Some settings are unsafe" in result.err
    assert "s3cret" not in result.out + result.err


@pytest.mark.parametrize("tls", ["disable", "prefer"])
async def test_a_way_to_a_database_that_others_can_read_is_unsafe(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, tls: str
) -> None:
    """That nobody answers there is the failure that is reported."""
    monkeypatch.setenv("GQL_DATABASE_TLS", tls)

    result = await cli("doctor", "--database", "postgresql://nobody:s3cret@192.0.2.1:1/none")

    assert f"GQL_DATABASE_TLS           `{tls}` towards 192.0.2.1" in result.out
    assert result.code == 1


async def test_files_that_others_may_open_are_unsafe(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, databases: Databases, tmp_path: Path
) -> None:
    copy = await databases.copy("sqlite")
    monkeypatch.chdir(tmp_path)
    secrets_file = tmp_path / "var" / "secrets.env"
    secrets_file.parent.mkdir()
    secrets_file.write_text("")
    database_file = Path(copy.url.removeprefix("sqlite:///"))
    results = []
    for mode in (0o600, 0o644):
        for file in (secrets_file, database_file):
            os.chmod(file, mode)  # noqa: PTH101 -- nothing waits here
        results.append(await cli("doctor", "--database", copy.url))
    await databases.drop(copy.url)

    assert [result.code for result in results] == [0, 1]
    for printed in ("var/secrets.env", str(database_file)):
        assert f"chmod 600 {printed}" not in results[0].out
        assert f"chmod 600 {printed}" in results[1].out
