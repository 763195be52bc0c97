"""`migrate --distribute` on a PostgreSQL whose Citus is a stand-in that writes down its calls.

The functions, the view and the setting have the names and the arguments of Citus; nothing is moved.
"""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from gql.models import metadata
from tests.cli.conftest import Cli, cli
from tests.databases import Databases, Kind, name_of

__all__ = ["cli"]

GLOBAL = ["organization", "hook_endpoint", "user", "api_key"]

_CITUS = """
    CREATE TABLE placed (number serial, name regclass, kind text, by text, beside text);
    CREATE VIEW citus_tables AS SELECT name AS table_name, kind AS citus_table_type FROM placed;
    CREATE FUNCTION create_reference_table(name regclass) RETURNS void LANGUAGE sql AS
        $$ INSERT INTO placed (name, kind) VALUES (name, 'reference') $$;
    CREATE FUNCTION create_distributed_table(
        name regclass, by text, kind text = 'hash', colocate_with text = 'default'
    ) RETURNS void LANGUAGE sql AS
        $$ INSERT INTO placed (name, kind, by, beside)
           VALUES (name, 'distributed', by, colocate_with) $$;
    INSERT INTO pg_extension
    SELECT 99999, 'citus', 10, 'public'::regnamespace, false, '13.2-1'
"""


@pytest.fixture
def kind() -> Kind:
    return "postgresql"


@pytest.fixture
async def url(databases: Databases) -> AsyncIterator[str]:
    """The address of an empty database."""
    url = await databases.empty("postgresql")
    yield url
    await databases.drop(url)


@pytest.fixture
async def server(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    yield connection
    await connection.close()


async def install(server: asyncpg.Connection, url: str) -> None:
    """Make the stand-in; its setting is on for connections that are opened from now on."""
    await server.execute(_CITUS)
    await server.execute(f"ALTER DATABASE {name_of(url)} SET citus.enable_unsafe_triggers = 'on'")


async def test_every_table_is_placed_once_parents_first(
    cli: Cli, server: asyncpg.Connection, url: str
) -> None:
    await install(server, url)

    before = await cli("migrate", "--database", url)
    shown_before = await cli("doctor", "--database", url)
    first = await cli("migrate", "--distribute", "--database", url)
    second = await cli("migrate", "--distribute", "--database", url)
    shown = await cli("doctor", "--database", url)

    rows = await server.fetch("SELECT name::text, kind, by, beside FROM placed ORDER BY number")
    tenants = [table.name for table in metadata.sorted_tables if table.name not in GLOBAL]
    beside = ["none", *[tenants[0]] * (len(tenants) - 1)]
    assert [tuple(row) for row in rows] == [
        *((f'"{name}"' if name == "user" else name, "reference", None, None) for name in GLOBAL),
        *(
            (name, "distributed", "organization_id", other)
            for name, other in zip(tenants, beside, strict=True)
        ),
    ]
    assert (before.code, first.code, second.code) == (0, 0, 0)
    assert f"{len(rows)} tables were distributed" in first.err
    assert "All tables are distributed" in second.err
    everything = ", ".join([*GLOBAL, *tenants])
    assert f"\n  not distributed            {everything}\n" in shown_before.out
    assert f"\n  distributed                {', '.join(tenants)}\n" in shown.out
    assert f"\n  on every machine           {', '.join(GLOBAL)}\n" in shown.out
    assert "not distributed" not in shown.out


async def test_it_goes_on_where_it_stopped(cli: Cli, server: asyncpg.Connection, url: str) -> None:
    await install(server, url)
    await cli("migrate", "--database", url)
    await server.execute("SELECT create_reference_table('organization')")
    await server.execute("SELECT create_distributed_table('call', 'organization_id')")

    result = await cli("migrate", "--distribute", "--database", url)

    assert result.code == 0
    count = "SELECT count(*), count(DISTINCT name) FROM placed"
    assert tuple(await server.fetchrow(count)) == (len(metadata.tables),) * 2
    others = "SELECT DISTINCT beside FROM placed WHERE kind = 'distributed' AND number > 2"
    assert [row["beside"] for row in await server.fetch(others)] == ["call"]


async def test_what_is_missing_is_explained(cli: Cli, server: asyncpg.Connection, url: str) -> None:
    without = await cli("migrate", "--distribute", "--database", url)
    await install(server, url)
    await server.execute(f"ALTER DATABASE {name_of(url)} RESET citus.enable_unsafe_triggers")
    forbidden = await cli("migrate", "--distribute", "--database", url)
    await server.execute(f"ALTER DATABASE {name_of(url)} SET citus.enable_unsafe_triggers = 'on'")
    await cli("migrate", "--database", url)
    await server.execute("CREATE UNIQUE INDEX by_sid ON call (call_sid)")
    foreign_key = await cli("migrate", "--distribute", "--database", url)

    assert [each.code for each in (without, forbidden, foreign_key)] == [1, 1, 1]
    assert not any("The tables" in each.err for each in (without, forbidden))
    assert "does not have the extension citus" in without.err
    assert "CREATE EXTENSION citus" in without.err
    assert "ALTER SYSTEM SET citus.enable_unsafe_triggers = on" in forbidden.err
    assert "do not name the organization: by_sid." in foreign_key.err
    assert await server.fetchval("SELECT count(*) FROM placed") == 0


async def test_sqlite_cannot_be_distributed(cli: Cli, databases: Databases) -> None:
    result = await cli("migrate", "--distribute", "--database", await databases.empty("sqlite"))

    assert result.code == 1
    assert "SQLite is one file on one machine" in result.err
