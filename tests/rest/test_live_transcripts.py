"""The documented live transcript: its messages, whoever writes, and why a socket is closed."""

from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import text
from starlette.applications import Starlette

from gql.database import Database
from gql.http.running_requests import RunningRequests
from gql.http.socket_tasks import SocketLimits
from tests.conftest import Counting, GraphQL, asker, bearer
from tests.databases import Copy
from tests.events.sockets import Socket, opened
from tests.events.spoken import SID, SpokenCall
from tests.statements import Statements

PATH = f"/live-transcript/{SID}"
ESTABLISHED = {
    "type": "connection_established",
    "call_sid": SID,
    "message": "Following the transcript of this call.",
}
NUMBERS = {"customerPhoneNumber": "+15559876543", "toPhoneNumber": "+15551234567"}
STATUS: dict[str, Any] = {
    "type": "call_status",
    "call_sid": SID,
    "status": "in-progress",
    "metadata": {
        "assistant_id": None,
        "started_at": "2026-11-01T10:00:00+00:00",
        "to_phone_number": "+15551234567",
        "customer_phone_number": "+15559876543",
        "call_type": "inbound",
        "duration": None,
    },
}
NO_CALL = {
    "type": "error",
    "call_sid": SID,
    "error": "call_not_found",
    "message": f"There is no call with sid {SID} in your organization.",
}


@pytest.fixture
def member(fresh: Copy) -> dict[str, str]:
    """Headers of a member of the first organization."""
    return bearer(fresh.organizations[0])


@pytest.fixture
async def call(fresh_graphql: GraphQL) -> SpokenCall:
    """A call that goes on."""
    call = SpokenCall(fresh_graphql)
    await call.begin(**NUMBERS)
    return call


def key_of(headers: dict[str, str]) -> str:
    """The API key in some headers."""
    return headers["Authorization"].removeprefix("Bearer ")


def limit(app: Starlette, **changes: Any) -> None:
    """Have WebSockets of an application end sooner."""
    limits: SocketLimits = app.state.live_transcripts.limits
    app.state.live_transcripts.limits = replace(limits, **changes)


async def next_of(socket: Socket) -> Any:
    """The next message without its instant, which says of itself where it is."""
    message = await socket.next()
    if isinstance(message, dict):
        assert message["timestamp"].endswith("+00:00")
        datetime.fromisoformat(message.pop("timestamp"))
        if message["type"] == "transcript":
            assert message["data"].pop("created_at").endswith("+00:00")
    return message


def transcript(content: str, **values: Any) -> dict[str, Any]:
    """The message of a segment."""
    data = {
        "content": content,
        "speaker": "user",
        "is_final": True,
        "confidence": None,
        "segment_start": None,
        "segment_end": None,
    }
    return {"type": "transcript", "call_sid": SID, "data": {**data, **values}}


async def test_what_was_said_comes_first_and_then_what_is_said(
    fresh_app: Starlette, member: dict[str, str], call: SpokenCall
) -> None:
    await call.say("Good morning.", speaker="ASSISTANT", confidence=0.5)
    async with opened(fresh_app, PATH, member) as socket:
        before = [await next_of(socket) for _ in range(3)]
        await call.say("I need", first=1, isFinal=False)
        interim = await next_of(socket)
        await call.say("I need help.", first=1, rank=1)
        final = await next_of(socket)
        await call.change(status="COMPLETED", endedAt="2026-11-01T10:03:00Z", rank=1)
        ended = await next_of(socket)
        socket.send({"type": "request_status"})
        again = await next_of(socket)
        socket.send({"type": "ping"})
        pong = await next_of(socket)

    assert before == [
        ESTABLISHED,
        STATUS,
        transcript("Good morning.", speaker="assistant", confidence=0.5),
    ]
    assert interim == transcript("I need", is_final=False)
    assert final == transcript("I need help.")
    metadata = {**STATUS["metadata"], "duration": 180}
    assert ended == again == {**STATUS, "status": "completed", "metadata": metadata}
    assert pong == {"type": "pong"}
    assert fresh_app.state.subscriptions.slots.used == {}


