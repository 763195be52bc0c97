"""Loading: all or nothing, in steps, in the databases' own formats, with ids that go on."""

import re
from collections import Counter
from hashlib import sha256

import pytest
from sqlalchemy import (
    JSON,
    Column,
    Integer,
    MetaData,
    String,
    Table,
    and_,
    func,
    insert,
    select,
    text,
)
from sqlmodel.sql.sqltypes import UTCDateTime

from gql.database import Database, dump_json
from gql.demo import is_empty, load_demo, reset
from gql.demo import scale as scales
from gql.demo.loading import complete
from gql.demo.scale import Size
from gql.demo.tenant import NOW, Row
from gql.errors import BadInput
from gql.models import metadata
from gql.models.types import now
from tests.demo.conftest import Loaded
from tests.demo.stored_rows import TABLE_BY_NAME, counts, digests, row_by_id, rows_of

EXAMPLE = Table(
    "example",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("name", String, nullable=False),
    Column("language", String, nullable=False, default="en"),
    Column("settings", JSON, nullable=False, default=dict),
    Column("note", String),
    Column("created_at", UTCDateTime, nullable=False, default=now),
)


async def test_a_key_is_kept_as_its_hash_and_grants_everything(loaded: Loaded) -> None:
    rows = await rows_of(loaded.database, "api_key")

    for row, organization in zip(rows, loaded.organizations, strict=True):
        assert re.fullmatch(r"burki_[a-z0-9]{32}", organization.api_key)
        assert row["key_hash"] == sha256(organization.api_key.encode()).hexdigest()
        assert row["key_prefix"] == organization.api_key[:12] + "..."
        assert row["permissions"] == {"read": True, "write": True, "admin": True}
        assert (row["organization_id"], row["user_id"]) == (organization.id, organization.user_id)
        assert organization.api_key not in repr(organization)


async def test_the_organizations_are_named_as_returned(loaded: Loaded) -> None:
    rows = await rows_of(loaded.database, "organization")

    assert [(row["id"], row["name"]) for row in rows] == [
        (organization.id, organization.name) for organization in loaded.organizations
    ]


async def test_ids_go_on_after_the_explicit_ones(bare: Database) -> None:
    await load_demo(bare)
    values = {
        "organization_id": 1,
        "name": "New",
        "llm_provider": "openai",
        "llm_model": "m",
        "settings": {},
        "is_active": True,
        "created_at": now(),
        "updated_at": now(),
    }
    table = TABLE_BY_NAME["assistant"]
    highest = select(func.max(table.c.id))

    async with bare.transaction() as connection:
        before = (await connection.execute(highest)).scalar_one()
        await connection.execute(insert(table).values(values))
        assert (await connection.execute(highest)).scalar_one() == before + 1


async def test_the_tables_that_stay_empty_begin_at_one(bare: Database) -> None:
    await load_demo(bare)
    log = {"organization_id": 1, "method": "api_key", "action": "a", "object_type": "call"}

    async with bare.transaction() as connection:
        await connection.execute(
            insert(TABLE_BY_NAME["audit_log"]).values(
                log | {"request_id": "r", "created_at": now()}
            )
        )

    assert (await row_by_id(bare, "audit_log", 1))["request_id"] == "r"


