"""Calls as files."""

import asyncio
import csv
import io
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import update
from starlette.applications import Starlette
from starlette.types import Message, Scope

from gql.database import Database
from gql.demo.tenant import DemoAssistant, Row
from gql.models.call import Call
from gql.models.scope import table_of
from gql.rest.downloads import cell
from gql.settings import Settings
from tests.conftest import Counting, bearer, connect, start
from tests.databases import Copy, settings_for
from tests.rest.conftest import Rest
from tests.rest.demo_rows import add_calls, calls, new_call, plain, wire
from tests.statements import Statements

EXPORT = "/api/v1/calls/export"
HEADER = (
    "Call ID,Call SID,Assistant Name,Customer Phone,Status,Duration (seconds),Started At,Ended At,"
    "Total Cost,LLM Cost,TTS Cost,STT Cost,Telephony Cost,Currency,Unattributed Cost,Direction,"
    "To Phone Number,Answered At,Ended Reason,Ended Reason Kind,Success,Sentiment,Summary"
)
KEYS = [
    *("id", "call_sid", "assistant_name", "customer_phone_number", "status", "duration"),
    *("started_at", "ended_at", "total_cost", "llm_cost", "tts_cost", "stt_cost"),
    *("telephony_cost", "cost_currency", "unattributed_cost", "direction", "to_phone_number"),
    *("answered_at", "ended_reason", "ended_reason_kind", "success", "sentiment", "summary"),
]

Passes = Callable[[Row], Any]


def as_json(row: Row) -> dict[str, Any]:
    """A call in the JSON file."""
    whole = {**{key: plain(key, row[key]) for key in KEYS}, **wire(row)}
    return {key: whole[key] for key in KEYS}


def as_csv(row: Row) -> list[str]:
    """The cells of a call in the CSV file."""
    return ["" if value is None else str(value) for value in as_json(row).values()]


def reads(ran: Statements) -> int:
    """How many statements on tables ran: the highest id, then one for each page."""
    return sum("FROM" in text for text in ran.texts)


async def test_calls_are_a_csv_file_newest_first(rest: Rest, statements: Counting) -> None:
    await rest("GET", EXPORT)

    with statements() as ran:
        answer = await rest("GET", EXPORT)

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="calls_export.csv"'
    lines = answer.text.split("\r\n")
    assert (lines[0], lines[-1]) == (HEADER, "")
    assert list(csv.reader(io.StringIO(answer.text)))[1:] == [as_csv(row) for row in calls()]
    assert reads(ran) == 2


async def test_calls_are_a_json_file_newest_first(rest: Rest, statements: Counting) -> None:
    await rest("GET", f"{EXPORT}?format=json")

    with statements() as ran:
        answer = await rest("GET", f"{EXPORT}?format=json")

    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-disposition"] == 'attachment; filename="calls_export.json"'
    assert answer.json() == [as_json(row) for row in calls()]
    assert [list(call) for call in answer.json()] == [KEYS] * len(calls())
    assert reads(ran) == 2


@pytest.mark.parametrize(
    ("query", "passes"),
    [
        ("status=failed", lambda row: row["status"] == "failed"),
        ("assistant_id=1003", lambda row: row["assistant_id"] == 1003),
        ("customer_phone=%2B4930", lambda row: "4930" in row["customer_phone_digits"]),
        ("call_sid=CAD", lambda row: "cad" in row["call_sid"].lower()),
        ("assistant_name=LEGACY", lambda row: wire(row)["assistant_name"] == "Legacy Bot"),
        (
            "date_from=2025-12-01&date_to=2026-01-01T00:00:00Z",
            lambda row: (
                datetime(2025, 12, 1, tzinfo=UTC)
                <= row["started_at"]
                <= datetime(2026, 1, 1, tzinfo=UTC)
            ),
        ),
    ],
)
async def test_the_filters_of_the_list_hold_for_a_file(
    rest: Rest, query: str, passes: Passes
) -> None:
    answer = await rest("GET", f"{EXPORT}?format=json&{query}&limit=1&min_duration=99999")

    expected = [as_json(row) for row in calls() if passes(row)]
    assert answer.json() == expected
    assert len(expected) > 1


