"""GraphQL over WebSocket: the messages of graphql-transport-ws, and why a socket is closed."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text
from starlette.applications import Starlette

from gql.database import Database
from gql.http.running_requests import RunningRequests
from gql.schema.socket import ProtocolLimits
from tests.conftest import GraphQL, bearer
from tests.databases import Copy
from tests.events.sockets import connected

RENAME = """mutation ($name: String!) {
    updateGraph(input: {id: "1", name: $name}) { graph { name } userErrors { message } } }"""
GRAPHS = """subscription ($after: String, $graph: ID) {
    graphChanged(after: $after, graphId: $graph) { eventId kind graph { id name } } }"""
EVENTS = "subscription ($after: String) { events(after: $after) { eventId changedId } }"
QUERY = "query ($id: ID!) { graph(id: $id) { id } }"
RENAME_GRAPH = "UPDATE assistant_graph SET name = 'Another' WHERE organization_id = 1 AND id = 1"
TOUCH_CALL = "UPDATE call SET graph_name = 'Another' WHERE organization_id = 1 AND id = 101"
FROM_THE_START = "0-0"
ACKNOWLEDGED = {"type": "connection_ack"}
INIT = {"type": "connection_init"}
NO_OBJECT = "A message must be a JSON object."
WRONG_TYPE = "The type must be one of complete, connection_init, ping, pong, subscribe."


@pytest.fixture
def member(fresh: Copy) -> dict[str, str]:
    """Headers of a member of the first organization."""
    return bearer(fresh.organizations[0])


def limit(app: Starlette, **changes: Any) -> None:
    """Have WebSockets of an application end sooner."""
    limits: ProtocolLimits = app.state.sockets.limits
    app.state.sockets.limits = replace(limits, **changes)


def payload_of(message: Any, id: str) -> Any:
    """What a `next` of an operation gives."""
    assert (message["id"], message["type"]) == (id, "next"), message
    return message["payload"]["data"]


async def test_operations_of_each_kind_share_a_socket(
    fresh_app: Starlette, fresh_graphql: GraphQL, member: dict[str, str]
) -> None:
    async with connected(fresh_app, {}) as socket:
        assert await socket.init({"authorization": member["Authorization"]}) == ACKNOWLEDGED
        socket.subscribe(GRAPHS, "live", graph="graph_1", after=FROM_THE_START)
        socket.subscribe(QUERY, "read", id="graph_1")
        read = [await socket.next(), await socket.next()]
        socket.subscribe(RENAME, "write", name="First")
        written = sorted([await socket.next() for _ in range(3)], key=lambda each: each["id"])
        slots = fresh_app.state.subscriptions.slots
        used = dict(slots.used)
        socket.send({"id": "live", "type": "complete"})
        socket.send({"type": "ping", "payload": {"n": 1}})
        pong = await socket.next()
        await fresh_graphql(RENAME, {"name": "Second"})
        after = payload_of(written[0], "live")["graphChanged"]["eventId"]
        socket.subscribe(GRAPHS, "live", graph="graph_1", after=after)
        missed = payload_of(await socket.next(), "live")["graphChanged"]

    assert read == [
        {"id": "read", "type": "next", "payload": {"data": {"graph": {"id": "graph_1"}}}},
        {"id": "read", "type": "complete"},
    ]
    assert payload_of(written[0], "live") == {
        "graphChanged": {
            "eventId": after,
            "kind": "GRAPH_UPDATED",
            "graph": {"id": "graph_1", "name": "First"},
        }
    }
    assert [each["type"] for each in written[1:]] == ["next", "complete"]
    assert payload_of(written[1], "write")["updateGraph"]["graph"] == {"name": "First"}
    assert list(used.values()) == [1]
    assert pong == {"type": "pong", "payload": {"n": 1}}
    assert missed["graph"]["name"] == "Second"
    assert slots.used == {}


async def test_who_was_told_nothing_yet_misses_nothing_either(
    fresh_app: Starlette, fresh_graphql: GraphQL, member: dict[str, str]
) -> None:
    """The first acknowledgement says behind which event to come again."""
    await fresh_graphql(RENAME, {"name": "Before"})
    async with connected(fresh_app, member) as early:
        await early.init()
        early.subscribe(GRAPHS, after=FROM_THE_START)
        before = payload_of(await early.next(), "1")["graphChanged"]["eventId"]
    async with connected(fresh_app, member) as cut:
        assert await cut.init() == ACKNOWLEDGED
        cut.subscribe(GRAPHS)
    for name in ("First", "Second"):
        await fresh_graphql(RENAME, {"name": name})
    async with connected(fresh_app, member) as again:
        await again.init()
        again.subscribe(GRAPHS, after=cut.last_event_id)
        missed = [payload_of(await again.next(), "1")["graphChanged"] for _ in range(2)]

    positions = [cut.last_event_id or "", missed[0]["eventId"], missed[1]["eventId"]]
    numbers = [int(each.partition("-")[0]) for each in (before, *positions)]
    assert numbers == sorted(numbers)
    assert numbers[1] < numbers[2]
    assert missed[1]["graph"]["name"] == "Second"


@pytest.mark.parametrize(
    "query",
    [
        GRAPHS.replace("$graph)", '"graph_2")').replace(", $graph: ID", ""),
        """subscription ($after: String) {
            graphSessionChanged(after: $after) { eventId graphSession { id } } }""",
        """subscription ($after: String) {
            callChanged(after: $after, filter: {callSid: {eq: "nobody's"}}) { eventId callId } }""",
    ],
    ids=["another graph", "another kind", "a filter of the database"],
)
async def test_the_position_of_who_is_shown_nothing_moves(
    fresh_app: Starlette,
    fresh_database: Database,
    fresh_graphql: GraphQL,
    member: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    query: str,
) -> None:
    """So that they come again behind what was passed over, also once that is gone."""
    monkeypatch.setattr("gql.events.feed.HEARTBEAT_SECONDS", 0.01)
    async with connected(fresh_app, member) as socket, connected(fresh_app, member) as beside:
        await beside.init()
        beside.subscribe(EVENTS, after=beside.last_event_id)
        await socket.init()
        socket.subscribe(query, "quiet", after=socket.last_event_id)
        positions = []
        for statement in (RENAME_GRAPH, TOUCH_CALL):
            async with fresh_database.transaction() as connection:
                await connection.execute(text(statement))
            event = payload_of(await beside.next(), "1")["events"]
            ping = await socket.next()
            positions.append(event["eventId"])
            assert ping == {
                "type": "ping",
                "payload": {"id": "quiet", "lastEventId": event["eventId"]},
            }
            socket.send({"type": "pong", "payload": ping["payload"]})
    await prune(fresh_database, positions[-1])
    async with connected(fresh_app, member) as again:
        await again.init()
        again.subscribe(query, "late", after=positions[0])
        refused = await again.next()
        again.subscribe(EVENTS, "on", after=positions[1])
        await fresh_graphql(RENAME, {"name": "Afterwards"})
        renaming = payload_of(await again.next(), "on")["events"]

    assert [each["extensions"]["code"] for each in refused["payload"]] == ["RESYNC_REQUIRED"]
    assert renaming["changedId"] == "graph_1"


async def prune(database: Database, last_event_id: str) -> None:
    """Delete the first organization's events up to this one."""
    values = {"seq": int(last_event_id.partition("-")[0])}
    for statement in (
        "UPDATE event_head SET pruned = :seq WHERE organization_id = 1",
        "DELETE FROM event WHERE organization_id = 1 AND seq <= :seq",
    ):
        async with database.transaction() as connection:
            await connection.execute(text(statement), values)


