"""`callChanged(filter)`: the calls of `calls(filter)`, by what they are when it is told."""

import json
from typing import Any

import pytest
from sqlalchemy import text
from starlette.applications import Starlette

from gql.database import Database
from gql.engine.listed_records import _select_record
from gql.query.record_list import RecordList, RowSource
from tests.conftest import GraphQL, bearer
from tests.databases import Copy
from tests.events.sockets import connected
from tests.events.sse import following

CALLS = """subscription ($after: String, $filter: CallFilter, $others: Boolean! = false) {
    callChanged(after: $after, filter: $filter, includeNotMatching: $others) {
        eventId kind callId call { id status meta } } }"""
LISTED = "query ($filter: CallFilter) { calls(first: 100, filter: $filter) { nodes { id } } }"
META = """mutation ($id: ID!, $stage: String!) {
    updateCallMeta(input: {id: $id, meta: {stage: $stage}}) { call { id } } }"""
FROM_THE_START = "0-0"
OPEN = {"meta": {"key": "stage", "eq": "open"}}

FILTERS: list[dict[str, Any]] = [
    {},
    {"status": {"eq": "COMPLETED"}},
    {"status": {"in": ["FAILED", "ONGOING"]}, "direction": {"eq": "INBOUND"}},
    {"assistantName": {"contains": "E"}},
    {"none": [{"assistantName": {"contains": "e"}}, {"duration": {"gt": 100}}]},
    {"any": [{"totalCost": {"gt": "0.01"}}, {"status": {"eq": "FAILED"}}]},
    {"customerPhoneNumber": {"contains": "+1"}},
    {"startedAt": {"gte": "2025-01-01T00:00:00Z"}, "duration": {"lte": 200}},
    {"meta": {"key": "seen", "eq": "true"}},
    {"callSid": {"eq": "nobody's"}},
]
TOUCHED = 12
TOUCH_ALL = text(
    "UPDATE call SET graph_name = coalesce(graph_name, '') || '.'"
    " WHERE organization_id = 1 AND channel = 'voice'"
    " AND id IN (SELECT id FROM call WHERE organization_id = 1 AND channel = 'voice'"
    " ORDER BY started_at DESC, id DESC LIMIT 12)"
)


@pytest.fixture
def member(fresh: Copy) -> dict[str, str]:
    """Headers of a member of the first organization."""
    return bearer(fresh.organizations[0])


async def touch(database: Database, statement: Any, **values: Any) -> None:
    async with database.transaction() as connection:
        await connection.execute(statement, values)


async def changes(
    app: Starlette, headers: dict[str, str], number: int, **variables: Any
) -> list[Any]:
    """What a subscription tells of the events so far: so many of them."""
    async with following(app, CALLS, headers, after=FROM_THE_START, **variables) as source:
        return [(await source.next())["data"]["callChanged"] for _ in range(number)]


async def test_it_tells_of_the_calls_that_the_list_has(
    fresh_app: Starlette,
    fresh_database: Database,
    fresh_graphql: GraphQL,
    member: dict[str, str],
) -> None:
    """The list is read by a compiled statement, the call of an event by a loader."""
    await touch(fresh_database, TOUCH_ALL)
    everything = await changes(fresh_app, member, TOUCHED)
    touched = [change["callId"] for change in everything]
    expected_of = []
    for each in FILTERS:
        answer = await fresh_graphql(LISTED, {"filter": each})
        assert "data" in answer, (each, answer)
        listed = {node["id"] for node in answer["data"]["calls"]["nodes"]}
        expected = [call for call in touched if call in listed]
        all_received = await changes(fresh_app, member, TOUCHED, filter=each, others=True)

        assert [change["callId"] for change in all_received] == touched
        assert [change["call"] and change["callId"] for change in all_received] == [
            call if call in listed else None for call in touched
        ], each
        expected_of.append(expected)

    status = FILTERS[1]
    received = await changes(fresh_app, member, len(expected_of[1]), filter=status)
    assert [change["call"]["id"] for change in received] == expected_of[1]
    assert len(set(touched)) == TOUCHED
    assert {0, TOUCHED} < set(map(len, expected_of))