def test_a_column_with_a_default_needs_no_value() -> None:
    completed = complete(EXAMPLE)({"id": 1, "name": "a"})

    assert completed == {
        "id": 1,
        "name": "a",
        "language": "en",
        "settings": {},
        "note": None,
        "created_at": NOW,
    }
    assert complete(EXAMPLE)(completed | {"language": "de"})["language"] == "de"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"id": 1}, "demo row of example, missing or unknown: name"),
        ({"id": 1, "name": "a", "nam": "b"}, "demo row of example, missing or unknown: nam"),
        ({"id": 1, "nam": "b"}, "demo row of example, missing or unknown: nam, name"),
    ],
)
def test_a_row_with_a_missing_or_unknown_column_is_refused(row: Row, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        complete(EXAMPLE)(row)


async def test_json_is_compact_text_in_both_databases(loaded: Loaded) -> None:
    statement = text("SELECT id, CAST(conversation_context AS TEXT) FROM graph_session")
    async with loaded.database.engine.connect() as connection:
        texts = {row[0]: row[1] for row in await connection.execute(statement)}

    rows = await rows_of(loaded.database, "graph_session")

    assert texts == {row["id"]: dump_json(row["conversation_context"]) for row in rows}
    assert texts[500] == ('{"customer_name":"Jane","inquiry_type":"support","issue_resolved":true}')


async def test_optional_json_is_null_in_sql(loaded: Loaded) -> None:
    statement = text("SELECT count(*) FROM graph_edge WHERE state_variable_condition IS NULL")
    async with loaded.database.engine.connect() as connection:
        null_in_sql = (await connection.execute(statement)).scalar_one()

    edges = await rows_of(loaded.database, "graph_edge")
    assert null_in_sql == sum(row["state_variable_condition"] is None for row in edges) > 0


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_sqlite_holds_what_sqlalchemy_itself_would_have_written(bare: Database) -> None:
    """Instants, booleans and numbers, byte for byte: write each row again and compare the texts."""
    await load_demo(bare, organizations=1)
    for name, table in TABLE_BY_NAME.items():
        quoted = ", ".join(f'quote("{column.name}")' for column in table.columns)
        key = ", ".join(f'"{column.name}"' for column in table.primary_key)
        raw = text(f'SELECT {quoted} FROM "{name}" ORDER BY {key}')  # noqa: S608
        rows = await rows_of(bare, name)
        async with bare.engine.connect() as connection:
            bulk = (await connection.execute(raw)).all()
        if rows:
            async with bare.transaction() as connection:
                await connection.execute(text("PRAGMA defer_foreign_keys = ON"))
                for row in rows:
                    keys = {column.name for column in table.primary_key}
                    others = {name: value for name, value in row.items() if name not in keys}
                    is_row = and_(*(table.c[name] == row[name] for name in keys))
                    await connection.execute(table.update().where(is_row).values(others))
        async with bare.engine.connect() as connection:
            assert (await connection.execute(raw)).all() == bulk


async def test_progress_counts_every_table_to_its_total(bare: Database) -> None:
    steps: list[tuple[str, int, int]] = []

    await load_demo(bare, progress=lambda *step: steps.append(step))

    assert {table: done for table, done, _ in steps} == await counts(bare)
    assert {table: total for table, _, total in steps} == await counts(bare)


async def test_the_planner_knows_the_tables_afterwards(bare: Database) -> None:
    await load_demo(bare)
    statement = text(
        "SELECT count(*) FROM sqlite_stat1 WHERE tbl = 'call'"
        if bare.embedded
        else "SELECT reltuples FROM pg_class WHERE relname = 'call'"
    )

    async with bare.engine.connect() as connection:
        assert (await connection.execute(statement)).scalar_one() > 0


async def test_a_database_with_an_organization_is_left_alone(bare: Database) -> None:
    await load_demo(bare, organizations=1)
    before = await digests(bare)

    with pytest.raises(BadInput, match="empty database"):
        await load_demo(bare)

    assert await digests(bare) == before


async def test_no_organization_is_refused(bare: Database) -> None:
    with pytest.raises(BadInput, match="organizations is 0"):
        await load_demo(bare, organizations=0)

    assert await is_empty(bare) is True


async def test_a_load_that_fails_leaves_nothing_behind(
    bare: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(table: str, _done: int, _total: int) -> None:
        if table == "graph_session":
            raise KeyboardInterrupt

    monkeypatch.setattr("gql.demo.loading._BATCH", 500)
    with pytest.raises(KeyboardInterrupt):
        await load_demo(bare, progress=stop)

    assert await counts(bare) == {}
    assert await is_empty(bare) is True


async def test_reset_deletes_everything_and_the_documented_ids_come_back(bare: Database) -> None:
    assert await is_empty(bare) is True
    await load_demo(bare)
    assert await is_empty(bare) is False
    before = await digests(bare)

    await reset(bare)
    assert await is_empty(bare) is True
    assert await counts(bare) == {}

    await load_demo(bare)
    assert await digests(bare) == before


async def test_reset_begins_ids_anew(bare: Database) -> None:
    await load_demo(bare)
    await reset(bare)
    table = metadata.tables["organization"]

    async with bare.transaction() as connection:
        await connection.execute(insert(table).values(name="New", created_at=now()))

    assert [row["id"] for row in await rows_of(bare, "organization")] == [1]


async def test_medium_adds_fifty_thousand_calls_shared_by_all(
    loaded: Loaded, bare: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same code with a smaller, odd number."""
    assert scales.MEDIUM_CALLS == 50_000
    monkeypatch.setattr(scales, "MEDIUM_CALLS", 2_001)

    await load_demo(bare, organizations=2, scale="medium")

    assert await counts(bare) == await counts(loaded.database) | {"call": 2_001 + 482}
    async with bare.engine.connect() as connection:
        column = TABLE_BY_NAME["call"].c.organization_id
        rows = await connection.execute(select(column, func.count()).group_by(column))
        assert {row[0]: row[1] for row in rows} == {1: 1_243, 2: 1_240}


async def test_large_fills_the_first_organization(
    loaded: Loaded, bare: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same code with smaller numbers; the real ones take most of a minute."""
    size = Size(assistants=20, graphs=30, calls=3_001, conversations=200, messages=10)
    monkeypatch.setattr(scales, "LARGE", size)
    monkeypatch.setattr("gql.demo.loading._BATCH", 1_000)
    reported: dict[str, tuple[int, int]] = {}

    def tell(table: str, done: int, total: int) -> None:
        reported[table] = (done, total)

    await load_demo(bare, scale="large", progress=tell)

    added = Counter(await counts(bare))
    added.subtract(await counts(loaded.database))
    assert {table: count for table, count in added.items() if count} == {
        "assistant": 20,
        "assistant_graph": 30,
        "graph_node": 300,
        "graph_edge": 450,
        "graph_session": 301,
        "graph_transition": 450,
        "call": 3_201,
        "chat_message": 2_000,
    }
    assert {table: (count, count) for table, count in (await counts(bare)).items()} == reported
