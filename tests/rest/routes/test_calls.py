"""Calls over REST: the list, its filters, and one call."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gql.database import Database
from gql.demo.tenant import Row
from tests.conftest import Counting
from tests.rest.conftest import Rest
from tests.rest.demo_rows import (
    CALL_KEYS,
    DOCUMENTED_CALL_KEYS,
    add_calls,
    calls,
    new_call,
    wire,
)

CALLS = "/api/v1/calls"
DOCUMENTED = 101
SMS = 102
SID = "CA" + "x" * 32

Passes = Callable[[Row], Any]


def name_of(row: Row) -> str:
    """What a call's assistant is called, in lower case."""
    return str(wire(row)["assistant_name"]).lower()


FILTERS: dict[str, tuple[dict[str, Any], Passes]] = {
    "status": ({"status": "failed"}, lambda row: row["status"] == "failed"),
    "assistant_id": ({"assistant_id": 1003}, lambda row: row["assistant_id"] == 1003),
    "part of a phone number": (
        {"customer_phone": "(00) 69-1"},
        lambda row: "00691" in row["customer_phone_digits"],
    ),
    "phone number with a lost plus": (
        {"customer_phone": " 15559876543"},
        lambda row: row["customer_phone_digits"] == "15559876543",
    ),
    "part of a sid in another case": (
        {"call_sid": "CAD"},
        lambda row: "cad" in row["call_sid"].lower(),
    ),
    "part of a name in another case": (
        {"assistant_name": "TECHNICAL"},
        lambda row: "technical" in name_of(row),
    ),
    "letters outside ASCII": (
        {"assistant_name": "JOSÉ"},
        lambda row: "josé" in name_of(row),
    ),
    "a deleted assistant": (
        {"assistant_name": "legacy"},
        lambda row: name_of(row) == "legacy bot",
    ),
    "started at or after": (
        {"date_from": "2026-01-01T00:00:00Z"},
        lambda row: row["started_at"] >= datetime(2026, 1, 1, tzinfo=UTC),
    ),
    "started at or before, in another zone": (
        {"date_to": "2026-01-01T02:00:00+02:00"},
        lambda row: row["started_at"] <= datetime(2026, 1, 1, tzinfo=UTC),
    ),
    "a bare date is its midnight": (
        {"date_to": "2026-01-01"},
        lambda row: row["started_at"] <= datetime(2026, 1, 1, tzinfo=UTC),
    ),
    "at least so long": (
        {"min_duration": 600},
        lambda row: row["duration"] is not None and row["duration"] >= 600,
    ),
    "at most so long": (
        {"max_duration": 10},
        lambda row: row["duration"] is not None and row["duration"] <= 10,
    ),
    "all at once": (
        {
            "status": "completed",
            "assistant_name": "billing",
            "date_from": "2025-08-01",
            "min_duration": 30,
            "max_duration": 1200,
        },
        lambda row: (
            row["status"] == "completed"
            and "billing" in name_of(row)
            and row["started_at"] >= datetime(2025, 8, 1, tzinfo=UTC)
            and 30 <= row["duration"] <= 1200
        ),
    ),
}

NOTHING = (
    {"status": "nope"},
    {"status": "active"},
    {"assistant_id": 2001},
    {"assistant_id": -1},
    {"assistant_id": 10**30},
    {"customer_phone": "none"},
    {"customer_phone": "none", "assistant_name": "e"},
    {"call_sid": "%"},
    {"call_sid": "_"},
    {"assistant_name": "\\"},
    {"min_duration": 2**40},
    {"max_duration": -(2**40)},
    {"date_from": "2999-01-01"},
    {"date_to": "0001-01-01T00:00:00+14:00"},
)


def test_what_is_documented_is_answered_in_that_order() -> None:
    assert [key for key in CALL_KEYS if key in DOCUMENTED_CALL_KEYS] == DOCUMENTED_CALL_KEYS


async def test_a_page_says_everything_about_its_calls_in_order(
    rest: Rest, statements: Counting
) -> None:
    await rest("GET", CALLS)

    with statements() as ran:
        answer = await rest("GET", CALLS, more={"Accept-Encoding": "identity"})

    every = calls()
    assert answer.json() == {
        "items": [wire(row) for row in every[:100]],
        "total": len(every),
        "skip": 0,
        "limit": 100,
    }
    assert [list(item) for item in answer.json()["items"]] == [CALL_KEYS] * 100
    assert list(answer.json()) == ["items", "total", "skip", "limit"]
    assert ran.count == 1