async def test_a_file_of_nothing_is_a_header_or_an_empty_array(rest: Rest) -> None:
    assert (await rest("GET", f"{EXPORT}?status=nope")).text == f"{HEADER}\r\n"
    assert (await rest("GET", f"{EXPORT}?status=nope&format=json")).json() == []


async def test_a_file_longer_than_a_page_is_whole(
    fresh_rest: Rest, fresh_database: Database, fresh_statements: Counting
) -> None:
    started = datetime(2026, 7, 1, tzinfo=UTC)
    more = [new_call(10_000 + n, started + timedelta(seconds=n)) for n in range(2345)]
    await add_calls(fresh_database, more)
    await fresh_rest("GET", "/api/v1/calls")

    with fresh_statements() as ran:
        as_array = (await fresh_rest("GET", f"{EXPORT}?format=json")).json()
    as_lines = (await fresh_rest("GET", EXPORT)).text

    expected = [*reversed(more), *calls()]
    assert as_array == [as_json(row) for row in expected]
    assert list(csv.reader(io.StringIO(as_lines)))[1:] == [as_csv(row) for row in expected]
    assert reads(ran) == 1 + 3


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+1+cmd|' /C calc'!A0", "'+1+cmd|' /C calc'!A0"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("\n=1", "'\n=1"),
        ("\uff1d1", "'\uff1d1"),
        ("+15559876543", "+15559876543"),
        ("+1 (555) 987-6543", "+1 (555) 987-6543"),
        ("+49.30.69168", "+49.30.69168"),
        ("+1-1", "'+1-1"),
        ("+1555987654x", "'+1555987654x"),
        ("+", "'+"),
        ("a=1", "a=1"),
        ("", ""),
        (-5, -5),
        (None, None),
        (True, "true"),
        (datetime(2024, 1, 15, 10, tzinfo=UTC), "2024-01-15T10:00:00Z"),
        (datetime(2024, 1, 15, 10, 0, 0, 500_000, UTC), "2024-01-15T10:00:00.500000Z"),
    ],
)
def test_no_cell_is_a_formula(value: Any, written: Any) -> None:
    assert cell(value) == written


async def test_formulas_are_neutralised_in_csv_and_kept_in_json(
    fresh_rest: Rest, fresh_database: Database
) -> None:
    evil = DemoAssistant(9999, '=HYPERLINK("http://x","y")', "+1", "openai", "gpt")
    call = new_call(7001, datetime(2026, 7, 1, tzinfo=UTC), assistant=evil, status="failed")
    await add_calls(fresh_database, [{**call, "call_sid": "@x", "customer_phone_number": "-1"}])

    lines = (await fresh_rest("GET", f"{EXPORT}?assistant_id=9999")).text
    array = (await fresh_rest("GET", f"{EXPORT}?assistant_id=9999&format=json")).json()

    assert lines.split("\r\n")[1] == (
        '7001,\'@x,"\'=HYPERLINK(""http://x"",""y"")",\'-1,failed,,2026-07-01T00:00:00Z,'
        ",,,,,,,,inbound,'+1,,,,,,"
    )
    assert [(each["call_sid"], each["assistant_name"]) for each in array] == [("@x", evil.name)]


@pytest.mark.parametrize("query", ["format=xml", "format=", "format=CSV"])
async def test_another_format_is_refused(rest: Rest, query: str) -> None:
    answer = await rest("GET", f"{EXPORT}?{query}")

    written = query.partition("=")[2]
    assert (answer.status_code, answer.json()) == (
        422,
        {
            "detail": [
                {
                    "type": "string_pattern_mismatch",
                    "loc": ["query", "format"],
                    "msg": "String should match pattern '^(csv|json)$'",
                    "input": written,
                    "ctx": {"pattern": "^(csv|json)$"},
                }
            ]
        },
    )