async def test_who_may_follow_nothing_has_no_position(
    fresh_app: Starlette, fresh_graphql: GraphQL
) -> None:
    create = """mutation { createApiKey(input: {name: "In", permissions: [INGEST]}) { secret } }"""
    key = (await fresh_graphql(create))["data"]["createApiKey"]["secret"]
    async with connected(fresh_app, {}) as socket:
        assert await socket.init({"apiKey": key}) == ACKNOWLEDGED
        assert socket.last_event_id is None


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("query {", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        (QUERY, "BAD_USER_INPUT"),
        ('subscription { events(after: "999999-1") { eventId } }', "RESYNC_REQUIRED"),
        ('subscription { events(after: "x") { eventId } }', "RESYNC_REQUIRED"),
    ],
)
async def test_what_is_wrong_with_an_operation_is_its_own_error(
    app: Starlette, owner: dict[str, str], query: str, code: str
) -> None:
    async with connected(app, owner) as socket:
        await socket.init()
        socket.subscribe(query, "wrong")
        error = await socket.next()
        socket.subscribe(QUERY, "wrong", id="graph_1")
        again = await socket.next()

    assert (error["id"], error["type"]) == ("wrong", "error")
    assert [each["extensions"]["code"] for each in error["payload"]] == [code]
    assert payload_of(again, "wrong") == {"graph": {"id": "graph_1"}}


