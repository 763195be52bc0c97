"""Keys name the organization, in the catalog and for whoever writes; and they change over rows."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import Table, delete, func, insert, inspect, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from gql.database import Database
from gql.migrations import MigrationRefused, online
from gql.migrations.runner import downgrade, migrate
from gql.models import TABLES, metadata
from gql.models.scope import table_of
from tests.databases import Copy, settings_for
from tests.migrations.catalog import catalog
from tests.migrations.key_lint import key_faults

BEFORE = "0011_fewer_indexes"
KEYS = "0012_keys_with_organization"
NEWER = (
    *("cost_entry", "recording", "graph_version", "hook_endpoint", "inbox"),
    *("cost_budget", "cost_budget_passing"),
    *("webhook_subscription", "webhook_delivery"),
)
"""Tables that had such keys from the beginning."""

OF_A_COPY: dict[str, dict[str, Any]] = {
    "graph_version": {"version": 0},
    "cost_budget": {"currency": "EUR"},
    "cost_budget_passing": {"month": "1999-12"},
}
"""What a copy of a row needs to be another one."""

REFERENCES = [
    (table, column, key.column.table)
    for table in metadata.sorted_tables
    for column in table.columns.keys()  # noqa: SIM118 -- of SQLAlchemy, which iterates columns
    for key in table.c[column].foreign_keys
    if column != "organization_id"
]


@pytest.fixture
async def changing(fresh: Copy) -> AsyncIterator[Database]:
    """A database with demo data, at the newest revision."""
    database = Database(settings_for(fresh.url))
    yield database
    await database.close()


# SQLite cannot reflect an index on an expression; none of those is unique, and so none is a key.
@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based")
async def test_no_key_of_a_tenants_table_leaves_the_organization_out(database: Database) -> None:
    async with database.engine.connect() as connection:
        assert await key_faults(connection) == []


async def test_the_lint_finds_each_kind_of_fault(changing: Database) -> None:
    """Before the keys were changed there was one of every kind."""
    await downgrade(changing.engine, BEFORE)

    async with changing.engine.connect() as connection:
        faults = await key_faults(connection)

    kinds = {fault.kind for fault in faults}
    primary = set() if changing.embedded else {"primary key"}
    assert kinds == {"foreign key", "ON DELETE SET NULL"} | primary
    changed = [child for child, _, _ in REFERENCES if child.name not in NEWER]
    assert len([each for each in faults if each.kind == "foreign key"]) == len(changed) - 1
    assert len([each for each in faults if each.kind == "ON DELETE SET NULL"]) == 1


@pytest.mark.parametrize(
    ("child", "column", "parent"), REFERENCES, ids=[f"{t.name}.{c}" for t, c, _ in REFERENCES]
)
async def test_no_row_names_a_row_of_another_organization(
    changing: Database, child: Table, column: str, parent: Table
) -> None:
    """Neither an existing row nor a copy of it, which nothing else keeps from being written."""
    foreign = select(func.min(parent.c.id)).where(parent.c.organization_id == 2)
    row = select(child).where(child.c.organization_id == 1, child.c[column].is_not(None)).limit(1)
    async with changing.transaction() as connection:
        values = dict((await connection.execute(row)).mappings().one())
        other = (await connection.execute(foreign)).scalar_one()
        change = update(child).where(child.c.id == values.pop("id")).values({column: other})
        await _is_refused(connection, change)
        if "call_sid" in values:
            values["call_sid"] = "new"
        values |= OF_A_COPY.get(child.name, {})
        if "key_hash" in values:
            values["key_hash"] = "new"
        for key in {"external_id", "provider_message_id"} & values.keys():
            values[key] = "new"
        await _is_refused(connection, insert(child).values(values | {column: other}))
        await connection.execute(insert(child).values(values))


async def test_a_graph_goes_with_its_live_sessions_and_a_node_does_not(changing: Database) -> None:
    """The session names both: the graph's delete takes it along before its node is looked for."""
    sessions, nodes = metadata.tables["graph_session"], metadata.tables["graph_node"]
    at_nodes = sessions.c.current_node_id.is_not(None)
    live = select(sessions).where(at_nodes, sessions.c.is_active).limit(1)
    async with changing.transaction() as connection:
        session = (await connection.execute(live)).mappings().one()
        node = nodes.c.id == session["current_node_id"]
        await _is_refused(connection, delete(nodes).where(node))

        graphs = metadata.tables["assistant_graph"]
        await connection.execute(delete(graphs).where(graphs.c.id == session["graph_id"]))

        left = select(func.count()).where(sessions.c.graph_id == session["graph_id"])
        assert (await connection.execute(left)).scalar_one() == 0