async def test_a_thousand_calls_cost_one_statement(
    fresh_rest: Rest, fresh_database: Database, fresh_statements: Counting
) -> None:
    started = datetime(2026, 7, 1, tzinfo=UTC)
    more = [new_call(5000 + n, started + timedelta(seconds=n)) for n in range(1000)]
    await add_calls(fresh_database, more)
    await fresh_rest("GET", CALLS)

    with fresh_statements() as ran:
        page = (await fresh_rest("GET", f"{CALLS}?limit=1000")).json()

    assert page["items"] == [wire(row) for row in reversed(more)]
    assert page["total"] == 1000 + len(calls())
    assert ran.count == 1


async def test_pages_together_are_the_list(rest: Rest) -> None:
    pages = [(await rest("GET", f"{CALLS}?skip={n}&limit=67")).json() for n in range(0, 335, 67)]

    every = [wire(row) for row in calls()]
    assert [page["items"] for page in pages] == [every[n : n + 67] for n in range(0, 335, 67)]
    assert [(page["skip"], page["limit"], page["total"]) for page in pages] == [
        (n, 67, len(every)) for n in range(0, 335, 67)
    ]


async def test_calls_of_one_instant_come_by_id(fresh_rest: Rest, fresh_database: Database) -> None:
    started = datetime(2026, 7, 1, tzinfo=UTC)
    await add_calls(fresh_database, [new_call(number, started) for number in (7002, 7001, 7003)])

    pages = [(await fresh_rest("GET", f"{CALLS}?skip={n}&limit=1")).json() for n in range(3)]

    assert [page["items"][0]["id"] for page in pages] == [7003, 7002, 7001]


@pytest.mark.parametrize("name", FILTERS)
async def test_a_filter_keeps_what_passes(client: Any, owner: Any, name: str) -> None:
    parameters, passes = FILTERS[name]

    answer = await client.get(CALLS, params={**parameters, "limit": 1000}, headers=owner)

    expected = [wire(row) for row in calls() if passes(row)]
    assert answer.json() == {"items": expected, "total": len(expected), "skip": 0, "limit": 1000}
    assert expected


@pytest.mark.parametrize("parameters", NOTHING, ids=str)
async def test_what_no_call_has_finds_an_empty_page(
    client: Any, owner: Any, parameters: Any
) -> None:
    answer = await client.get(CALLS, params=parameters, headers=owner)

    assert (answer.status_code, answer.json()) == (
        200,
        {"items": [], "total": 0, "skip": 0, "limit": 100},
    )


async def test_an_empty_text_filters_nothing(rest: Rest) -> None:
    empty = "status=&customer_phone=&call_sid=&assistant_name="

    assert (await rest("GET", f"{CALLS}?{empty}")).json() == (await rest("GET", CALLS)).json()


async def test_a_page_beyond_the_end_is_empty_however_far(rest: Rest) -> None:
    total = len(calls())
    for skip in (total, 2**31, 2**63 - 1):
        page = (await rest("GET", f"{CALLS}?skip={skip}")).json()
        assert page == {"items": [], "total": total, "skip": skip, "limit": 100}


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        (
            "limit=0",
            {
                "type": "greater_than_equal",
                "loc": ["query", "limit"],
                "msg": "Input should be greater than or equal to 1",
                "input": "0",
                "ctx": {"ge": 1},
            },
        ),
        (
            "limit=1001",
            {
                "type": "less_than_equal",
                "loc": ["query", "limit"],
                "msg": "Input should be less than or equal to 1000",
                "input": "1001",
                "ctx": {"le": 1000},
            },
        ),
        (
            "skip=-1",
            {
                "type": "greater_than_equal",
                "loc": ["query", "skip"],
                "msg": "Input should be greater than or equal to 0",
                "input": "-1",
                "ctx": {"ge": 0},
            },
        ),
        (
            "assistant_id=x",
            {
                "type": "int_parsing",
                "loc": ["query", "assistant_id"],
                "msg": "Input should be a valid integer, unable to parse string as an integer",
                "input": "x",
            },
        ),
        (
            "date_from=nope",
            {
                "type": "datetime_from_date_parsing",
                "loc": ["query", "date_from"],
                "msg": "Input should be a valid datetime or date, input is too short",
                "input": "nope",
                "ctx": {"error": "input is too short"},
            },
        ),
    ],
)
async def test_what_does_not_fit_is_refused(rest: Rest, query: str, detail: Any) -> None:
    answer = await rest("GET", f"{CALLS}?{query}")

    assert (answer.status_code, answer.json()) == (422, {"detail": [detail]})


