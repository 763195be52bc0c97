"""What each read that once grew with the data costs with 50,000 and with 500,000 calls.

The application runs in this process, and every statement of a request is explained afterwards: with
pages that PostgreSQL touched, or steps of SQLite's machine. These counts are the same on every
machine; milliseconds are medians of whole requests, without a network.
"""

import re
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from statistics import median
from typing import Any
from unittest.mock import patch

import httpx2
from sqlalchemy import event

from benchmarks.tables import table
from benchmarks.target import Say, Target
from gql.app import create_app
from gql.database import Database
from gql.demo.tenant import NOW
from tests.conftest import connect
from tests.databases import settings_for
from tests.explained.explained_app import account
from tests.lifespan import running

REPEATED = 10
_CALLS = "{ calls(first: 100%s) { %s } }"
_ROWS = "nodes { id callSid status duration startedAt cost { total } assistant { id name } }"
_TOTAL = "totalCount"
_SESSIONS = "{ graphSessions(first: 100, filter: {%s}) { totalCount nodes { id callSid } } }"


def _calls(arguments: str, selected: str = _ROWS) -> str:
    return _CALLS % (arguments and f", {arguments}", selected)


def _ordered(field: str, direction: str, status: str | None = "FAILED") -> str:
    of_one = f", filter: {{status: {{eq: {status}}}}}" if status else ""
    return _calls(f"orderBy: {{field: {field}, direction: {direction}}}{of_one}")


def _filtered(criteria: str, selected: str = _ROWS) -> str:
    return _calls(f"filter: {{{criteria}}}", selected)


READS: dict[str, str] = {
    "page of 100": _calls(""),
    "total": _calls("", _TOTAL),
    "`GET calls/search`, nothing matches": "/api/v1/calls/search?q=nobody%20at%20all",
    **{
        f"{field} {direction}, one status": _ordered(field, direction)
        for field in ("DURATION", "TOTAL_COST")
        for direction in ("DESC", "ASC")
    },
    "DURATION DESC, all statuses": _ordered("DURATION", "DESC", None),
    "`calls/stats`": "/api/v1/calls/stats",
    "`calls/analytics`": "/api/v1/calls/analytics?period=90d",
    "`costs/analytics`": "/api/costs/analytics?days=365",
    "`assistants?include_stats`": "/api/v1/assistants?include_stats=true",
    "sessions by a part of `callSid`": _SESSIONS % 'callSid: {contains: "8071a97"}',
    "sessions by `isActive`, with total": _SESSIONS % "isActive: true",
    "calls by a part of `callSid`": _filtered('callSid: {contains: "8071a97"}'),
    "`status` of two values, total": _filtered("status: {in: [FAILED, COMPLETED]}", _TOTAL),
    "`startedAt` of a month, total": _filtered(
        'startedAt: {gte: "2026-05-01", lt: "2026-06-01"}', _TOTAL
    ),
    "`duration` from 900 on, page": _filtered("duration: {gte: 900}"),
    "`duration` from 900 on, total": _filtered("duration: {gte: 900}", _TOTAL),
    "`totalCost` from 5 on, total": _filtered('totalCost: {gte: "5"}', _TOTAL),
    "export of all calls, each 1,000": "/api/v1/calls/export?format=csv",
}
"""The reads that the growth of the tables was found in: GraphQL documents, and addresses of REST.

An export is read once, and its figures are for each 1,000 calls.
"""

_EXPORT = "export of all calls, each 1,000"
_IS_REQUEST = ContextVar("_IS_REQUEST", default=False)
"""Not so in the application's background tasks, which began before."""

Statements = list[tuple[str, Sequence[Any], bool]]


@dataclass(frozen=True)
class Scaled:
    """What the reads cost on one database.

    Attributes:
        database: Its kind.
        calls: How many voice calls its organization has.
        reads: By title how much the database did, its buffers or steps, and milliseconds in all.
    """

    database: str
    calls: int
    reads: dict[str, tuple[float, float]]


