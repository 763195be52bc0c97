"""Kills the gateway and PostgreSQL for real, a few times; and what the comparison finds."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest

from benchmarks.live.endpoints import SETTINGS, Endpoint
from benchmarks.live.follower import CALLS, EVERYTHING, Event, Follower, wrong
from benchmarks.live.kills import Kills, Outcome, Size, Victim
from benchmarks.live.report import markdown
from benchmarks.postgres import running
from gql.database import Database
from gql.demo import load_demo
from gql.migrations.runner import migrate
from tests.databases import Databases, Kind, settings_for, without_settings
from tests.live import KilledServer
from tests.webhooks.receivers import Received

SMALL = Size(writes=120, writers=4, calls=20, followers=4, kills=1)
OTHER = Event("4-4", "CALL_UPDATED", "call_2")
FIRST, SECOND, THIRD = (Event(f"{n}-{n}", "CALL_UPDATED", "call_1") for n in (1, 2, 3))


@dataclass(frozen=True)
class Store:
    """A database that may be killed."""

    url: str
    victims: tuple[Victim, ...]


@pytest.fixture
async def store(kind: Kind, databases: Databases, tmp_path: Path) -> AsyncIterator[Store]:
    with ExitStack() as stack:
        if kind == "sqlite":
            yield Store(f"sqlite:///{tmp_path}/killed.db", ())
            return
        postgres = stack.enter_context(running(databases.folder / "killed"))
        postgres.sql("CREATE DATABASE killed;")
        postgres.sql("ALTER DATABASE killed SET synchronous_commit = on;")
        victim = Victim("PostgreSQL", lambda: asyncio.to_thread(postgres.kill))
        yield Store(postgres.url("killed"), (victim,))


async def test_nobody_misses_anything_when_all_are_killed(store: Store, tmp_path: Path) -> None:
    database = Database(settings_for(store.url))
    await migrate(database.engine)
    first, second = await load_demo(database, organizations=2, scale="small", seed=1)
    server = KilledServer(
        {**without_settings(), **SETTINGS, "GQL_DATABASE_URL": store.url}, tmp_path / "output"
    )

    async def kill() -> None:
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)

    await asyncio.to_thread(server.start)
    try:
        keys = {1: first.api_key, 2: second.api_key}
        victims = (Victim("the gateway", kill), *store.victims)
        outcome = await Kills(server.port, keys, database, victims, SMALL).run()
    finally:
        server.kill()
        await database.close()

    assert outcome.problems == []
    assert outcome.acknowledged >= SMALL.writes
    assert outcome.events >= outcome.acknowledged
    assert outcome.followers == {"Server-Sent Events": 4, "WebSocket": 4}
    assert all(number > 4 for number in outcome.connections.values())
    assert sum(outcome.kills.values()) == len(victims)
    assert len(outcome.endpoints) == 5
    received, repeated, refused = zip(*outcome.endpoints.values(), strict=True)
    assert sum(received) - sum(repeated) >= outcome.events
    assert sum(refused) > 0


def follower(query: str = EVERYTHING) -> Follower:
    return Follower("F", "WebSocket", "key", query, Random(1))  # noqa: S311 -- no secret


def follower_of(*events: Event, query: str = EVERYTHING) -> Follower:
    """A follower that was told these events, by answers."""
    own = follower(query)
    for event in events:
        change: dict[str, Any] = {"eventId": event.id, "kind": event.kind}
        own.take(None, {"data": {"events": {**change, "changedId": event.object_id}}})
    return own


@pytest.mark.parametrize(
    ("own", "problems"),
    [
        (follower_of(FIRST, SECOND, THIRD), []),
        (follower_of(FIRST, SECOND, SECOND, THIRD), []),  # a repeat, with the same id
        (follower_of(FIRST, THIRD), ["F: 1 events missing, 0 that are not there"]),
        (
            follower_of(FIRST, SECOND._replace(id="2-7"), THIRD),
            ["F: 1 events missing, 1 that are not there"],
        ),
        (
            follower_of(SECOND, FIRST, THIRD),
            ["F: 1-1 after 2-2", "F: 0 events missing, 0 that are not there, in another order"],
        ),
    ],
)
def test_what_is_told_otherwise_is_found(own: Follower, problems: list[str]) -> None:
    assert list(wrong(own, [FIRST, SECOND, THIRD])) == problems


def test_an_older_state_after_a_newer_one_is_found() -> None:
    own = follower(CALLS)
    for event, number in ((FIRST, 1), (SECOND, 3), (THIRD, 2)):
        change = {"eventId": event.id, "kind": event.kind, "callId": "call_1"}
        own.take(event.id, {"data": {"callChanged": {**change, "call": {"meta": {"n": number}}}}})

    assert list(wrong(own, [FIRST, SECOND, THIRD])) == [
        "F: an older state of call_1 after a newer one: [1, 3, 2]"
    ]


@pytest.mark.parametrize(
    ("answer", "goes_on", "problems"),
    [
        ({"message": "Try again.", "extensions": {"code": "UNAVAILABLE"}}, False, []),
        (
            {"message": "Gone.", "extensions": {"code": "RESYNC_REQUIRED"}},
            False,
            ["F: Gone."],
        ),
    ],
)
def test_a_gap_that_is_said_is_a_problem_here(
    answer: dict[str, Any], goes_on: bool, problems: list[str]
) -> None:
    own = follower()

    assert own.take(None, {"errors": [answer]}) is goes_on
    assert own.problems == problems


def webhook(event: Event, number: int = 1, *, named: str | None = None) -> Received:
    change = {"eventId": event.id, "kind": event.kind, "callId": event.object_id}
    data = {"callChanged": {**change, "call": {"meta": {"n": number}}}}
    return Received({"webhook-id": named or event.id}, json.dumps({"data": data}).encode())


def endpoint() -> Endpoint:
    return Endpoint("E", None, Random(1))  # noqa: S311 -- no secret


@pytest.mark.parametrize(
    ("webhooks", "problems"),
    [
        ([webhook(FIRST), webhook(SECOND), webhook(OTHER)], []),
        ([webhook(OTHER), webhook(FIRST), webhook(FIRST), webhook(SECOND)], []),
        (
            [webhook(FIRST), webhook(OTHER)],
            ["E: 1 events missing, 0 that are not there"],
        ),
        (
            [webhook(FIRST), webhook(SECOND), webhook(FIRST), webhook(OTHER)],
            ["E: events of call_1 in another order: [1, 2, 1]"],
        ),
        (
            [webhook(FIRST, 2), webhook(SECOND, 1), webhook(OTHER)],
            ["E: an older state of call_1 after a newer one: [2, 1]"],
        ),
        (
            [webhook(FIRST, named="9-9"), webhook(SECOND), webhook(OTHER)],
            ["E: 1-1 came as 9-9"],
        ),
    ],
)
async def test_what_an_endpoint_is_told_otherwise_is_found(
    webhooks: list[Received], problems: list[str]
) -> None:
    own = endpoint()
    for each in webhooks:
        await own.answer(each)

    assert list(own.wrong([FIRST, SECOND, OTHER])) == problems
    assert own.repeated == len(webhooks) - len(set(own.received))


async def test_a_failing_endpoint_refuses_half_and_takes_it_in_the_end() -> None:
    own = endpoint()
    own.failing = True
    events = [Event(f"{n}-{n}", "CALL_UPDATED", f"call_{n}") for n in range(1, 101)]
    first = [(await own.answer(webhook(each))).status for each in events]
    again = [(await own.answer(webhook(each))).status for each in events]

    assert first.count(503) == own.refused
    assert 30 <= own.refused <= 70
    assert again == [204] * len(events)
    assert list(own.wrong(events)) == []


async def test_an_endpoint_that_is_told_an_error_says_so() -> None:
    own = endpoint()
    body = {"data": None, "errors": [{"message": "Gone."}]}
    await own.answer(Received({"webhook-id": "1-1"}, json.dumps(body).encode()))

    assert own.problems == ["E: [{'message': 'Gone.'}]"]


def test_an_event_under_another_id_is_found() -> None:
    own = follower()
    own.take("7-7", {"data": {"events": {"eventId": "1-1", "kind": "X", "changedId": "call_1"}}})

    assert own.problems == ["F: 1-1 came as 7-7"]


def test_the_report_says_whether_it_is_passed() -> None:
    outcome = Outcome(acknowledged=3, events=3)

    assert "Nobody missed anything." in markdown("sqlite", outcome)
    outcome.problems.append("something")
    assert "- PROBLEM: something" in markdown("sqlite", outcome)