async def test_nothing_is_missed_or_said_twice_between_what_was_said_and_what_is(
    fresh_app: Starlette, member: dict[str, str], call: SpokenCall
) -> None:
    """Much is written while the first of three pages is being sent."""
    words = [f"word {number}" for number in range(230)]
    await call.say(*words)
    async with opened(fresh_app, PATH, member, takes=50) as socket:
        await socket.waiting.get()
        for number in (3, 60, 150):
            await call.say(f"new {number}", first=number, rank=1)
        await call.say(*(f"late {number}" for number in range(230, 240)), first=230)
        await call.say("early", first=1_000, occurredAt="2026-10-01T10:00:00Z")
        await call.say("last", first=2_000)
        socket.is_reading.set()
        received = [await next_of(socket)]
        while received[-1] != transcript("last"):
            received.append(await next_of(socket))
        await call.say("end", first=3_000)
        while received[-1] != transcript("end"):
            received.append(await next_of(socket))

    late = [f"late {number}" for number in range(230, 240)]
    replayed = [*words[:150], "new 150", *words[151:], *late, "last"]
    assert received[:2] == [ESTABLISHED, STATUS]
    # What was sent of the first page has changed, and its pages have no place for what is early.
    assert [each["data"]["content"] for each in received[2:]] == [
        *replayed,
        *("new 3", "new 60", "early", "end"),
    ]


CREATE_KEY = """mutation ($permissions: [Permission!]) { createApiKey(input: {
    name: "Live", permissions: $permissions}) { secret apiKey { id } } }"""
REVOKE = "mutation ($id: ID!) { revokeApiKey(input: {id: $id}) { apiKey { isActive } } }"


@pytest.mark.parametrize(
    ("header", "query", "offered"),
    [
        ("Bearer KEY", "", []),
        ("", "token=KEY", []),
        ("", "", ["other", "burki-token-KEY"]),
        ("Bearer KEY", "x=1&token=KEY", ["burki-token-KEY"]),
    ],
)
async def test_a_key_comes_in_each_of_the_documented_ways(
    app: Starlette, owner: dict[str, str], header: str, query: str, offered: list[str]
) -> None:
    key = key_of(owner)
    headers = {"Authorization": header.replace("KEY", key)} if header else {}
    offered = [each.replace("KEY", key) for each in offered]
    chosen = f"burki-token-{key}" if offered else None
    query = query.replace("KEY", key)
    async with opened(app, PATH, headers, query=query, offered=offered, chosen=chosen) as socket:
        assert [await next_of(socket), await next_of(socket)] == [ESTABLISHED, NO_CALL]
        socket.send({"type": "request_status"})
        assert await next_of(socket) == NO_CALL


NO_KEY = "Authentication required. Provide a valid API key or login session."
ONE_KEY = "Send one key: as a header, as `?token=` or as a subprotocol."


@pytest.mark.parametrize(
    ("header", "query", "offered", "reason"),
    [
        ("", "", [], NO_KEY),
        ("", "token=", [], NO_KEY),
        ("", "api_key=KEY", [], NO_KEY),
        ("Bearer burki_wrong", "", [], "Invalid API key"),
        ("", "token=burki_wrong", [], "Invalid API key"),
        ("", "", ["burki-token-burki_wrong"], "Invalid API key"),
        ("Bearer KEY", "token=burki_wrong", [], ONE_KEY),
        ("", "token=KEY&token=wrong", [], ONE_KEY),
    ],
)
async def test_who_is_not_known_is_told_so_and_closed(
    app: Starlette, owner: dict[str, str], header: str, query: str, offered: list[str], reason: str
) -> None:
    key = key_of(owner)
    headers = {"Authorization": header.replace("KEY", key)} if header else {}
    chosen = offered[0] if offered else None
    query = query.replace("KEY", key)
    async with opened(app, PATH, headers, query=query, offered=offered, chosen=chosen) as socket:
        error, closed = await next_of(socket), await next_of(socket)

    assert error == {
        "type": "error",
        "call_sid": SID,
        "error": "authentication_failed",
        "message": error["message"],
    }
    assert error["message"].startswith(reason)
    assert closed == (1008, error["message"])


async def test_who_may_not_read_is_told_so_and_closed(
    fresh_app: Starlette, fresh_graphql: GraphQL
) -> None:
    answer = await fresh_graphql(CREATE_KEY, {"permissions": ["INGEST"]})
    headers = {"Authorization": f"Bearer {answer['data']['createApiKey']['secret']}"}
    async with opened(fresh_app, PATH, headers) as socket:
        error, closed = await next_of(socket), await next_of(socket)

    assert error["error"] == "access_denied"
    assert closed == (1008, error["message"])


