"""What an event shows is read by a plan: the same as resolvers read, by one statement."""

from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from gql.database import Database
from gql.errors import DatabaseUnavailable, GatewayError
from gql.events.numbering import number_events
from gql.events.reading import StoredEvent, read_events
from gql.schema.endpoint import GraphQLEndpoint
from gql.schema.event_answers import EventAnswers
from gql.schema.schema import schema
from gql.webhooks.writes import reader_of
from tests.conftest import Counting
from tests.databases import Copy, settings_for
from tests.events.test_written import MESSAGE, TRANSCRIPT

WRITES = (
    "UPDATE call SET graph_name = 'Other' WHERE organization_id = 1 AND id = 101",
    "UPDATE assistant_graph SET name = 'Other' WHERE organization_id = 1 AND id = 1",
    "UPDATE graph_session SET is_active = NOT is_active WHERE organization_id = 1 AND graph_id = 1",
    MESSAGE.format(channel="sms"),
    TRANSCRIPT,
    """DELETE FROM call WHERE organization_id = 1 AND id = (
        SELECT max(id) FROM call WHERE organization_id = 1 AND channel = 'voice')""",
)
BY_PLAN: dict[str, tuple[str, int]] = {
    "the event alone": ("{ events { eventId kind at changedId __typename } }", 0),
    "a call": (
        """{ callChanged { eventId kind at callId call {
            id callSid status duration meta cost { total currency } assistant { id name }
            messages(first: 2) { totalCount nodes { role content } } } } }""",
        1,
    ),
    "a session": (
        """{ graphSessionChanged { graphSession {
            id callSid isActive graph { name } currentNode { id assistant { name } } } kind } }""",
        1,
    ),
    "a graph": (
        """{ change: graphChanged(graphId: "graph_1") { __typename graph {
            name nodes { id nodeType assistant { name } } edges { id from { id } } }
            number: eventId } }""",
        1,
    ),
    "a message and its conversation": (
        """{ smsMessageAdded { kind message { id role content }
            conversation { id messages(first: 1) { nodes { id content } } } } }""",
        1,
    ),
    "what is said": (
        "{ transcriptChanged { at transcript { id content isFinal } call { id status } } }",
        1,
    ),
    "fragments, aliases and variables": (
        """Followed($most: Int = 1, $with: Boolean! = true, $without: Boolean! = false) {
            callChanged { ...Change ... on CallChange { a: call @include(if: $with) {
                messages(first: $most) { nodes { role } } } }
                b: call @skip(if: $with) { id } at } }
        fragment Change on CallChange { kind a: call { ...Own } }
        fragment Own on Call { id callSid @skip(if: $without) assistant { ...Name } }
        fragment Name on Assistant { name }""",
        1,
    ),
    "the same call twice": ("{ callChanged { a: call { id } b: call { callSid } } }", 1),
}
BY_RESOLVERS: dict[str, str] = {
    "values of the event between objects": "{ callChanged { call { id } kind b: call { id } } }",
    "a filter": """{ callChanged(filter: {callSid: {ne: "x"}}, includeNotMatching: true) {
        kind call { id callSid } } }""",
}


@dataclass
class Answering:
    """A gateway that answers events by itself."""

    database: Database
    copy: Copy

    async def answers(self, document: str, *, compiled: bool = True) -> EventAnswers:
        async def nobody(_scope: Any) -> GatewayError:
            return GatewayError("nobody is asked for")

        settings = settings_for(self.copy.url, compiled=compiled)
        endpoint = GraphQLEndpoint(schema, self.database, settings, identify=nobody)
        return await endpoint.subscription_reader.event_answers(
            f"subscription {document}", reader_of(1)
        )

    async def events(self, answers: EventAnswers) -> list[StoredEvent]:
        """What a document tells of the writes."""
        if not self.database.embedded:
            await number_events(self.database.engine)
        events = await read_events(self.database, 1, 0)
        return [event for event in events if answers.passes(event)]


@pytest.fixture
async def answering(fresh_database: Database, fresh: Copy) -> Answering:
    for write in WRITES:
        async with fresh_database.transaction() as connection:
            await connection.execute(text(write))
    return Answering(fresh_database, fresh)


@pytest.mark.parametrize("name", [*BY_PLAN, *BY_RESOLVERS])
async def test_a_plan_reads_what_resolvers_read(name: str, answering: Answering) -> None:
    document = BY_PLAN[name][0] if name in BY_PLAN else BY_RESOLVERS[name]
    by_plan = await answering.answers(document)
    by_resolvers = await answering.answers(document, compiled=False)
    events = await answering.events(by_plan)
    answers = [await by_plan.answer(event) for event in events]

    assert (by_plan.query is not None) == (name in BY_PLAN)
    assert answers
    assert None not in answers
    assert answers == [await by_resolvers.answer(event) for event in events]
    assert all("errors" not in orjson.loads(answer or b"") for answer in answers)


@pytest.mark.parametrize("name", BY_PLAN)
async def test_it_is_one_statement(
    name: str,
    answering: Answering,
    fresh_statements: Counting,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The log of SQLite has what resolvers send, and not what plans do; that of PostgreSQL both."""
    document, number = BY_PLAN[name]
    answers, database = await answering.answers(document), answering.database
    events = await answering.events(answers)
    for event in events:
        await answers.answer(event)  # what is made once is there
    fetch_value, fetched = database.fetch_value, []

    def fetch(sql: str, *arguments: Any, **options: Any) -> Any:
        fetched.append(sql)
        return fetch_value(sql, *arguments, **options)

    monkeypatch.setattr(database, "fetch_value", fetch)
    with fresh_statements() as ran:
        for event in events:
            await answers.answer(event)

    assert len(fetched) == number * len(events)
    assert ran.count == (0 if database.embedded else len(fetched))


async def test_a_call_that_is_gone_is_null(answering: Answering) -> None:
    answers = await answering.answers("{ callChanged { kind call { id } } }")
    printed = [
        orjson.loads(await answers.answer(each) or b"") for each in await answering.events(answers)
    ]

    assert printed == [
        {"data": {"callChanged": {"kind": "CALL_UPDATED", "call": {"id": "call_101"}}}},
        {"data": {"callChanged": {"kind": "CALL_DELETED", "call": None}}},
    ]


async def test_a_database_that_is_away_fails_the_answer(
    answering: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any, **__: Any) -> bytes:
        raise DatabaseUnavailable("It restarts.")

    answers = await answering.answers("{ callChanged { call { id } } }")
    (event, *_) = await answering.events(answers)
    monkeypatch.setattr(answering.database, "fetch_value", fail)

    with pytest.raises(DatabaseUnavailable):
        await answers.answer(event)
