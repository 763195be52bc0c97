"""Reading SMS conversations through REST: lists, one, messages, related records."""

from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from gql.database import Database
from gql.models.call import Call
from gql.models.message import ChatMessage
from gql.models.scope import table_of
from tests.conftest import Counting

BASE = "/api/v1/sms-conversations"
CALL, MESSAGE = table_of(Call), table_of(ChatMessage)
DOCUMENTED: dict[str, Any] = {
    "id": 102,
    "session_id": "sms:+15559876543:+15551234567",
    "assistant_id": 124,
    "assistant_name": "Support Bot",
    "customer_phone_number": "+15559876543",
    "assistant_phone_number": "+15551234567",
    "status": "active",
    "message_count": 8,
    "started_at": "2026-04-30T10:00:00Z",
    "last_activity": "2026-04-30T10:14:00Z",
    "ended_at": None,
    "channel": "sms",
}


async def conversations(database: Database, organization: int = 1) -> list[Any]:
    """The organization's conversations that are not archived, as the list orders them."""
    async with database.engine.connect() as connection:
        rows = (await connection.execute(select(CALL).order_by(CALL.c.id))).all()
    visible = [
        row
        for row in rows
        if (row.organization_id, row.channel, row.is_archived) == (organization, "sms", False)
    ]
    return sorted(visible, key=lambda row: (row.last_activity, row.id), reverse=True)


async def ids_of(client: httpx2.AsyncClient, owner: dict[str, str], query: str = "") -> list[int]:
    response = await client.get(f"{BASE}?{query}", headers=owner)
    assert response.status_code == 200, response.text
    return [conversation["id"] for conversation in response.json()]


async def test_the_list_has_every_conversation_the_latest_message_first(
    client: httpx2.AsyncClient, owner: dict[str, str], database: Database
) -> None:
    every = await conversations(database)

    assert await ids_of(client, owner, "limit=1000") == [row.id for row in every]
    assert len(every) > 20


async def test_a_conversation_has_the_documented_keys_in_order(
    client: httpx2.AsyncClient, owner: dict[str, str]
) -> None:
    listed = (await client.get(f"{BASE}/?customer_phone=555987", headers=owner)).json()
    one = (await client.get(f"{BASE}/102", headers=owner)).json()

    assert [each for each in listed if each["id"] == 102] == [DOCUMENTED]
    assert one == DOCUMENTED
    assert list(one) == list(DOCUMENTED)


@pytest.mark.parametrize("status", ["active", "completed"])
async def test_a_status_is_matched_exactly(
    client: httpx2.AsyncClient, owner: dict[str, str], database: Database, status: str
) -> None:
    ids = [row.id for row in await conversations(database) if row.status == status]

    assert await ids_of(client, owner, f"limit=1000&status={status}") == ids
    assert ids


@pytest.mark.parametrize("status", ["archived", "ACTIVE", "ongoing", "é", "%25"])
async def test_a_status_that_there_is_not_matches_nothing(
    client: httpx2.AsyncClient, owner: dict[str, str], status: str
) -> None:
    assert await ids_of(client, owner, f"status={status}") == []


async def test_an_assistant_is_matched_and_a_foreign_one_matches_nothing(
    client: httpx2.AsyncClient, owner: dict[str, str], database: Database
) -> None:
    theirs = (await conversations(database, 2))[0].assistant_id

    assert await ids_of(client, owner, "assistant_id=124") == [102]
    assert await ids_of(client, owner, f"assistant_id={theirs}") == []
    assert await ids_of(client, owner, f"assistant_id={10**30}") == []


@pytest.mark.parametrize(
    "phone", ["+15559876543", "%2B15559876543", "5559876543", "(555) 987-6543", "987"]
)
async def test_a_customer_is_matched_by_digits(
    client: httpx2.AsyncClient, owner: dict[str, str], database: Database, phone: str
) -> None:
    digits = "".join(filter(str.isdigit, phone.replace("%2B", "")))
    ids = [row.id for row in await conversations(database) if digits in row.customer_phone_digits]

    assert await ids_of(client, owner, f"limit=1000&customer_phone={phone}") == ids
    assert 102 in ids


