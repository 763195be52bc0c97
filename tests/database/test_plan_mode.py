"""Each server says how its statements are planned: by a generic plan, or as Citus needs it."""

from contextlib import suppress
from typing import Any

import asyncpg
import pytest

from gql.database import Database
from tests.cli.conftest import Cli, cli  # noqa: F401 -- a fixture
from tests.databases import Copy, settings_for

pytestmark = pytest.mark.parametrize("kind", ["postgresql"])

MODE = "SELECT current_setting('plan_cache_mode')"
ENDED = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
INSTALL = """
    INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
    VALUES (99999, 'citus', 10, 'public'::regnamespace, false, '13.2-1')
"""
"""What CREATE EXTENSION leaves in the catalog; the tests have no Citus, and this is read of it."""


async def mode_of(url: str, **settings: Any) -> bytes | None:
    database = Database(settings_for(url, **settings))
    try:
        return await database.fetch_value(MODE, ())
    finally:
        await database.close()


async def test_a_connection_plans_as_its_server_needs_it(
    fresh: Copy,
    cli: Cli,  # noqa: F811
) -> None:
    database = Database(settings_for(fresh.url, pool_size=2))
    server = await asyncpg.connect(fresh.url)
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1"
    try:
        alone = await database.fetch_value(MODE, ())
        shown = await cli("doctor", "--database", fresh.url)
        await server.execute(INSTALL)
        await server.execute("SET application_name = 'this test'")
        await server.fetch(end, "jackfield")
        with suppress(*ENDED):  # on the connection that has ended, where that is not seen yet
            await database.fetch_value(MODE, ())
        with_citus = [
            await database.fetch_value(MODE, (), custom_plan=custom)
            for custom in (False, True, False)
        ]
        shown_with_citus = await cli("doctor", "--database", fresh.url)
        forced = await mode_of(fresh.url, plan_mode="generic")
    finally:
        await server.execute("DELETE FROM pg_extension WHERE extname = 'citus'")
        await server.close()
        await database.close()

    assert alone == forced == b"force_generic_plan"
    assert with_citus == [b"auto", b"force_custom_plan", b"auto"]
    assert await mode_of(fresh.url, plan_mode="auto") == b"auto"
    assert "\n  plan mode                  generic: once, for all values (force_" in shown.out
    assert (
        "\n  plan mode                  auto: as PostgreSQL or Citus sees" in shown_with_citus.out
    )
    assert "\n  pooler                     none\n" in shown.out
