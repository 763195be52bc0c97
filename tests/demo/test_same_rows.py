"""The same seed gives the same rows: on another day, on the other database, at a larger scale."""

from datetime import datetime

import pytest

from gql.database import Database
from gql.demo import DemoOrganization, load_demo
from gql.demo.scale import content
from gql.demo.tenant import NOW
from gql.migrations.runner import migrate
from tests.databases import Databases, settings_for
from tests.demo.conftest import Loaded
from tests.demo.stored_rows import TABLE_BY_NAME, digests, rows_of


async def test_both_databases_hold_the_same_rows(databases: Databases) -> None:
    digests_by_kind = []
    for kind in ("sqlite", "postgresql"):
        url = await databases.empty(kind)
        database = Database(settings_for(url))
        await migrate(database.engine)
        await load_demo(database, organizations=3, seed=5)
        digests_by_kind.append(await digests(database))
        await database.close()
        await databases.drop(url)

    assert digests_by_kind[0] == digests_by_kind[1]


async def test_the_same_seed_gives_the_same_rows_and_other_keys(
    loaded: Loaded, bare: Database
) -> None:
    again = await load_demo(bare, seed=1)

    assert await digests(bare) == await digests(loaded.database)
    keys = {organization.api_key for organization in (*again, *loaded.organizations)}
    assert len(keys) == 4


async def test_another_seed_gives_other_rows(loaded: Loaded, bare: Database) -> None:
    await load_demo(bare, seed=2)

    seed_2, seed_1 = await digests(bare), await digests(loaded.database)

    differing = {name for name in seed_2 if seed_2[name] != seed_1[name]}
    assert differing >= {
        *("assistant", "assistant_graph", "graph_node", "graph_edge", "graph_session"),
        *("graph_transition", "call", "call_rollup", "chat_message", "transcript"),
        *("sms_audit_log", "sms_message_log"),
    }
    assert differing.isdisjoint({"organization", "user", "api_key"})


@pytest.mark.parametrize("scale", ["medium", "large"])
def test_a_larger_scale_begins_with_the_very_rows_of_the_small_one(scale: str) -> None:
    organizations = [DemoOrganization(number, "a", number, "b") for number in (1, 2)]

    small = list(content(organizations, "small", 1).items)
    larger = content(organizations, "medium" if scale == "medium" else "large", 1).items

    for item, larger_item in zip(small, larger, strict=False):
        assert item == larger_item
    assert next(larger, None) is not None


async def test_no_instant_is_after_the_now_of_the_data(loaded: Loaded) -> None:
    """The rows are the same every day: no default reads the clock."""
    instants = [
        value
        for name in TABLE_BY_NAME
        for row in await rows_of(loaded.database, name)
        for value in row.values()
        if isinstance(value, datetime)
    ]

    assert max(instants) <= NOW