@pytest.mark.parametrize("path", [f"{CALLS}/1100", f"{CALLS}/1100/"])
async def test_one_call_is_found_by_id(rest: Rest, statements: Counting, path: str) -> None:
    await rest("GET", path)

    with statements() as ran:
        answer = await rest("GET", path)

    assert answer.json() == wire(next(row for row in calls() if row["id"] == 1100))
    assert list(answer.json()) == CALL_KEYS
    assert ran.count == 1


async def test_one_call_is_found_by_its_exact_sid(rest: Rest, statements: Counting) -> None:
    await rest("GET", f"{CALLS}/sid/{SID}")

    with statements() as ran:
        answer = await rest("GET", f"{CALLS}/sid/{SID}")

    assert answer.json() == wire(next(row for row in calls() if row["id"] == DOCUMENTED))
    assert ran.count == 1


@pytest.mark.parametrize("number", [SMS, 0, -1, 9999, 1201, 2**31, 2**63 - 1, 2**63, 10**400])
async def test_an_id_that_is_no_call_of_ours_is_not_found(rest: Rest, number: int) -> None:
    answer = await rest("GET", f"{CALLS}/{number}")

    printed = str(number)[:60]
    detail = f"Call with ID {printed} not found in your organization"
    assert (answer.status_code, answer.json()) == (404, {"detail": detail})


async def test_whatever_is_related_is_found_by_its_sid(rest: Rest) -> None:
    conversation = (await rest("GET", "/api/v1/sms-conversations/102")).json()
    related = (await rest("GET", "/api/v1/sms-conversations/102/related")).json()

    assert conversation["id"] in {each["id"] for each in related}
    for each in related:
        answer = await rest("GET", f"{CALLS}/sid/{each['call_sid']}")
        transcript = await rest("GET", f"{CALLS}/sid/{each['call_sid']}/transcripts")
        call = answer.json()
        assert (answer.status_code, transcript.status_code) == (200, 200)
        assert list(call) == CALL_KEYS
        assert {name: call[name] for name in ("id", "call_sid", "started_at", "ended_at")} == {
            name: each[name] for name in ("id", "call_sid", "started_at", "ended_at")
        }
        assert call["status"] == each["status"].replace("active", "ongoing")
        assert call["customer_phone_number"] == conversation["customer_phone_number"]
        assert call["assistant_name"] == conversation["assistant_name"]


async def test_an_archived_conversation_is_not_found_by_its_sid(fresh_rest: Rest) -> None:
    await fresh_rest("DELETE", "/api/v1/sms-conversations/102")

    for path in (f"{CALLS}/sid/sms_102", f"{CALLS}/sid/sms_102/transcripts"):
        assert (await fresh_rest("GET", path)).status_code == 404


@pytest.mark.parametrize("sid", ["SMS_102", SID.lower(), SID[:-1], "%25"])
async def test_a_sid_that_is_no_call_of_ours_is_not_found(rest: Rest, sid: str) -> None:
    answer = await rest("GET", f"{CALLS}/sid/{sid}")

    printed = sid.replace("%25", "%")
    detail = f"Call with SID {printed} not found in your organization"
    assert (answer.status_code, answer.json()) == (404, {"detail": detail})


async def test_another_organization_has_its_own_calls(rest: Rest, stranger: dict[str, str]) -> None:
    theirs = (await rest("GET", f"{CALLS}?limit=1000", headers=stranger)).json()

    assert theirs["items"] == [wire(row) for row in calls(2)]
    for path in (f"{CALLS}/{DOCUMENTED}", f"{CALLS}/sid/{SID}"):
        refused = await rest("GET", path, headers=stranger)
        assert refused.status_code == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/101/recording/1/play"),
        ("POST", "/CA1/terminate"),
    ],
)
async def test_what_needs_a_telephone_provider_is_not_served(
    rest: Rest, method: str, path: str
) -> None:
    answer = await rest(method, f"{CALLS}{path}")

    assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("GET", "/101"),
        ("GET", f"/sid/{SID}"),
        ("PATCH", "/101/metadata"),
        ("GET", "/count"),
        ("GET", "/stats"),
        ("GET", "/analytics"),
        ("GET", "/export"),
        ("GET", "/search?q=abc"),
        ("GET", "/101/transcripts"),
        ("GET", f"/sid/{SID}/transcripts"),
        ("GET", "/101/transcripts/export"),
        ("GET", "/101/messages"),
    ],
)
async def test_nobody_is_answered_without_a_credential(rest: Rest, method: str, path: str) -> None:
    answer = await rest(method, f"{CALLS}{path}", headers={})

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert list(answer.json()) == ["detail"]