async def scaled(target: Target, *, say: Say, reads: Iterable[str] = READS) -> Scaled:
    """Ask a database for each read."""
    app = create_app(settings_for(target.url, answer_cache_bytes=0))
    database: Database = app.state.database
    kind = "SQLite" if database.embedded else "PostgreSQL"
    measured: dict[str, tuple[float, float]] = {}
    ends = [
        patch(f"gql.rest.routes.{name}.now", lambda: NOW) for name in ("call_statistics", "costs")
    ]
    async with running(app), connect(app) as client, AsyncExitStack() as stack:
        for end in ends:  # the last days are those before the demo's calls end
            stack.enter_context(end)
        client.headers["Authorization"] = f"Bearer {target.api_key}"
        total = await _answer(client, "{ calls(first: 0) { totalCount } }")
        calls: int = total.json()["data"]["calls"]["totalCount"]
        for title in reads:
            say(f"{kind}, {calls:,} calls: {title}")
            measured[title] = await _measure(client, database, READS[title])
            if title == _EXPORT:
                work, milliseconds = measured[title]
                measured[title] = work / calls * 1e3, milliseconds / calls * 1e3
    return Scaled(kind, calls, measured)


async def _measure(
    client: httpx2.AsyncClient, database: Database, read: str
) -> tuple[float, float]:
    async with _recorded(database) as statements:
        await _answer(client, read)
    work = sum(
        [
            _work(await account(database, sql, values, custom_plan=custom))
            for sql, values, custom in statements
        ]
    )
    times = []
    for _ in range(1 if "export" in read else REPEATED):
        start = time.perf_counter()
        await _answer(client, read)
        times.append((time.perf_counter() - start) * 1e3)
    return work, median(times)


async def _answer(client: httpx2.AsyncClient, read: str) -> httpx2.Response:
    if read.startswith("/"):
        response = await client.get(read)
    else:
        response = await client.post("/graphql", json={"query": read})
    if response.status_code != httpx2.codes.OK or response.text.startswith('{"errors"'):
        raise RuntimeError(f"{read}: {response.text[:300]}")
    return response


@asynccontextmanager
async def _recorded(database: Database) -> AsyncIterator[Statements]:
    """The statements that read tables, of requests within the block."""
    statements: Statements = []

    def record(_connection: Any, _cursor: Any, sql: str, values: Any, *_: Any) -> None:
        if _IS_REQUEST.get() and "FROM" in sql and sql.lstrip().startswith(("SELECT", "WITH")):
            statements.append((sql, values, False))

    async def fetched(sql: str, values: Sequence[Any], *, custom_plan: bool = False) -> Any:
        statements.append((sql, values, custom_plan))
        return await type(database).fetch_value(database, sql, values, custom_plan=custom_plan)

    engine = database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", record)
    token = _IS_REQUEST.set(True)
    try:
        with patch.object(database, "fetch_value", fetched):
            yield statements
    finally:
        _IS_REQUEST.reset(token)
        event.remove(engine, "before_cursor_execute", record)


def _work(lines: Sequence[str]) -> int:
    """Buffers of PostgreSQL, or steps of SQLite, of an account of one statement."""
    if lines[-1].startswith("Steps: "):
        return int(lines[-1].removeprefix("Steps: "))
    first = next((line for line in lines if "Buffers:" in line), "")
    return sum(map(int, re.findall(r"(?:hit|read)=(\d+)", first)))


def scales_table(measured: Sequence[Scaled]) -> str:
    """The figures of one kind of database, as a table of Markdown."""
    unit = "steps" if measured[0].database == "SQLite" else "buffers"
    head = [measured[0].database]
    for each in measured:
        head += [f"{unit}, {each.calls:,} calls", "ms"]
    rows = [
        [title, *(cell for each in measured for cell in _cells(*each.reads[title]))]
        for title in measured[0].reads
    ]
    return table(head, rows)


def _cells(work: float, milliseconds: float) -> tuple[str, str]:
    return f"{work:,.0f}", f"{milliseconds:,.1f}"
