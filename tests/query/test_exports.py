"""Whole lists, read page by page."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Select, delete, event, text, update

from gql.database import Database
from gql.domain.assistants import ASSISTANTS
from gql.domain.calls import CALLS
from gql.models.scope import parameters
from gql.models.types import MAX_ID
from gql.query.cursor import Cursor
from gql.query.exports import (
    PAGE,
    PrintedLine,
    export,
    highest_id_statement,
    page_statement,
    printed_export,
)
from gql.query.filters import Condition
from gql.query.paging import Paging
from gql.query.record_list import RecordList
from gql.settings import Settings
from gql.sql.json_sql import concatenated, json_integer
from tests.conftest import Counting
from tests.domain.contexts import reader
from tests.explained.machine_steps import machine_steps
from tests.rest.demo_rows import add_calls, calls, new_call, wire
from tests.statements import Statements

START = datetime(2030, 3, 4, tzinfo=UTC)
LABELS = ("id", "assistant_name", "started_at")
MANY = 2 * PAGE + 345
MOST_STEPS = 500
"""Of SQLite's machine, for one row of a table with one row per table."""


async def fill(database: Database) -> list[int]:
    """Add calls for three pages; the ids of all, newest first."""
    new = [new_call(10_000 + n, START + timedelta(seconds=n)) for n in range(MANY)]
    await add_calls(database, new)
    return [row["id"] for row in [*reversed(new), *calls()]]


async def test_pages_together_are_the_list_with_the_columns_asked_for(
    database: Database, statements: Counting
) -> None:
    async with reader(database) as context:
        with statements() as ran:
            rows = [
                tuple(record)[: len(LABELS)]
                async for page in export(context, CALLS, LABELS, "started_at", descending=True)
                for record in page
            ]

    assert rows == [(row["id"], wire(row)["assistant_name"], row["started_at"]) for row in calls()]
    assert reads(ran) == 2


@pytest.mark.parametrize("descending", [True, False])
async def test_a_page_is_printed_as_one_text(fresh_database: Database, *, descending: bool) -> None:
    ids = await fill(fresh_database)
    line = PrintedLine(
        ("id", "assistant_name"),
        lambda columns: concatenated([json_integer(columns["id"]), " ", columns["assistant_name"]]),
        separator="; ",
    )
    async with reader(fresh_database) as context:
        pages = [
            [int(each.split(" ")[0]) for each in page.split("; ")]
            async for page in printed_export(
                context, CALLS, line, "started_at", descending=descending
            )
        ]

    assert [number for page in pages for number in page] == (ids if descending else ids[::-1])
    assert [len(page) for page in pages] == [PAGE, PAGE, len(ids) - 2 * PAGE]


async def test_nothing_is_printed_of_no_records(database: Database) -> None:
    nobody = (Condition("status", "eq", "nope"),)
    line = PrintedLine(("id",), lambda columns: json_integer(columns["id"]))
    for organization, criteria in ((999, ()), (1, nobody)):
        async with reader(database, organization) as context:
            pages = printed_export(
                context, CALLS, line, "started_at", descending=True, filter=criteria
            )
            assert [page async for page in pages] == []


async def test_no_page_is_longer_than_a_thousand(fresh_database: Database) -> None:
    ids = await fill(fresh_database)
    async with reader(fresh_database) as context:
        pages = [
            [record.id for record in page]
            async for page in export(context, CALLS, LABELS, "started_at", descending=True)
        ]

    assert [number for page in pages for number in page] == ids
    assert [len(page) for page in pages] == [PAGE, PAGE, len(ids) - 2 * PAGE]


async def test_a_filter_and_the_organization_hold(database: Database) -> None:
    failed = (Condition("status", "eq", "failed"),)
    async with reader(database, 2) as context:
        rows = [
            record.id
            async for page in export(
                context, CALLS, LABELS, "started_at", descending=False, filter=failed
            )
            for record in page
        ]

    assert rows == [row["id"] for row in reversed(calls(2)) if row["status"] == "failed"]


async def test_an_organization_without_records_has_no_page(database: Database) -> None:
    async with reader(database, 999) as context:
        pages = [
            page async for page in export(context, CALLS, LABELS, "started_at", descending=True)
        ]

    assert pages == []