async def test_a_customer_without_digits_matches_nothing(
    client: httpx2.AsyncClient, owner: dict[str, str]
) -> None:
    assert await ids_of(client, owner, "customer_phone=anna") == []


async def test_dates_bound_the_start_and_are_inclusive(
    client: httpx2.AsyncClient, owner: dict[str, str]
) -> None:
    at = "2026-04-30T10:00:00Z"

    assert 102 in await ids_of(client, owner, f"limit=1000&date_from={at}&date_to={at}")
    assert 102 in await ids_of(client, owner, "limit=1000&date_from=2026-04-30")
    assert 102 not in await ids_of(client, owner, "limit=1000&date_to=2026-04-30")
    assert await ids_of(client, owner, "date_from=2026-04-30T12:00:00+02:00&assistant_id=124") == [
        102
    ]
    assert await ids_of(client, owner, "date_from=2026-04-30T10:00:01&assistant_id=124") == []


async def test_all_filters_must_hold(client: httpx2.AsyncClient, owner: dict[str, str]) -> None:
    both = "assistant_id=124&customer_phone=5559876543&status="

    assert await ids_of(client, owner, f"{both}active") == [102]
    assert await ids_of(client, owner, f"{both}completed") == []


async def test_pages_cut_the_list_and_never_overlap(
    client: httpx2.AsyncClient, owner: dict[str, str], database: Database
) -> None:
    every = [row.id for row in await conversations(database)]
    pages = [await ids_of(client, owner, f"skip={skip}&limit=7") for skip in range(0, 21, 7)]

    assert [each for page in pages for each in page] == every[:21]
    assert await ids_of(client, owner, f"skip={10**30}") == []
    assert await ids_of(client, owner) == every[:100]


@pytest.mark.parametrize(
    ("query", "problem", "name"),
    [
        ("limit=0", "greater_than_equal", "limit"),
        ("limit=1001", "less_than_equal", "limit"),
        ("skip=-1", "greater_than_equal", "skip"),
        ("assistant_id=x", "int_parsing", "assistant_id"),
        ("date_from=nope", "datetime_from_date_parsing", "date_from"),
    ],
)
async def test_parameters_that_do_not_fit_are_refused(
    client: httpx2.AsyncClient, owner: dict[str, str], query: str, problem: str, name: str
) -> None:
    response = await client.get(f"{BASE}?{query}", headers=owner)

    assert response.status_code == 422
    (detail,) = response.json()["detail"]
    assert (detail["type"], detail["loc"]) == (problem, ["query", name])


async def test_messages_come_in_order_without_the_prompt(
    client: httpx2.AsyncClient, owner: dict[str, str], database: Database
) -> None:
    async with database.engine.connect() as connection:
        prompted = (
            await connection.execute(
                select(CALL.c.id, CALL.c.message_count)
                .join(MESSAGE, MESSAGE.c.call_id == CALL.c.id)
                .where(CALL.c.channel == "sms", MESSAGE.c.role == "system")
                .order_by(CALL.c.id)
            )
        ).first()
    assert prompted is not None

    messages = (await client.get(f"{BASE}/{prompted.id}/messages", headers=owner)).json()

    assert [each["message_index"] for each in messages] == [*range(1, prompted.message_count + 1)]
    assert {each["role"] for each in messages} == {"user", "assistant"}
    assert list(messages[0]) == [
        *("id", "conversation_id", "role", "content", "timestamp", "message_index"),
        *("llm_provider", "llm_model"),
    ]
    assert {(each["llm_provider"] is None, each["role"]) for each in messages} == {
        (True, "user"),
        (False, "assistant"),
    }


