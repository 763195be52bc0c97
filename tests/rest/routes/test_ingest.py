"""POST /api/v1/ingest: lines of items, answered one by one while others still come."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
import pytest
import zstandard

from gql.accounts.api_keys import issue_key
from gql.database import Database
from gql.identity import Permission
from gql.models.call import Call
from gql.rest.ingest_answer import BATCH
from tests.conftest import bearer, connect, start
from tests.databases import Copy, Databases, Kind, settings_for
from tests.domain.writes.conftest import rows
from tests.rest.people import token_header

PATH = "/api/v1/ingest"
AT = "2026-11-01T10:00:00Z"


def call(number: int, **fields: Any) -> dict[str, Any]:
    key = f"c{number}"
    return {"kind": "call", "source": "lines", "externalId": key, "occurredAt": AT, **fields}


def lines_of(*items: Any) -> bytes:
    return b"".join(json.dumps(item).encode() + b"\n" for item in items)


@pytest.fixture
def send(fresh: Copy, fresh_client: httpx2.AsyncClient) -> Callable[..., Any]:
    """Sends a body; the status and the lines of the answer."""

    async def post(content: Any, **headers: str) -> tuple[int, list[Any]]:
        owner = bearer(fresh.organizations[0])
        answer = await fresh_client.post(PATH, content=content, headers={**owner, **headers})
        return answer.status_code, [json.loads(line) for line in answer.text.splitlines()]

    return post


async def test_each_line_is_answered_and_a_broken_one_by_itself(
    send: Callable[..., Any], fresh_database: Database
) -> None:
    message = {"kind": "message", "source": "lines", "call": "c1", "occurredAt": AT, "key": "1"}
    body = lines_of(call(1, status="completed"), {**message, "role": "user", "content": "Hi"})
    body += b'{"kind": "call"\n\n' + lines_of(call(2, colour="red"), call(1, status="completed"))

    status, answers = await send(body)

    assert status == 200
    ((call_id, source),) = await rows(fresh_database, Call, "id", "source", external_id="c1")
    assert source == "lines"
    assert [answers[0], answers[1], *answers[3:]] == [
        {"line": 1, "status": "created", "kind": "call", "key": "c1", "id": call_id},
        {"line": 2, "status": "created", "kind": "message", "key": "c1/1", "id": call_id},
        {
            "line": 5,
            "status": "refused",
            "error": "colour: an item of this kind has no such field",
        },
        {"line": 6, "status": "unchanged", "kind": "call", "key": "c1", "id": call_id},
        {
            "summary": {
                "items": 5,
                "created": 2,
                "updated": 0,
                "unchanged": 1,
                "refused": 2,
                "waiting": 0,
                "complete": True,
            }
        },
    ]
    assert (answers[2]["line"], answers[2]["status"]) == (3, "refused")
    assert answers[2]["error"].startswith("Invalid JSON: EOF while parsing")


@pytest.mark.parametrize(
    ("coding", "compress"),
    [("gzip", gzip.compress), ("zstd", zstandard.compress), ("identity", bytes)],
)
async def test_compressed_lines_are_read_in_any_number_of_parts(
    send: Callable[..., Any], coding: str, compress: Callable[[bytes], bytes]
) -> None:
    body = compress(lines_of(*map(call, range(BATCH + 20))))

    async def parts() -> AsyncIterator[bytes]:
        for begin in range(0, len(body), 333):
            yield body[begin : begin + 333]

    status, answers = await send(parts(), **{"Content-Encoding": coding})

    assert status == 200
    assert [answer["line"] for answer in answers[:-1]] == list(range(1, BATCH + 21))
    assert answers[-1]["summary"]["created"] == BATCH + 20


async def test_what_was_sent_before_changes_nothing(
    send: Callable[..., Any], fresh_database: Database
) -> None:
    body = lines_of(*map(call, range(3)))
    await send(body)
    before = await rows(fresh_database, Call, *Call.__table__.c.keys(), source="lines")  # type: ignore[attr-defined]

    _, answers = await send(body + body)

    assert answers[-1]["summary"]["unchanged"] == 6
    after = await rows(fresh_database, Call, *Call.__table__.c.keys(), source="lines")  # type: ignore[attr-defined]
    assert after == before


@pytest.mark.parametrize(
    ("content", "coding", "status", "detail"),
    [
        (b"x", "br", 415, "Send the body plain or compressed by gzip or zstd, not by br."),
        (b"x" * 99, "gzip", 400, "The body is not compressed as its Content-Encoding says."),
        (b"x" * 99, "zstd", 400, "The body is not compressed as its Content-Encoding says."),
        (
            gzip.compress(lines_of(call(1)))[:-9],
            "gzip",
            400,
            "The compressed body ends too early.",
        ),
        (
            gzip.compress(b"\n" * 40_000_000),
            "gzip",
            400,
            "The body expands to more than 250 times its size.",
        ),
        (
            zstandard.compress(b" " * 40_000_000),
            "zstd",
            400,
            "The body expands to more than 250 times its size.",
        ),
    ],
    ids=["other", "no gzip", "no zstd", "cut", "gzip bomb", "zstd bomb"],
)
async def test_a_body_that_cannot_be_read_is_refused(
    send: Callable[..., Any], content: bytes, coding: str, status: int, detail: str
) -> None:
    answer = await send(content, **{"Content-Encoding": coding})

    assert answer[0] == status
    assert answer[1][0]["detail"] == detail


async def test_a_line_that_is_too_long_is_refused_by_itself(send: Callable[..., Any]) -> None:
    body = b"x" * 5_000_000 + b"\n" + lines_of(call(1))

    _, answers = await send(body)

    assert answers[0] == {
        "line": 1,
        "status": "refused",
        "error": "The line is longer than 4,000,000 bytes.",
    }
    assert answers[1]["status"] == "created"


async def test_nothing_is_an_answer_too(send: Callable[..., Any]) -> None:
    _, answers = await send(b"")
    assert answers[0]["summary"]["items"] == 0


async def test_messages_are_of_the_caller_s_organization(
    send: Callable[..., Any], fresh: Copy, fresh_client: httpx2.AsyncClient
) -> None:
    message = {"kind": "message", "source": "lines", "call": "c1", "occurredAt": AT, "key": "1"}
    body = lines_of(call(1), {**message, "role": "user", "content": "Hi"})
    _, answers = await send(body)

    stranger = bearer(fresh.organizations[1])
    created = await fresh_client.post(PATH, content=body, headers=stranger)
    other = json.loads(created.text.splitlines()[0])
    assert (other["status"], other["id"] != answers[0]["id"]) == ("created", True)
    shown = await fresh_client.get(f"/api/v1/calls/{answers[0]['id']}", headers=stranger)
    assert shown.status_code == 404


async def test_a_key_that_may_do_nothing_else_brings_data_in(
    fresh_client: httpx2.AsyncClient, fresh_database: Database
) -> None:
    statuses = []
    for permission in (Permission.INGEST, Permission.READ):
        _, key = await issue_key(fresh_database, 1, name="x", permissions={permission})
        answer = await fresh_client.post(PATH, content=b"", headers=token_header(key))
        statuses.append(answer.status_code)
    assert statuses == [200, 403]


async def test_bodies_of_items_are_bounded_and_take_no_slot_of_the_downloads(
    databases: Databases, kind: Kind
) -> None:
    """A second body is refused while one is sent, and a download is not."""
    async with databases.lend(kind) as copy:
        bounds = {"max_ingests_per_organization": 1, "max_downloads_per_organization": 1}
        async with start(copy, settings_for(copy.url, **bounds)) as running:
            first, second = map(bearer, copy.organizations)
            begun, ended = asyncio.Event(), asyncio.Event()

            async def body() -> AsyncIterator[bytes]:
                yield lines_of(call(1))
                begun.set()
                await ended.wait()

            async with connect(running.app) as client:
                sending = asyncio.create_task(client.post(PATH, content=body(), headers=first))
                await begun.wait()
                refused = await client.post(PATH, content=lines_of(call(2)), headers=first)
                download = await client.get("/api/v1/calls/export", headers=first)
                other = await client.post(PATH, content=lines_of(call(3)), headers=second)
                ended.set()
                finished = await sending
                again = await client.post(PATH, content=lines_of(call(2)), headers=first)

    assert refused.status_code == 429
    assert "Your organization has 1 bodies of items running" in refused.text
    statuses = [each.status_code for each in (download, other, finished, again)]
    assert statuses == [200, 200, 200, 200]


async def test_a_region_says_which_country_numbers_are_of(
    fresh: Copy, fresh_client: httpx2.AsyncClient, fresh_database: Database
) -> None:
    numbers = {"toPhoneNumber": "60006", "customerPhoneNumber": "020 7946 0018"}
    sms = {"kind": "sms", "source": "lines", "messageId": "m1", "occurredAt": AT, "body": "Hi"}
    sms |= {"from": "07700 900123", "to": "+442079460999", "direction": "inbound"}
    owner, body = bearer(fresh.organizations[0]), lines_of(call(8, **numbers), sms)

    answer = await fresh_client.post(f"{PATH}?region=gb", content=body, headers=owner)
    refused = await fresh_client.post(f"{PATH}?region=UK", content=body, headers=owner)
    await fresh_client.post(PATH, content=lines_of(call(9, **numbers)), headers=owner)

    assert json.loads(answer.text.splitlines()[-1])["summary"]["created"] == 2
    assert (refused.status_code, refused.json()["detail"]) == (
        *(400, "The region 'UK' is no country in two letters, like US or GB."),
    )
    columns = ("to_phone_number", "customer_phone_number")
    assert [
        *await rows(fresh_database, Call, *columns, external_id="c8"),
        *await rows(fresh_database, Call, *columns, external_id="c9"),
        *await rows(fresh_database, Call, *columns, source="lines", channel="sms"),
    ] == [
        ("60006", "+442079460018"),
        ("60006", "020 7946 0018"),
        ("+442079460999", "+447700900123"),
    ]