async def test_a_reader_who_goes_away_leaves_no_connection_behind(
    databases: Any, kind: Any
) -> None:
    """With one connection in the pool, the next request would wait for it in vain."""
    copy: Copy = await databases.copy(kind)
    settings: Settings = settings_for(copy.url, pool_size=1, pool_timeout=60)
    owner = bearer(copy.organizations[0])
    async with start(copy, settings) as running, connect(running.app) as client:
        started = datetime(2026, 7, 1, tzinfo=UTC)
        await add_calls(
            running.app.state.database,
            [new_call(10_000 + n, started + timedelta(seconds=n)) for n in range(5000)],
        )
        await _leave_early(running.app, owner)

        answer = await client.get("/api/v1/calls/101", headers=owner)

        assert answer.status_code == 200
    await databases.drop(copy.url)


def request(headers: dict[str, str], query: bytes = b"") -> Scope:
    """A request for a file, as a server hands it to an application."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "method": "GET",
        "path": EXPORT,
        "raw_path": EXPORT.encode(),
        "root_path": "",
        "scheme": "http",
        "query_string": query,
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "http_version": "1.1",
    }


async def nothing_more() -> Message:
    """What the client sends after its request: nothing, and it does not go."""
    await asyncio.Event().wait()
    return {"type": "http.disconnect"}


async def _leave_early(app: Starlette, headers: dict[str, str]) -> None:
    """Ask for a file and go once its first bytes are there, as a closed socket would."""
    bodies = 0

    async def send(message: Message) -> None:
        nonlocal bodies
        bodies += message["type"] == "http.response.body"
        if bodies > 1:
            raise OSError("the client has gone")

    await app(request(headers), nothing_more, send)
    assert bodies == 2


async def test_what_is_written_while_a_file_is_sent(
    fresh_app: Starlette,
    fresh_client: httpx2.AsyncClient,
    fresh_database: Database,
    fresh: Copy,
) -> None:
    """A new call is left out, wherever it is sorted; others are as they are when they are read."""
    started = datetime(2026, 7, 1, tzinfo=UTC)
    await add_calls(
        fresh_database, [new_call(10_000 + n, started + timedelta(seconds=n)) for n in range(3000)]
    )
    late = [new_call(50_000 + n, started - timedelta(days=400)) for n in range(5)]
    owner = bearer(fresh.organizations[0])
    seen = bytearray()

    async def take(part: bytes) -> None:
        if not seen:
            await add_calls(fresh_database, late)
            table = table_of(Call)
            async with fresh_database.transaction() as connection:
                changed = table.c.id.in_((10_000, 12_999))  # of the last page, and of the first
                await connection.execute(update(table).where(changed).values(status="failed"))
        seen.extend(part)

    await _stream(fresh_app, owner, take)
    after = await fresh_client.get("/api/v1/calls/count", headers=owner)

    status = {call["id"]: call["status"] for call in json.loads(bytes(seen))}
    assert len(status) == 3000 + len(calls())
    assert not {call["id"] for call in late} & set(status)
    assert (status[10_000], status[12_999]) == ("failed", "completed")
    assert after.json() == {"count": len(status) + len(late)}


async def test_the_head_of_a_file_reads_its_first_page_alone(
    fresh_rest: Rest, fresh_database: Database, fresh_statements: Counting
) -> None:
    started = datetime(2026, 7, 1, tzinfo=UTC)
    await add_calls(fresh_database, [new_call(10_000 + n, started) for n in range(2345)])
    await fresh_rest("GET", "/api/v1/calls")

    with fresh_statements() as ran:
        answer = await fresh_rest("HEAD", f"{EXPORT}?format=json")

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"] == "application/json"
    assert reads(ran) == 2


async def _stream(
    app: Starlette, headers: dict[str, str], take: Callable[[bytes], Awaitable[None]]
) -> None:
    """Read a file as an application makes it, part by part."""
    parts: list[Any] = []

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body" and message.get("body"):
            parts.append(message["body"])
            await take(message["body"])

    await app(request(headers, b"format=json"), nothing_more, send)
    assert len(parts) > 2