async def test_ids_go_on_after_the_newest_row_was_deleted(changing: Database) -> None:
    """Before the keys change, then there and back: the row that is gone is the highest of each."""
    await downgrade(changing.engine, BEFORE)
    tables = [metadata.tables[name] for name in ("chat_message", "graph_transition", "api_key")]
    highest = {}
    async with changing.transaction() as connection:
        for table in tables:
            newest = (await connection.execute(select(func.max(table.c.id)))).scalar_one()
            await connection.execute(delete(table).where(table.c.id == newest))
            highest[table.name] = newest
    for revision in (KEYS, BEFORE, KEYS):
        await (downgrade if revision == BEFORE else migrate)(changing.engine, revision)

    await migrate(changing.engine)

    async with changing.transaction() as connection:
        for table in tables:
            row = (await connection.execute(select(table).limit(1))).mappings().one()
            values = {key: row[key] for key in row if key != "id"} | (
                {"key_hash": "new"} if table.name == "api_key" else {}
            )
            new = await connection.execute(insert(table).values(values).returning(table.c.id))
            assert new.scalar_one() > highest[table.name]


@pytest.mark.parametrize("is_large", [False, True])
async def test_keys_change_there_and_back_over_rows(
    changing: Database, monkeypatch: pytest.MonkeyPatch, *, is_large: bool
) -> None:
    """At once and one by one, with the same end; the rows and what hangs on them stay."""
    monkeypatch.setattr(online, "SMALL_BYTES", -1 if is_large else 2**40)
    steps: list[tuple[str, int, int]] = []
    await downgrade(changing.engine, KEYS)
    before, rows = await catalog(changing), await _rows(changing)

    await downgrade(changing.engine, BEFORE)
    old = await catalog(changing)
    await migrate(changing.engine, KEYS, lambda *step: steps.append(step))

    assert await catalog(changing) == before
    assert await _rows(changing) == rows
    assert [done for _, done, _ in steps] == list(range(len(steps)))
    assert steps[-1] == ("", len(steps) - 1, len(steps) - 1)
    await downgrade(changing.engine, BEFORE)
    assert await catalog(changing) == old


@pytest.mark.parametrize("kind", ["postgresql"])
async def test_a_change_that_was_interrupted_goes_on(
    changing: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After any number of steps, and with an index that was left half made."""
    monkeypatch.setattr(online, "SMALL_BYTES", -1)
    before = await catalog(changing)
    await downgrade(changing.engine, BEFORE)
    async with changing.transaction() as connection:
        await connection.execute(text("CREATE UNIQUE INDEX call_pkey_new ON call (id)"))
        mark = "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'call_pkey_new'::regclass"
        await connection.execute(text(mark))
    for last in (3, 20, 35, 50):
        with pytest.raises(InterruptedError):
            await migrate(changing.engine, progress=_interrupt_after(last))

    await migrate(changing.engine)

    assert await catalog(changing) == before


async def test_rows_that_name_another_organizations_row_stop_the_change(
    changing: Database,
) -> None:
    await downgrade(changing.engine, BEFORE)
    before = await catalog(changing)
    foreign = "SELECT min(id) FROM call WHERE organization_id = 2"
    message = "SELECT min(id) FROM chat_message WHERE organization_id = 1"
    async with changing.transaction() as connection:
        call, row = [(await connection.execute(text(each))).scalar() for each in (foreign, message)]
        changed = text("UPDATE chat_message SET call_id = :call WHERE id = :row")
        await connection.execute(changed, {"call": call, "row": row})

    with pytest.raises(MigrationRefused) as refused:
        await migrate(changing.engine)

    assert refused.value.problem == (
        "Some rows name a row that their organization does not have:\n"
        f"  chat_message.call_id: 1 row: chat_message {row} of organization 1"
        f" names call {call} of organization 2"
    )
    assert refused.value.advice.endswith("or delete them. Then migrate again.")
    assert await catalog(changing) == before


def _interrupt_after(last: int) -> Any:
    def progress(_step: str, done: int, _total: int) -> None:
        if done >= last:
            raise InterruptedError

    return progress


async def _is_refused(connection: AsyncConnection, statement: Any) -> None:
    nested = await connection.begin_nested()
    with pytest.raises(IntegrityError, match=r"(?i)foreign key constraint"):
        await connection.execute(statement)
    await nested.rollback()


async def _rows(database: Database) -> dict[str, list[Any]]:
    """What organizations wrote, in the tables of the revision that the database is at.

    Not the rollup, which later revisions count anew.
    """
    async with database.engine.connect() as connection:
        tables = await connection.run_sync(lambda sync: set(inspect(sync).get_table_names()))
        return {
            table.name: [tuple(map(str, row)) for row in await connection.execute(ordered)]
            for table in map(table_of, TABLES)
            if table.name in tables and not table.name.startswith("call_rollup")
            for ordered in [text(f'SELECT * FROM "{table.name}" ORDER BY id')]  # noqa: S608 -- ours
        }