async def test_no_connection_is_held_between_two_pages(fresh_database: Database) -> None:
    """What others write in between is seen, and what did not exist at the beginning is not."""
    ids = await fill(fresh_database)
    pool: Any = fresh_database.engine.pool
    table = CALLS.table
    deleted, changed = ids[PAGE], ids[PAGE + 1]
    seen: list[Any] = []
    async with reader(fresh_database) as context:
        async for page in export(
            context, CALLS, (*LABELS, "status"), "started_at", descending=True
        ):
            if not seen:
                assert pool.checkedout() == 0
                await add_calls(fresh_database, [new_call(99_999, START - timedelta(days=400))])
                async with fresh_database.transaction() as connection:
                    await connection.execute(delete(table).where(table.c.id == deleted))
                    change = update(table).where(table.c.id == changed).values(status="failed")
                    await connection.execute(change)
            seen += page

    assert [record.id for record in seen] == [number for number in ids if number != deleted]
    assert next(record.status for record in seen if record.id == changed) == "failed"


async def test_a_page_is_read_while_the_one_before_it_is_sent(fresh_database: Database) -> None:
    """But for the second: who takes one page alone has one read. A reader who goes leaves none."""
    await fill(fresh_database)
    pool: Any = fresh_database.engine.pool
    read: list[str] = []

    def note(_connection: Any, _cursor: Any, sql: str, *_: Any) -> None:
        if "started_at" in sql:
            read.append(sql)

    event.listen(fresh_database.engine.sync_engine, "after_cursor_execute", note)
    async with reader(fresh_database) as context:
        pages = export(context, CALLS, LABELS, "started_at", descending=True)
        await anext(pages)
        await asyncio.sleep(0.05)
        assert len(read) == 1
        await anext(pages)
        while len(read) < 3:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await pages.aclose()
    assert (len(read), pool.checkedout()) == (3, 0)


@pytest.mark.parametrize("order", ["started_at", "id"])
async def test_a_page_is_one_range_of_an_index(
    database: Database, settings: Settings, order: str
) -> None:
    """The organization and the position together, so that a late page costs what the first does."""
    position = Cursor(START if order == "started_at" else 7, 7)
    paging = Paging(PAGE, order, descending=True, after=position)
    resource = CALLS if order == "started_at" else ASSISTANTS
    statement = page_statement(RecordList(resource), ("id",), paging, MAX_ID)

    plan = await explain(database, settings, statement)

    if settings.embedded:
        expected = {
            # An id is SQLite's row id, by which its plans never limit a range of another index.
            "started_at": "(organization_id=? AND channel=? AND started_at<?)",
            "id": "(organization_id=? AND id<?)",
        }
        assert expected[order] in plan
        assert "USE TEMP B-TREE" not in plan
    else:
        expected = {"started_at": "ROW(", "id": "(id <"}
        condition = next(line for line in plan.splitlines() if "Index Cond" in line)
        assert "organization_id =" in condition
        assert expected[order] in condition
        assert "Sort" not in plan


async def test_the_highest_id_is_looked_up(fresh_database: Database, settings: Settings) -> None:
    """Of 2,300 calls as of none: SQLite's machine takes a hundred steps, PostgreSQL one row."""
    await fill(fresh_database)
    statement = highest_id_statement(CALLS)

    if settings.embedded:
        compiled = str(statement.compile(fresh_database.engine))
        file = str(fresh_database.engine.url.database)
        assert await asyncio.to_thread(machine_steps, file, compiled, ()) <= MOST_STEPS
        return
    plan = await explain(fresh_database, settings, statement)
    assert "Limit" in plan
    assert "Index Only Scan Backward using call_pkey" in plan
    (condition,) = (line for line in plan.splitlines() if "Index Cond" in line)
    assert "organization_id =" in condition


async def explain(database: Database, settings: Settings, statement: Select[Any]) -> str:
    """The database's plan, one step per line; PostgreSQL's for a table too large to be scanned."""
    prefix = "EXPLAIN QUERY PLAN " if settings.embedded else "EXPLAIN "

    def explained(_c: Any, _r: Any, sql: str, values: Any, *_: Any) -> tuple[str, Any]:
        return (sql if sql.startswith("SET") else prefix + sql), values

    async with database.engine.connect() as connection:
        event.listen(connection.sync_connection, "before_cursor_execute", explained, retval=True)
        if not settings.embedded:
            await connection.execute(text("SET LOCAL enable_seqscan = off"))
            await connection.execute(text("SET LOCAL enable_bitmapscan = off"))
        rows = (await connection.execute(statement, parameters(1))).all()
    return "\n".join(str(row[-1]) for row in rows)


def reads(ran: Statements) -> int:
    """How many statements on tables ran."""
    return sum("FROM" in text for text in ran.texts)