async def test_a_key_that_is_revoked_closes_its_sockets(
    fresh_app: Starlette, fresh_graphql: GraphQL, member: dict[str, str], call: SpokenCall
) -> None:
    created = (await fresh_graphql(CREATE_KEY))["data"]["createApiKey"]
    limit(fresh_app, look_seconds=0.01)
    own = {"Authorization": f"Bearer {created['secret']}"}
    async with opened(fresh_app, PATH, own) as socket, opened(fresh_app, PATH, member) as other:
        assert [await next_of(socket), await next_of(socket)] == [ESTABLISHED, STATUS]
        await fresh_graphql(REVOKE, {"id": created["apiKey"]["id"]})
        closed = await next_of(socket)
        await call.say("still")
        others = [await next_of(other) for _ in range(3)]

    assert closed == (1008, "Invalid API key")
    assert others[-1] == transcript("still")
    assert fresh_app.state.subscriptions.slots.used == {}


async def test_a_call_of_others_is_as_unknown_as_one_that_comes_later(
    fresh_app: Starlette,
    fresh_graphql: GraphQL,
    fresh_client: Any,
    member: dict[str, str],
    fresh: Copy,
) -> None:
    """Two organizations may even have calls of one SID; each is told of its own."""
    stranger = bearer(fresh.organizations[1])
    own_call = SpokenCall(fresh_graphql)
    other_call = SpokenCall(asker(fresh_client, stranger))
    async with (
        opened(fresh_app, PATH, member) as own,
        opened(fresh_app, PATH, stranger) as foreign,
    ):
        first = [
            await next_of(own),
            await next_of(own),
            await next_of(foreign),
            await next_of(foreign),
        ]
        await own_call.begin(**NUMBERS)
        await own_call.say("ours")
        begun = [await next_of(own), await next_of(own)]
        foreign.send({"type": "request_status"})
        unknown = await next_of(foreign)
        await other_call.begin(**NUMBERS, status="FAILED")
        await other_call.say("theirs")
        other = [await next_of(foreign), await next_of(foreign)]

    assert first == [ESTABLISHED, NO_CALL] * 2
    assert begun == [STATUS, transcript("ours")]
    assert unknown == NO_CALL
    assert other == [{**STATUS, "status": "failed"}, transcript("theirs")]


SEGMENT = text(
    """INSERT INTO transcript
        (organization_id, call_id, content, speaker, is_final, created_at, position)
    VALUES (1, :call, :content, :speaker, true, '2026-11-01 10:00:00.000000', 7)"""
)
DELETE = text("DELETE FROM call WHERE organization_id = 1 AND id = :call")
FORGET = text("DELETE FROM transcript WHERE organization_id = 1 AND call_id = :call")


async def test_what_sql_writes_is_told_too(
    fresh_app: Starlette, fresh_database: Database, member: dict[str, str], call: SpokenCall
) -> None:
    """But for who is neither customer nor assistant, whom the documents have no word for."""
    key = int(call.id.removeprefix("call_"))
    async with opened(fresh_app, PATH, member) as socket:
        await next_of(socket)
        await next_of(socket)
        async with fresh_database.transaction() as connection:
            for content, speaker in (("by SQL", "user"), ("a third", "other"), ("last", "user")):
                values = {"call": key, "content": content, "speaker": speaker}
                await connection.execute(SEGMENT, values)
        spoken = [await next_of(socket), await next_of(socket)]
        async with fresh_database.transaction() as connection:
            await connection.execute(FORGET, {"call": key})
            await connection.execute(DELETE, {"call": key})
        deleted = await next_of(socket)

    assert spoken == [transcript("by SQL"), transcript("last")]
    assert deleted == NO_CALL


async def test_each_event_is_read_once_for_all_who_listen(
    fresh_app: Starlette,
    member: dict[str, str],
    call: SpokenCall,
    fresh_statements: Counting,
) -> None:
    before = [transcript("none"), transcript("nothing")]
    with fresh_statements() as alone:
        await call.say("none", "nothing")
    async with AsyncExitStack() as stack:
        sockets = [
            await stack.enter_async_context(opened(fresh_app, PATH, member)) for _ in range(20)
        ]
        for socket in sockets:
            assert [await next_of(socket) for _ in range(4)] == [ESTABLISHED, STATUS, *before]
        # Events of before may have been numbered since the sockets began.
        await call.say("now", first=2)
        assert [await next_of(socket) for socket in sockets] == [transcript("now")] * 20
        with fresh_statements() as followed:
            await call.say("one", "two", first=3)
            both = [[await next_of(socket), await next_of(socket)] for socket in sockets]
        with fresh_statements() as begun:
            late = await stack.enter_async_context(opened(fresh_app, PATH, member))
            whole = [await next_of(late) for _ in range(7)]

    assert both == [[transcript("one"), transcript("two")]] * 20
    assert whole == [
        ESTABLISHED,
        STATUS,
        *before,
        transcript("now"),
        transcript("one"),
        transcript("two"),
    ]
    assert (_reads(followed) - _reads(alone)).total() == 2, _reads(followed)
    assert _reads(begun).total() == 1