@pytest.mark.parametrize(
    ("messages", "code", "reason"),
    [
        (["{"], 4400, "The message is not JSON: unexpected end of data"),
        (["[]"], 4400, NO_OBJECT),
        ([b"{}"], 4400, "Send messages as text, not as binary data."),
        (["[" * 100], 4400, "The message is nested deeper than 64 levels."),
        ([{}], 4400, WRONG_TYPE),
        ([{"type": "start", "id": "1"}], 4400, WRONG_TYPE),
        ([{"type": "connection_ack"}], 4400, WRONG_TYPE),
        ([{**INIT, "payload": []}], 4400, "The payload of connection_init must be a JSON object."),
        ([INIT, {"type": "complete"}], 4400, "The id must be a string of 1 to 256 characters."),
        ([INIT, {"type": "subscribe", "id": "", "payload": {}}], 4400, "The id must be a string"),
        ([INIT, {"type": "subscribe", "id": "1"}], 4400, "The payload of subscribe must be"),
        ([INIT, {"type": "subscribe", "id": "1", "payload": {}}], 4400, "The parameter query is"),
        (["x" * 1_000_001], 1009, "A message may have 1000000 bytes."),
        ([{"type": "subscribe", "id": "1", "payload": {"query": "{x}"}}], 4401, "Unauthorized"),
        ([INIT, INIT], 4429, "Too many initialisation requests"),
    ],
)
async def test_a_message_that_breaks_the_protocol_closes_the_socket(
    app: Starlette, owner: dict[str, str], messages: list[Any], code: int, reason: str
) -> None:
    async with connected(app, owner) as socket:
        for message in messages:
            socket.send(message)
        answer = await socket.next()
        if isinstance(answer, dict):  # an acknowledgement
            answer = await socket.next()

    assert answer[0] == code
    assert answer[1].startswith(reason)


async def test_an_id_in_use_and_another_subprotocol_close_the_socket(
    app: Starlette, owner: dict[str, str]
) -> None:
    async with connected(app, owner) as socket:
        await socket.init()
        socket.subscribe(EVENTS, "1")
        socket.subscribe(EVENTS, "1")
        assert await socket.next() == (4409, "Subscriber for 1 already exists")
    async with connected(app, owner, "graphql-ws") as socket:
        assert await socket.next() == (4406, "The subprotocol must be graphql-transport-ws.")
    assert app.state.subscriptions.slots.used == {}


async def test_a_socket_without_init_is_closed(fresh_app: Starlette) -> None:
    limit(fresh_app, init_seconds=0)
    async with connected(fresh_app, {}) as socket:
        assert await socket.next() == (4408, "Connection initialisation timeout")


@pytest.mark.parametrize(
    ("payload", "answer"),
    [
        ({"apiKey": "KEY"}, ACKNOWLEDGED),
        ({"Authorization": "Bearer KEY"}, ACKNOWLEDGED),
        ({"authorization": "Bearer KEY", "apiKey": "KEY"}, 4403),
        ({"authorization": 1}, 4403),
        ({"apiKey": "wrong"}, 4403),
        (None, 4403),
    ],
)
async def test_init_may_bring_the_credential(
    app: Starlette, owner: dict[str, str], payload: Any, answer: Any
) -> None:
    key = owner["Authorization"].removeprefix("Bearer ")
    async with connected(app, {}) as socket:
        answered = await socket.init(
            payload and json.loads(json.dumps(payload).replace("KEY", key))
        )

    assert answered == answer if isinstance(answer, dict) else answered[0] == answer


