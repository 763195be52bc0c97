"""Subscriptions over Server-Sent Events: what they tell, from where, to whom."""

from typing import Any

import pytest
from starlette.applications import Starlette

from gql.schema.event_stream import EventStream
from tests.conftest import GraphQL, bearer
from tests.databases import Copy
from tests.events.spoken import SpokenCall
from tests.events.sse import following

RENAME = """mutation ($name: String!) {
    updateGraph(input: {id: "1", name: $name}) { graph { id } userErrors { message } } }"""
GRAPHS = """subscription ($after: String, $graph: ID) {
    graphChanged(after: $after, graphId: $graph) { eventId kind graph { id name } } }"""
EVENTS = """subscription ($after: String, $kinds: [EventKind!]) {
    events(after: $after, kinds: $kinds) { eventId kind changedId } }"""
SEGMENTS = """subscription ($call: ID) { transcriptChanged(callId: $call) {
    kind transcript { content isFinal } call { callSid } } }"""
META = """mutation { updateCallMeta(input: {id: "101", meta: {seen: true}}) { call { id } } }"""


@pytest.fixture
def member(fresh: Copy) -> dict[str, str]:
    """Headers of a member of the first organization."""
    return bearer(fresh.organizations[0])


async def test_a_subscription_tells_what_is_written_and_only_that(
    fresh_app: Starlette, fresh_graphql: GraphQL, member: dict[str, str]
) -> None:
    async with following(fresh_app, GRAPHS, member, graph="graph_1") as source:
        start = await source.started
        await fresh_graphql(META)
        await fresh_graphql(RENAME, {"name": "First"})
        events = (await source.next())["data"]["graphChanged"]

    assert (start["status"], dict(start["headers"])[b"content-type"]) == (
        200,
        b"text/event-stream; charset=utf-8",
    )
    assert events == {
        "eventId": source.last_id,
        "kind": "GRAPH_UPDATED",
        "graph": {"id": "graph_1", "name": "First"},
    }


async def test_what_is_said_in_a_call_is_told_segment_by_segment(
    fresh_app: Starlette, fresh_graphql: GraphQL, member: dict[str, str]
) -> None:
    call, other = SpokenCall(fresh_graphql), SpokenCall(fresh_graphql, "CA-other")
    await call.begin()
    await other.begin()
    changes = []
    async with following(fresh_app, SEGMENTS, member, call=call.id) as source:
        await source.started
        await other.say("of somebody else")
        for words, is_final in (("I need", False), ("I need help", True)):
            await call.say(words, isFinal=is_final, rank=int(is_final))
            changes.append((await source.next())["data"]["transcriptChanged"])

    assert changes == [
        {
            "kind": kind,
            "transcript": {"content": words, "isFinal": is_final},
            "call": {"callSid": "CA-live"},
        }
        for kind, words, is_final in (
            ("TRANSCRIPT_CREATED", "I need", False),
            ("TRANSCRIPT_UPDATED", "I need help", True),
        )
    ]


async def test_who_was_away_is_told_everything_once_and_in_order(
    fresh_app: Starlette, fresh_graphql: GraphQL, member: dict[str, str]
) -> None:
    async with following(fresh_app, EVENTS, member) as source:
        await fresh_graphql(RENAME, {"name": "1"})
        first = (await source.next())["data"]["events"]
    for number in range(2, 5):
        await fresh_graphql(RENAME, {"name": str(number)})
    away = {**member, "Last-Event-ID": str(source.last_id)}
    async with following(fresh_app, EVENTS, away) as again:
        await fresh_graphql(META)
        events = [first, (await again.next())["data"]["events"]]
        while events[-1]["kind"] != "CALL_UPDATED":
            events.append((await again.next())["data"]["events"])
    async with following(fresh_app, EVENTS, member, after=first["eventId"]) as replay:
        replayed = [(await replay.next())["data"]["events"] for _ in events[1:]]

    numbers = [int(event["eventId"].partition("-")[0]) for event in events]
    assert numbers == list(range(numbers[0], numbers[0] + len(events)))
    assert {event["changedId"] for event in events} >= {"graph_1", "call_101"}
    assert replayed == events[1:]


@pytest.mark.parametrize("after", ["999999-1", "1-0", "0x1", "", "-1-1"])
async def test_a_cursor_that_leads_nowhere_is_said(
    fresh_app: Starlette, fresh_graphql: GraphQL, member: dict[str, str], after: str
) -> None:
    async with following(fresh_app, EVENTS, member) as source:
        await fresh_graphql(META)
        await source.next()
    async with following(fresh_app, EVENTS, member, after=after) as source:
        answer: Any = await source.next()
        end = await source.next()

    assert answer["errors"][0]["extensions"]["code"] == "RESYNC_REQUIRED"
    assert end is None


async def test_a_stranger_is_told_nothing(
    fresh_app: Starlette, fresh_graphql: GraphQL, fresh: Copy, member: dict[str, str]
) -> None:
    """Their first event is what they wrote themselves, and not what the others wrote before."""
    stranger = bearer(fresh.organizations[1])
    async with following(fresh_app, EVENTS, stranger) as theirs:
        async with following(fresh_app, EVENTS, member) as own:
            await fresh_graphql(META)
            assert (await own.next())["data"]["events"]["changedId"] == "call_101"
        create = 'mutation { createGraph(input: {name: "Theirs"}) { graph { id } } }'
        created = await fresh_graphql(create, headers=stranger)
        events = (await theirs.next())["data"]["events"]

    assert events["changedId"] == created["data"]["createGraph"]["graph"]["id"]
    assert events["eventId"].startswith("1-")


async def test_refusals_come_before_the_stream(
    fresh_app: Starlette, fresh_graphql: GraphQL, member: dict[str, str]
) -> None:
    fresh_app.state.subscriptions.slots.most = 1
    async with (
        following(fresh_app, EVENTS, member),
        following(fresh_app, EVENTS, member) as second,
    ):
        assert (await second.started)["status"] == 429
    async with following(fresh_app, EVENTS, {"Authorization": "Bearer no"}) as unknown:
        assert (await unknown.started)["status"] == 401
    async with following(fresh_app, GRAPHS, member, graph="call_1") as wrong:
        assert (await wrong.started)["status"] in {200, 400}
    plain = await fresh_graphql("subscription { events { eventId } }")
    assert plain["errors"][0]["message"] == (
        "Send subscriptions over a WebSocket, or with the header `Accept: text/event-stream`."
    )


async def test_a_subscription_that_ends_before_it_is_sent_leaves_its_slot(
    fresh_app: Starlette, member: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def leave(*_: object, **__: object) -> None:
        """As when the task is cancelled before its next step."""

    monkeypatch.setattr(EventStream, "send", leave)
    with pytest.raises(ConnectionError):
        async with following(fresh_app, EVENTS, member):
            pass

    assert fresh_app.state.subscriptions.slots.used == {}


async def test_who_was_told_nothing_yet_has_an_id_to_come_again_with(
    fresh_app: Starlette, fresh_graphql: GraphQL, member: dict[str, str]
) -> None:
    await fresh_graphql(META)
    async with following(fresh_app, EVENTS, member, after="0-0") as source:
        first = (await source.next())["data"]["events"]["eventId"]
    async with following(fresh_app, GRAPHS, member, after=first) as source:
        begin = await source.part()
    async with following(fresh_app, GRAPHS, member) as source:
        now = await source.part()

    assert begin == now == {"id": first, "retry": "1000"}