async def test_related_records_are_calls_and_conversations_of_the_pair_newest_first(
    client: httpx2.AsyncClient, owner: dict[str, str], database: Database
) -> None:
    async with database.engine.connect() as connection:
        rows = (await connection.execute(select(CALL).where(~CALL.c.is_archived))).all()
    pairs: dict[tuple[Any, ...], list[Any]] = {}
    for row in rows:
        pair = (row.organization_id, row.customer_phone_number, row.assistant_id)
        pairs.setdefault(pair, []).append(row)
    mixed = next(
        together
        for (organization, *_), together in sorted(pairs.items())
        if organization == 1 and {row.channel for row in together} == {"sms", "voice"}
    )
    current = next(row for row in mixed if row.channel == "sms")

    related = (await client.get(f"{BASE}/{current.id}/related", headers=owner)).json()

    newest = sorted(mixed, key=lambda row: (row.started_at, row.id), reverse=True)
    assert related == [
        {
            "id": row.id,
            "call_sid": row.call_sid,
            "channel": row.channel,
            "direction": row.direction,
            "status": row.status,
            "duration": row.duration,
            "message_count": row.message_count,
            "started_at": row.started_at.isoformat().replace("+00:00", "Z"),
            "ended_at": row.ended_at and row.ended_at.isoformat().replace("+00:00", "Z"),
            "is_current": row.id == current.id,
        }
        for row in newest
    ]


@pytest.mark.parametrize("rest", ["", "/messages", "/related", "/export"])
async def test_what_is_not_there_is_not_found_whatever_the_id_is(
    client: httpx2.AsyncClient,
    owner: dict[str, str],
    stranger: dict[str, str],
    database: Database,
    rest: str,
) -> None:
    """Absent, a voice call, archived, no number, beyond 64 bits, another organization's."""
    async with database.engine.connect() as connection:
        archived = select(CALL.c.id).where(CALL.c.is_archived).limit(1)
        archived_id = (await connection.execute(archived)).scalar_one()
    beyond = (str(2**63 - 1), str(2**63), str(-(2**63)), str(10**30))
    tried = ("987654", "101", str(archived_id), "0", "-1", "abc", "1.5", "²", *beyond)

    answers = [(key, await client.get(f"{BASE}/{key}{rest}", headers=owner)) for key in tried]
    answers.append(("102", await client.get(f"{BASE}/102{rest}", headers=stranger)))

    assert [(answer.status_code, answer.json()) for _, answer in answers] == [
        (404, {"detail": f"There is no sms conversation {key} in your organization."})
        for key, _ in answers
    ]


@pytest.mark.parametrize("path", ["", "/102", "/102/messages", "/102/related", "/102/export"])
async def test_both_spellings_answer_the_same_without_a_redirect(
    client: httpx2.AsyncClient, owner: dict[str, str], path: str
) -> None:
    plain = await client.get(BASE + path, headers=owner)
    slashed = await client.get(f"{BASE}{path}/", headers=owner)

    assert (plain.status_code, slashed.status_code) == (200, 200)
    assert plain.content == slashed.content


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("?limit=1000", 1),
        ("?status=active&assistant_id=124&customer_phone=555&date_from=2020-01-01", 1),
        ("/102", 1),
        ("/102/messages", 1),
        ("/102/related", 1),
        ("/102/export?format=json", 1),
        ("/102/export?format=csv", 2),
    ],
)
async def test_each_read_takes_a_fixed_number_of_statements(
    client: httpx2.AsyncClient,
    owner: dict[str, str],
    statements: Counting,
    path: str,
    most: int,
) -> None:
    with statements() as ran:
        response = await client.get(BASE + path, headers=owner)

    assert response.status_code == 200
    assert ran.count == most, ran.texts


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_nobody_reads_without_a_credential(client: httpx2.AsyncClient, method: str) -> None:
    response = await client.request(method, f"{BASE}/102")

    assert (response.status_code, response.headers["www-authenticate"]) == (401, "Bearer")