@pytest.mark.parametrize(
    ("origin", "answer"),
    [("http://127.0.0.1", ACKNOWLEDGED), ("http://evil.example", None), (None, None)],
)
async def test_a_cookie_counts_from_pages_of_this_site_alone(
    app: Starlette, owner: dict[str, str], client: Any, origin: str | None, answer: Any
) -> None:
    key = owner["Authorization"].removeprefix("Bearer ")
    login = await client.post("/auth/login", json={"api_key": key})
    headers = {"Cookie": f"jackfield_dashboard={login.cookies['jackfield_dashboard']}"}
    if origin is not None:
        headers["Origin"] = origin
    async with connected(app, headers) as socket:
        answered = await socket.init()

    assert answered == answer if answer else answered[0] == 4403


async def test_a_revoked_key_closes_its_sockets(
    fresh_app: Starlette, fresh_graphql: GraphQL, member: dict[str, str]
) -> None:
    create = 'mutation { createApiKey(input: {name: "Live"}) { secret apiKey { id } } }'
    created = (await fresh_graphql(create))["data"]["createApiKey"]
    limit(fresh_app, look_seconds=0.01)
    async with connected(fresh_app, {}) as socket, connected(fresh_app, member) as other:
        await socket.init({"apiKey": created["secret"]})
        await other.init()
        socket.subscribe(EVENTS)
        revoke = "mutation ($id: ID!) { revokeApiKey(input: {id: $id}) { apiKey { isActive } } }"
        await fresh_graphql(revoke, {"id": created["apiKey"]["id"]})
        closed = await socket.next()
        while not isinstance(closed, tuple):
            closed = await socket.next()
        other.send({"type": "ping"})
        pong = await other.next()

    assert closed == (4403, "Invalid API key")
    assert pong == {"type": "pong"}
    assert fresh_app.state.subscriptions.slots.used == {}


async def test_operations_are_bounded_by_socket_and_by_organization(
    fresh_app: Starlette, member: dict[str, str]
) -> None:
    limit(fresh_app, operations=2)
    fresh_app.state.subscriptions.slots.most = 1
    async with connected(fresh_app, member) as socket:
        await socket.init()
        for number in range(3):
            socket.subscribe(EVENTS, str(number))
        errors: dict[str, Any] = {}
        for _ in range(2):
            error = await socket.next()
            errors[error["id"]] = error["payload"][0]
        over_operations = errors.pop("2")
        (over_slots,) = errors.values()

    assert over_slots["message"].startswith("1 subscriptions of your organization run already")
    assert over_operations["message"] == "2 operations run already; end some."
    for error in (over_slots, over_operations):
        assert error["extensions"]["code"] == "RATE_LIMITED"
        assert error["extensions"]["retry_after"] == 2


async def test_who_reads_too_slowly_is_closed_with_a_code(
    fresh_app: Starlette, member: dict[str, str]
) -> None:
    """One answer is being sent, and another one is more than may wait behind it."""
    limit(fresh_app, queued_bytes=10)
    async with connected(fresh_app, member) as socket:
        await socket.init()
        socket.is_reading.clear()
        socket.subscribe(QUERY, "1", id="graph_1")
        socket.subscribe(QUERY, "2", id="graph_1")
        while (await socket.waiting.get())["type"] != "websocket.close":
            pass
        socket.is_reading.set()
        closed = await socket.next()

    assert closed == (1013, "You receive more slowly than there is news.")


async def test_a_gateway_that_ends_asks_its_clients_to_come_again(
    fresh_app: Starlette, member: dict[str, str]
) -> None:
    async with connected(fresh_app, member) as idle, connected(fresh_app, member) as busy:
        await idle.init()
        await busy.init()
        busy.subscribe(EVENTS)
        busy.send({"type": "ping"})
        await busy.next()
        requests: RunningRequests = fresh_app.state.requests
        requests.end_all()
        closed = await asyncio.gather(idle.next(), busy.next())

    assert [code for code, _ in closed] == [1012, 1012]
    assert fresh_app.state.subscriptions.slots.used == {}
