"""No documented request scans a table that grows: EXPLAIN of each, on thousands of calls.

Buffers and plans are counted, as no busy machine changes them.
"""

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, closing
from contextvars import ContextVar
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx2
import pytest
from sqlalchemy import event, text

from gql.database import Database
from gql.rest.route import RestRoute
from gql.rest.routes import ROUTES
from tests.databases import Kind
from tests.explained.documented_requests import (
    PAGE,
    Request,
    addresses,
    list_fields,
)
from tests.explained.explained_app import GRAPHQL, MOST_STEPS, Explained, account, documented
from tests.explained.linear import listed, markdown, reason
from tests.explained.machine_steps import machine_steps

MOST_BUFFERS = 700
"""Of 8 kB. A page of 20 rows takes some 100; all calls of the organization take 2,500 and more."""

MOST_STEPS_OF_EXPORT = 20 * MOST_STEPS
"""Its pages have 1,000 rows, of some 300 steps each."""

UNBOUNDED = (
    "audit_log|call|chat_message|graph_session|graph_transition|idempotency_key|sms_audit_log"
    "|sms_message_log|transcript"
)
"""Tables that grow with the conversations."""


_IS_REQUEST = ContextVar("_IS_REQUEST", default=False)
"""Not so in the application's background tasks, which began before."""


def problems(kind: Kind, lines: list[str], most_steps: int = MOST_STEPS) -> Iterator[str]:
    """What is wrong with a plan: a table that grows is scanned, or more is read than may be."""
    plan = "\n".join(line for line in lines if "(never executed)" not in line)
    # SQLite tells the alias of a table alone, which is its name with a number.
    table = rf"({UNBOUNDED})(?:_\d+)?\b"
    scan = f"Seq Scan on {table}" if kind == "postgresql" else f"SCAN {table}"
    yield from (f"scans {name}" for name in sorted(set(re.findall(scan, plan))))
    first = next((line for line in lines if "Buffers:" in line), "")
    buffers = sum(map(int, re.findall(r"(?:hit|read)=(\d+)", first)))
    if buffers > MOST_BUFFERS:
        yield f"reads {buffers} buffers"
    steps = int(lines[-1].removeprefix("Steps: ")) if kind == "sqlite" else 0
    if steps > most_steps:
        yield f"takes {steps} steps"


async def test_no_documented_request_scans_a_table_that_grows(
    explained: Explained, client: httpx2.AsyncClient, kind: Kind
) -> None:
    faults = {}
    requests = await documented(explained, client)
    for request in requests:
        for lines in await explained.accounts(client, request):
            wrong = list(problems(kind, lines))
            if wrong:
                faults[request.name] = ", ".join(wrong)

    unexpected = {name: wrong for name, wrong in faults.items() if name not in listed(kind)}
    assert unexpected == {}
    assert listed(kind) <= {request.name for request in requests}


async def test_of_a_range_only_the_days_that_it_cuts_are_counted(
    explained: Explained, client: httpx2.AsyncClient, kind: Kind
) -> None:
    """All calls but those of a second at either end."""
    between = {"startedAt": {"gte": "2000-01-01T00:00:01Z", "lt": "2040-01-01T00:00:01Z"}}
    document = "query Q($filter: CallFilter) { calls(filter: $filter) { totalCount } }"
    request = Request("range", document=document, variables={"filter": between})

    accounts = await explained.accounts(client, request)

    assert accounts
    assert [each for lines in accounts for each in problems(kind, lines)] == []


async def test_a_missing_index_is_noticed(
    explained: Explained, client: httpx2.AsyncClient, kind: Kind, tmp_path: Path
) -> None:
    (calls,) = (each for each in list_fields(GRAPHQL) if each.name == "calls")
    order = {"field": "DURATION", "direction": "DESC"}
    request = calls.read("by DURATION", "nodes { id }", first=PAGE, order=order)

    async def wrong() -> list[str]:
        accounts = await explained.accounts(client, request)
        return [each for lines in accounts for each in problems(kind, lines)]

    assert await wrong() == []
    database: Database = explained.app.state.database
    if kind == "sqlite":
        ((sql, values, _),) = explained.statements
        copy = await asyncio.to_thread(copy_without_index, database, tmp_path / "copy.db")
        assert await asyncio.to_thread(machine_steps, copy, sql, values) > MOST_STEPS
        return
    async with without_index(database):
        assert await wrong() != []
    assert await wrong() == []


_INDEX = "ix_call_duration"


def copy_without_index(database: Database, path: Path) -> str:
    """A copy of a SQLite file: an index that is made again is the last, which changes plans."""
    with (
        closing(sqlite3.connect(str(database.engine.url.database))) as original,
        closing(sqlite3.connect(path)) as copy,
    ):
        original.backup(copy)
        copy.execute(f"DROP INDEX {_INDEX}")
    return str(path)


@asynccontextmanager
async def without_index(database: Database) -> AsyncIterator[None]:
    """Drop an index of PostgreSQL, and make it again."""
    lookup = text("SELECT indexdef FROM pg_indexes WHERE indexname = :index")
    async with database.transaction() as connection:
        definition = (await connection.execute(lookup, {"index": _INDEX})).scalar_one()
        await connection.exec_driver_sql(f"DROP INDEX {_INDEX}")
    try:
        yield
    finally:
        async with database.transaction() as connection:
            await connection.exec_driver_sql(definition)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_each_listed_request_has_a_reason(kind: Kind) -> None:
    assert [name for name in sorted(listed(kind)) if reason(name) is None] == []


@pytest.mark.parametrize(
    "route",
    [route for route in ROUTES if route.method == "GET" and route.reads is None],
    ids=lambda route: route.path,
)
async def test_no_route_without_a_plan_scans_a_table_that_grows(
    explained: Explained, client: httpx2.AsyncClient, kind: Kind, route: RestRoute
) -> None:
    """Figures, downloads, and what reads by several statements."""
    (request, *_) = addresses(route, {})
    assert request.address is not None
    database: Database = explained.app.state.database
    statements: dict[str, Any] = {}

    def record(_connection: Any, _cursor: Any, sql: str, values: Any, *_: Any) -> None:
        if (
            _IS_REQUEST.get()
            and "SELECT" in sql
            and not sql.startswith(("INSERT", "UPDATE", "DELETE"))
        ):
            statements.setdefault(sql, values)

    async def fetched(sql: str, values: Sequence[Any], *, custom_plan: bool = False) -> Any:
        statements.setdefault(sql, values)
        return await type(database).fetch_value(database, sql, values, custom_plan=custom_plan)

    engine = database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", record)
    token = _IS_REQUEST.set(True)
    try:
        with patch.object(database, "fetch_value", fetched):
            response = await client.get(request.address, headers=explained.key)
    finally:
        _IS_REQUEST.reset(token)
        event.remove(engine, "before_cursor_execute", record)
    assert response.status_code in {200, 404}, response.text
    most_steps = MOST_STEPS_OF_EXPORT if route.is_download else MOST_STEPS
    faults = {
        sql: wrong
        for sql, values in statements.items()
        if (wrong := list(problems(kind, await account(database, sql, values), most_steps)))
    }

    assert statements
    assert faults == {}


def test_the_page_about_large_tables_prints_what_stays_linear() -> None:
    page = Path("docs/large-tables.md").read_text()

    assert f"linear.py -->\n{markdown()}\n<!-- end" in page