async def test_the_statement_is_built_once_for_filters_that_differ_in_values(
    fresh_app: Starlette,
    fresh_database: Database,
    member: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await touch(fresh_database, TOUCH_ALL)
    statuses, built = ("COMPLETED", "FAILED", "ONGOING"), []
    rows = RecordList.rows

    def counting(records: RecordList, *arguments: Any) -> RowSource:
        built.append(records.conditions)
        return rows(records, *arguments)

    monkeypatch.setattr(RecordList, "rows", counting)
    _select_record.cache_clear()
    shown: dict[str, list[str]] = {}
    for status in statuses:
        call_filter = {"status": {"eq": status}, "callSid": {"ne": status}}
        received = await changes(fresh_app, member, TOUCHED, filter=call_filter, others=True)
        shown[status] = [each["call"]["status"] for each in received if each["call"]]

    assert len(built) == 1
    assert all(shown[status] == [status] * len(shown[status]) for status in statuses)
    assert {0} < set(map(len, shown.values()))


async def test_a_call_that_leaves_the_filter_is_told_to_who_asks_for_it(
    fresh_app: Starlette,
    fresh_database: Database,
    fresh_graphql: GraphQL,
    member: dict[str, str],
) -> None:
    async with (
        following(fresh_app, CALLS, member, filter=OPEN, others=True) as with_others,
        following(fresh_app, CALLS, member, filter=OPEN) as matching,
    ):
        received: list[Any] = []
        only: list[Any] = []
        for stage in ("open", "closed", "open"):
            await fresh_graphql(META, {"id": "101", "stage": stage})
            received.append((await with_others.next())["data"]["callChanged"])
            if stage == "open":  # before the next write: it is told by what the call is then
                only.append((await matching.next())["data"]["callChanged"])
        await touch(fresh_database, text("DELETE FROM call WHERE organization_id = 1 AND id = 101"))
        deletion = (await with_others.next())["data"]["callChanged"]

    stages = [each["call"] and each["call"]["meta"]["stage"] for each in received]
    assert stages == ["open", None, "open"]
    assert {each["callId"] for each in received} == {"call_101"}
    assert only == [received[0], received[2]]
    assert (deletion["kind"], deletion["callId"]) == ("CALL_DELETED", "call_101")
    assert deletion["call"] is None


async def test_it_is_the_same_over_a_websocket(
    fresh_app: Starlette, fresh_graphql: GraphQL, member: dict[str, str]
) -> None:
    async with connected(fresh_app, member) as socket:
        await socket.init()
        socket.subscribe(CALLS, "1", filter=OPEN, after=FROM_THE_START)
        for stage in ("closed", "open"):
            await fresh_graphql(META, {"id": "101", "stage": stage})
        message = await socket.next()

    change = message["payload"]["data"]["callChanged"]
    assert (change["callId"], change["call"]["id"]) == ("call_101", "call_101")
    assert change["call"]["meta"]["stage"] == "open"


@pytest.mark.parametrize(
    ("filter", "part"),
    [
        ({"status": None}, "`status` is null"),
        ({"assistantId": {"eq": "call_1"}}, "is not the id of an assistant"),
        ({"callSid": {"eq": "x" * 1_001}}, "has at most 1000 characters"),
        ({"nothing": 1}, "nothing"),
    ],
)
async def test_a_filter_that_cannot_be_used_is_refused_before_the_stream(
    app: Starlette, owner: dict[str, str], filter: Any, part: str
) -> None:
    async with connected(app, owner) as socket:
        await socket.init()
        socket.subscribe(CALLS, "1", filter=filter)
        error = await socket.next()

    assert error["type"] == "error"
    assert part in json.dumps(error["payload"][0]["message"])
    assert error["payload"][0]["extensions"]["code"] == "BAD_USER_INPUT"
