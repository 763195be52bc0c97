"""Behind a pooler answers are right and sessions protected, or the gateway does not start."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from gql.database import Database, UnprotectedConnection
from gql.database.drivers.session_settings import role_settings
from gql.errors import DeadlineExceeded
from gql.migrations import current, head, online
from gql.migrations.runner import downgrade, migrate
from tests.cli.conftest import Cli, cli  # noqa: F401 -- a fixture
from tests.database.test_session_settings import answers, client_of
from tests.databases import PATIENCE, Copy, settings_for
from tests.engine.hostile_settings import set_database
from tests.live import free_port
from tests.pgbouncer import (
    executable,
    needs_newer_pgbouncer,
    needs_pgbouncer,
    newer_executable,
    pgbouncer,
    unnamed_options,
)
from tests.pooled_role import names, options, pooled_role

pytestmark = pytest.mark.parametrize("kind", ["postgresql"], indirect=True, scope="session")

WRITE = """mutation { updateCallMeta(input: {id: 101, meta: {a: 1}}) {
    call { duration } userErrors { message } } }"""


@contextmanager
def pooled(copy: Copy, program: str | None, **settings: Any) -> Iterator[Copy]:
    with (
        tempfile.TemporaryDirectory(prefix="jackfield") as folder,
        pgbouncer(copy.url, Path(folder), program=program, **settings) as url,
    ):
        yield replace(copy, url=url)


@asynccontextmanager
async def database_at(url: str, **settings: Any) -> AsyncIterator[Database]:
    database = Database(settings_for(url, **settings))
    try:
        yield database
    finally:
        await database.close()


POOLERS = [
    pytest.param(
        executable(), unnamed_options(), "transaction", marks=needs_pgbouncer, id="installed"
    ),
    pytest.param(executable(), {"mode": "session"}, "session", marks=needs_pgbouncer, id="session"),
    pytest.param(newer_executable(), options(), "named", marks=needs_newer_pgbouncer, id="named"),
    pytest.param(
        newer_executable(),
        {"max_prepared_statements": 0},
        "transaction",
        marks=needs_newer_pgbouncer,
        id="new-unnamed",
    ),
]


@pytest.mark.parametrize(("program", "how", "kind_of_pooler"), POOLERS)
async def test_a_pooler_is_found_and_what_would_lose_protection_refused(
    fresh: Copy,
    program: str,
    how: dict[str, Any],
    kind_of_pooler: str,
    cli: Cli,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refused = {"off", "session", "named"} - ({"session"} if kind_of_pooler == "session" else set())
    with pooled(fresh, program, **how) as copy:
        async with database_at(copy.url) as database:
            assert await database.find_pooler() == kind_of_pooler
            with pytest.raises(UnprotectedConnection) as of_engine:
                await database.ping()
            with pytest.raises(UnprotectedConnection) as of_runner:
                await database.fetch_value("SELECT '1'", ())
        for each in (of_engine, of_runner):
            assert "GQL_POOLER is off" in each.value.problem
        for setting in ("off", "session", "transaction", "named"):
            monkeypatch.setenv("GQL_POOLER", setting)
            if setting not in refused:
                assert (await cli("doctor", "--database", copy.url)).code == 0
                continue
            served = await cli("serve", "--port", str(free_port()), "--database", copy.url)
            checked = await cli("doctor", "--database", copy.url)
            assert served.code == checked.code == 1
            assert served.err == checked.err
            expected = (
                "ALTER ROLE postgres SET"
                if (setting, kind_of_pooler) == ("named", "named")
                else None
            )
            assert (expected or f"GQL_POOLER={kind_of_pooler}") in served.err
            assert f"({kind_of_pooler})" in checked.out
        connection = await asyncpg.connect(copy.url, statement_cache_size=0)
        async with connection.transaction():
            left = await connection.fetchrow(
                "SELECT current_setting('statement_timeout'), "
                "current_setting('default_transaction_read_only'), "
                "(SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'jackfield_probe%')"
            )
        await connection.close()
    assert tuple(left) == ("0", "off", 0)  # nothing that was refused has left anything behind


@needs_pgbouncer
async def test_a_migration_of_large_tables_is_refused_where_transactions_share_sessions(
    fresh: Copy,
    cli: Cli,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(online, "SMALL_BYTES", -1)
    monkeypatch.setenv("GQL_POOLER", "transaction")
    with pooled(fresh, executable(), **unnamed_options()) as copy:
        async with database_at(fresh.url) as database:
            await downgrade(database.engine, "0027_change_stamps")

            refused = await cli("migrate", "--database", copy.url)

            assert refused.code == 1
            assert "many transactions in one session" in refused.err
            advice = "GQL_POOLER=off jackfield migrate --database"
            assert advice in " ".join(refused.err.split())
            assert await current(database.engine) == "0027_change_stamps"
        # As with a pooler whose setting is on and whose address is not used.
        done = await cli("migrate", "--database", fresh.url)
        assert (done.code, head() in done.err) == (0, True)


@needs_pgbouncer
async def test_a_pooler_in_session_mode_lets_large_tables_be_migrated(
    fresh: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(online, "SMALL_BYTES", -1)
    with pooled(fresh, executable(), mode="session") as copy:
        async with database_at(copy.url, pooler="session") as database:
            await downgrade(database.engine, "0027_change_stamps")
            await migrate(database.engine)

            assert await current(database.engine) == head()


async def test_without_a_pooler_none_is_found(shared: Copy) -> None:
    async with database_at(shared.url) as database:
        assert await database.find_pooler() == "off"
        await database.require_pooler()


def test_the_former_name_of_the_setting_is_read(shared: Copy) -> None:
    for word, pooler in {"true": "transaction", "0": "off", "named": "named"}.items():
        assert settings_for(shared.url, GQL_TRANSACTION_POOLER=word).pooler == pooler


@asynccontextmanager
async def set_up(fresh: Copy, where: str, **changes: str) -> AsyncIterator[Copy]:
    """The database by a role of docs/deployment.md: of itself, or behind a newer PgBouncer."""
    async with pooled_role(fresh, **changes) as role:
        if where == "pooler":
            how = {"role": role, **options(), "default_pool_size": 2}
            with pooled(fresh, newer_executable(), **how) as copy:
                yield copy
        else:
            yield replace(fresh, url=fresh.url.replace("postgres:@", f"{role}:@"))


@needs_pgbouncer
async def test_without_named_statements_each_is_a_protected_transaction(fresh: Copy) -> None:
    async with client_of(fresh) as client:
        expected = await answers(client)
        written = (await client.post("/graphql", json={"query": WRITE})).json()
    await set_database(fresh)
    how = {"default_pool_size": 2, **unnamed_options()}
    with pooled(fresh, executable(), **how) as copy:
        async with client_of(copy, pooler="transaction") as client:
            assert await answers(client) == expected
            assert (await client.post("/graphql", json={"query": WRITE})).json() == written
        async with database_at(copy.url, pooler="transaction", request_timeout=0.05) as database:
            many = [database.fetch_value("SELECT $1::text", (str(n),)) for n in range(50)]
            assert await asyncio.gather(*many) == [b"%d" % n for n in range(50)]
            for _ in range(3):
                with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
                    await database.fetch_value("DELETE FROM call RETURNING call_sid", ())
                with pytest.raises(asyncpg.QueryCanceledError):
                    await database.fetch_value("SELECT pg_sleep(600)::text", ())
        connection = await asyncpg.connect(copy.url, statement_cache_size=0)
        async with connection.transaction():
            left = await connection.fetchval("SELECT current_setting('statement_timeout')")
        await connection.close()
    assert left == "0"


SERVERS = [
    "database",  # what the gateway itself does, without a pooler
    pytest.param("pooler", marks=needs_newer_pgbouncer),
]


@pytest.mark.parametrize("where", SERVERS)
async def test_named_statements_are_used_and_protected_by_the_role(fresh: Copy, where: str) -> None:
    mode = "SELECT current_setting('plan_cache_mode')"
    count = "SELECT count(*)::text FROM pg_prepared_statements WHERE statement LIKE $1"
    write = "UPDATE assistant SET name = 'x' RETURNING name"
    async with (
        set_up(fresh, where) as copy,
        database_at(copy.url, pooler="named", pool_size=4) as database,
    ):
        await database.require_pooler()
        assert not await database.is_read_only()
        for custom_plan in (False, True, False):
            with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
                await database.fetch_value(write, (), custom_plan=custom_plan)
        modes = [await database.fetch_value(mode, (), custom_plan=c) for c in (False, True, False)]
        many = [database.fetch_value("SELECT $1::text", (str(n),)) for n in range(50)]
        assert await asyncio.gather(*many) == [b"%d" % n for n in range(50)]
        named = int(await database.fetch_value(count, ("SELECT $1::text",)) or 0)
        plan = await database.explain("SELECT name FROM assistant WHERE id = $1::bigint", (7,))
        custom = await database.explain(
            "SELECT name FROM assistant WHERE id = $1::bigint", (7,), custom_plan=True
        )
        timeout = await database.fetch_value("SELECT current_setting('statement_timeout')", ())
    assert modes == [b"force_generic_plan", b"force_custom_plan", b"force_generic_plan"]
    assert named == 1
    assert any("id = $1" in line for line in plan)
    assert any("id = '7'::bigint" in line for line in custom)
    assert timeout == b"15500ms"


@pytest.mark.parametrize("where", SERVERS)
@pytest.mark.parametrize("custom_plan", [False, True])
async def test_the_role_ends_a_statement_that_the_gateway_does_not(
    fresh: Copy, where: str, custom_plan: bool
) -> None:
    async with (
        set_up(fresh, where, statement_timeout="500") as copy,
        database_at(copy.url, pooler="named") as database,
    ):
        for _ in range(2):
            with pytest.raises(asyncpg.QueryCanceledError):
                await database.fetch_value(
                    "SELECT pg_sleep(600)::text", (), custom_plan=custom_plan
                )
        assert await database.fetch_value("SELECT '1'", (), custom_plan=custom_plan) == b"1"


@pytest.mark.parametrize("where", SERVERS)
async def test_answers_are_those_without_a_pooler(fresh: Copy, where: str) -> None:
    async with client_of(fresh) as client:
        expected = await answers(client)
        written = (await client.post("/graphql", json={"query": WRITE})).json()
    assert {status for status, _ in expected} == {200}
    assert "errors" not in written
    await set_database(fresh)
    async with set_up(fresh, where) as copy, client_of(copy, pooler="named") as client:
        for _ in range(2):
            assert await answers(client) == expected
        assert (await client.post("/graphql", json={"query": WRITE})).json() == written


@pytest.mark.parametrize("where", SERVERS)
@pytest.mark.parametrize("custom_plan", [False, True])
async def test_a_statement_outlives_a_change_of_its_table(
    fresh: Copy, where: str, custom_plan: bool
) -> None:
    statement = "SELECT name FROM assistant WHERE id = $1"
    async with (
        set_up(fresh, where) as copy,
        database_at(copy.url, pooler="named", pool_size=1) as database,
        database_at(fresh.url) as owner,
    ):
        first: Any = await database.fetch_value(statement, (1,), custom_plan=custom_plan)
        async with owner.transaction() as connection:
            await connection.execute(text("ALTER TABLE assistant ALTER COLUMN name TYPE text"))
        later = [
            await database.fetch_value(statement, (1,), custom_plan=custom_plan) for _ in range(3)
        ]
    assert later == [first.encode()] * 3


@pytest.mark.parametrize("where", SERVERS)
@pytest.mark.parametrize("custom_plan", [False, True])
async def test_a_reader_who_goes_away_ends_the_statement(
    fresh: Copy, where: str, custom_plan: bool
) -> None:
    async with (
        set_up(fresh, where, statement_timeout="3600000") as copy,
        database_at(copy.url, pooler="named", pool_size=2, request_timeout=3600) as database,
    ):
        statement = "SELECT pg_sleep(86400)::text"
        for _ in range(3):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await database.fetch_value(statement, (), custom_plan=custom_plan)
        assert await database.fetch_value("SELECT '1'", ()) == b"1"
        running = (
            "SELECT count(*)::text FROM pg_stat_activity WHERE query = $1 AND state = 'active'"
        )
        async with asyncio.timeout(PATIENCE):  # the last one may be about to end
            while await database.fetch_value(running, (statement,)) != b"0":  # noqa: ASYNC110
                await asyncio.sleep(0.01)


CHANGES = [
    ("statement_timeout", "0"),
    ("statement_timeout", str(int(PATIENCE * 1000) + 501)),
    ("default_transaction_read_only", "off"),
    ("plan_cache_mode", "auto"),
    ("jit", "on"),
    ("TimeZone", "'Pacific/Chatham'"),
]


async def test_a_role_that_is_not_set_up_is_refused(fresh: Copy) -> None:
    for name, value in CHANGES:
        async with (
            set_up(fresh, "database", **{name: value}) as copy,
            database_at(copy.url, pooler="named") as database,
        ):
            with pytest.raises(UnprotectedConnection) as caught:
                await database.require_pooler()
            with pytest.raises(UnprotectedConnection):
                await database.fetch_value("SELECT '1'", ())
        statements = [line for line in caught.value.advice.splitlines() if line[:5] == "ALTER"]
        assert len(statements) == 1
        assert f" SET {name} = '" in statements[0]


async def test_what_a_refusal_says_sets_the_role_up(fresh: Copy) -> None:
    async with (
        set_up(fresh, "database", jit="on", statement_timeout="0", lc_time="'C.UTF-8'") as copy,
        database_at(copy.url, pooler="named") as database,
        database_at(fresh.url) as owner,
    ):
        with pytest.raises(UnprotectedConnection) as caught:
            await database.require_pooler()
        async with owner.transaction() as connection:
            for line in caught.value.advice.splitlines()[1:]:
                await connection.execute(text(line))
        await database.require_pooler()


async def test_the_page_sets_all_that_is_checked(shared: Copy) -> None:
    assert names() == {*role_settings(settings_for(shared.url)), "plan_cache_mode"}


async def test_a_write_is_not_kept_from_a_role_that_reads(fresh: Copy) -> None:
    async with (
        set_up(fresh, "database") as copy,
        database_at(copy.url, pooler="named", request_timeout=0.05) as database,
    ):
        async with database.transaction() as connection:
            await connection.execute(text("UPDATE assistant SET name = 'x' WHERE id = 1"))
        with pytest.raises(DeadlineExceeded):
            async with database.snapshot() as snapshot:
                await snapshot.rows(text("SELECT pg_sleep(600)"))