def _reads(ran: Statements) -> Counter[str]:
    """The statements that read segments of speech."""
    return Counter(
        each for each in ran.texts if each.startswith("SELECT") and "stt_timestamps" in each
    )


@pytest.mark.parametrize(
    "frame", ["", "{", "[]", '"ping"', '{"type": "stop"}', b"\xff", "[" * 900, "x" * 1_001]
)
async def test_what_is_no_message_is_an_error_and_no_end(
    app: Starlette, owner: dict[str, str], frame: str | bytes
) -> None:
    async with opened(app, PATH, owner) as socket:
        assert [await next_of(socket), await next_of(socket)] == [ESTABLISHED, NO_CALL]
        socket.send(frame)
        error = await next_of(socket)
        socket.send(b'{"type": "ping"}')
        pong = await next_of(socket)

    assert error == {
        "type": "error",
        "call_sid": SID,
        "error": "bad_user_input",
        "message": 'Send {"type": "ping"} or {"type": "request_status"}.',
    }
    assert pong == {"type": "pong"}


@pytest.mark.parametrize("call_sid", ["a\0b", "\N{GRINNING FACE}", "x" * 5_000])
async def test_a_strange_sid_is_one_of_no_call(
    app: Starlette, owner: dict[str, str], call_sid: str
) -> None:
    async with opened(app, f"/live-transcript/{call_sid}", owner) as socket:
        established, error = await next_of(socket), await next_of(socket)

    assert established["call_sid"] == error["call_sid"] == call_sid
    assert error["error"] == "call_not_found"


async def test_who_has_too_many_is_asked_to_come_later(
    fresh_app: Starlette, member: dict[str, str]
) -> None:
    """The slots are those of subscriptions."""
    fresh_app.state.subscriptions.slots.most = 1
    async with opened(fresh_app, PATH, member) as first:
        await next_of(first)
        async with opened(fresh_app, PATH, member) as second:
            error, closed = await next_of(second), await next_of(second)

    assert error["error"] == "rate_limited"
    assert closed == (1013, error["message"])
    assert error["message"].startswith("1 subscriptions of your organization run already")


async def test_who_reads_too_slowly_is_closed_with_a_code(
    fresh_app: Starlette, fresh_graphql: GraphQL, member: dict[str, str]
) -> None:
    limit(fresh_app, queued_bytes=10)
    async with opened(fresh_app, PATH, member) as socket:
        await next_of(socket)
        await next_of(socket)
        socket.is_reading.clear()
        socket.send({"type": "request_status"})
        await socket.waiting.get()
        await SpokenCall(fresh_graphql).begin()
        while (await socket.waiting.get())["type"] != "websocket.close":
            pass
        socket.is_reading.set()
        closed = await next_of(socket)
        while isinstance(closed, dict):
            closed = await next_of(socket)

    assert closed == (1013, "You receive more slowly than there is news.")


async def test_a_gateway_that_ends_asks_its_clients_to_come_again(
    fresh_app: Starlette, member: dict[str, str]
) -> None:
    async with opened(fresh_app, PATH, member) as socket:
        assert [await next_of(socket), await next_of(socket)] == [ESTABLISHED, NO_CALL]
        requests: RunningRequests = fresh_app.state.requests
        requests.end_all()
        closed = await next_of(socket)

    assert closed == (1012, "The gateway is being stopped; try again.")
    assert fresh_app.state.subscriptions.slots.used == {}


async def test_a_bug_closes_the_socket_and_is_logged(
    fresh_app: Starlette, member: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    fresh_app.state.live_transcripts.database = None
    async with opened(fresh_app, PATH, {}, query=f"token={key_of(member)}") as socket:
        assert await next_of(socket) == ESTABLISHED
        closed = await next_of(socket)

    assert closed == (1011, "Unexpected error.")
    assert "unexpected error in a WebSocket" in caplog.text
    assert key_of(member) not in caplog.text
