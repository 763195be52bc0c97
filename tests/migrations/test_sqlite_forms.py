"""Columns of SQLite refuse what is not in the form that is read; older rows are rewritten."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from gql.app import create_app
from gql.database import Database
from gql.migrations.runner import downgrade, migrate
from gql.migrations.sqlite_forms import WRITTEN_BY_TRIGGERS
from gql.models import metadata
from tests.conftest import asker, bearer, connect
from tests.databases import Copy, settings_for
from tests.lifespan import running

pytestmark = pytest.mark.parametrize("kind", ["sqlite"])

FOREIGN: dict[str, list[Any]] = {
    "DATETIME": [
        *("2027-01-01 10:00:50", "2027-01-01T10:00:50.000000", "2027-01-01 10:00:50.000000Z"),
        *("2027-01-01", "2027-02-30 10:00:50.000000", "2027-01-01 24:00:00.000000", "", "now"),
        *(
            "2027-01-01 10:00:50.5",
            "0000-01-01 00:00:00.000000",
            "2027-01-01 10:00:50.000000+01:00",
        ),
        *(1_800_000_000, 2461406.5),
    ],
    "JSON": ["", "{", "{'a': 1}", "nothing"],
    "BOOLEAN": ["true", "yes", 2],
    "FLOAT": ["a lot"],
    "BIGINT": ["one", 1.5],
    "INTEGER": ["one", 1.5],
}
"""What no column of a declared type takes."""


@asynccontextmanager
async def opened(copy: Copy) -> AsyncIterator[Database]:
    database = Database(settings_for(copy.url))
    yield database
    await database.close()


async def test_every_column_refuses_what_is_not_in_its_form(fresh: Copy) -> None:
    refused = 0
    async with opened(fresh) as database, database.transaction() as connection:
        for table in metadata.sorted_tables:
            if table.name in WRITTEN_BY_TRIGGERS:
                continue
            info: Any = await connection.exec_driver_sql(f'PRAGMA table_info("{table.name}")')
            # The triggers look at rows; where there are none, the table's other rows tell nothing.
            if not await connection.scalar(text(f'SELECT count(*) FROM "{table.name}"')):  # noqa: S608
                continue
            for column in info.mappings():
                name = column["name"]
                for value in () if column["pk"] else FOREIGN.get(column["type"], ()):
                    update = f'UPDATE "{table.name}" SET "{name}" = :value'  # noqa: S608
                    with pytest.raises(IntegrityError, match=f"{table.name}.{name} must be"):
                        await connection.execute(text(update), {"value": value})
                    refused += 1
    assert refused > 300


async def test_what_sqlite_writes_by_itself_is_refused_at_the_insert(fresh: Copy) -> None:
    insert = text("INSERT INTO organization (name, created_at) VALUES ('x', CURRENT_TIMESTAMP)")
    async with opened(fresh) as database:
        with pytest.raises(IntegrityError, match=r"organization\.created_at must be an instant in"):
            async with database.transaction() as connection:
                await connection.execute(insert)


async def test_instants_of_other_forms_are_rewritten_and_read_right(fresh: Copy) -> None:
    forms = [
        ("2027-01-01T10:00:00", "2027-01-01T10:00:00Z"),
        ("2027-01-01 10:00:50", "2027-01-01T10:00:50Z"),
        ("2027-01-01 10:00:50.5", "2027-01-01T10:00:50.5Z"),
        ("2027-01-01T12:00:51+02:00", "2027-01-01T10:00:51Z"),
    ]
    some = text("SELECT id FROM call WHERE organization_id = 1 AND channel = 'voice' LIMIT 4")
    async with opened(fresh) as database:
        await downgrade(database.engine, "0008_ended_logins")
        async with database.transaction() as connection:
            await connection.execute(text("DROP TRIGGER call_forms_update"))
            ids = (await connection.execute(some)).scalars().all()
            for call_id, (stored, _) in zip(ids, forms, strict=True):
                update = text("UPDATE call SET started_at = :at WHERE id = :id")
                await connection.execute(update, {"id": call_id, "at": stored})
        await migrate(database.engine)

    query = """query($from: DateTime!, $after: String) { calls(first: 2, after: $after,
        filter: {startedAt: {gte: $from, lte: "2027-01-01T10:00:51Z"}}
        orderBy: {field: STARTED_AT, direction: ASC}) {
            totalCount nodes { databaseId startedAt } pageInfo { endCursor } } }"""
    expected = [[call_id, printed] for call_id, (_, printed) in zip(ids, forms, strict=True)]
    for compiled in (True, False):
        settings = settings_for(fresh.url, compiled=compiled, max_resolver_cost=2_000_000)
        app = create_app(settings)
        async with running(app), connect(app) as client:
            ask = asker(client, bearer(fresh.organizations[0]))
            nodes, after = [], None
            for _ in range(2):
                variables = {"from": "2027-01-01T10:00:00Z", "after": after}
                calls = (await ask(query, variables))["data"]["calls"]
                nodes += [[node["databaseId"], node["startedAt"]] for node in calls["nodes"]]
                after = calls["pageInfo"]["endCursor"]

        assert calls["totalCount"] == 4
        assert nodes == expected


async def test_an_instant_that_cannot_be_read_stops_the_migration_and_is_named(
    fresh: Copy,
) -> None:
    async with opened(fresh) as database:
        await downgrade(database.engine, "0008_ended_logins")
        async with database.transaction() as connection:
            await connection.execute(text("DROP TRIGGER call_forms_update"))
            await connection.execute(text("UPDATE call SET ended_at = 'noon' WHERE id = 101"))

        with pytest.raises(ValueError, match="1 instants cannot be read") as raised:
            await migrate(database.engine)

        async with database.engine.connect() as connection:
            stored = await connection.scalar(text("SELECT ended_at FROM call WHERE id = 101"))
    assert str(raised.value).endswith("\ncall 101: ended_at is 'noon'")
    assert stored == "noon"
