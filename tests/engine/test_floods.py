"""A flood of ever-new documents neither grows memory nor starves the documents that are known."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from gql.engine.cache import PROBATION_SHARE, SegmentedCache
from gql.engine.engine import Engine
from gql.engine.request import Request
from gql.engine.statement_cache import Statements
from gql.schema.documents import Documents
from tests.databases import Databases
from tests.engine.both_ways import BothWays, both_ways

FLOOD = 3_000
"""New documents; a tenth of them reads the database, which takes most of the time."""

AT_ONCE = 30
"""How many of them are asked at the same time."""

PAUSE = 0.005
"""Seconds between two uses of the known document."""

ROOM = 500_000
"""How much each kind of thing may weigh here: the flood would fill it several times."""

KNOWN = "query Known { call(by: {id: 101}) { callSid assistant { name } cost { total } } }"

FIELDS = (
    *("id", "databaseId", "callSid", "channel", "direction", "status", "customerPhoneNumber"),
    *("toPhoneNumber", "messageCount", "startedAt", "endedAt", "duration"),
)

Made = Counter[tuple[str, str]]
"""How often what was made of which document."""


def ever_new(number: int) -> str:
    """A document that no other number gives: other fields, another alias or another comment."""
    match number % 20:
        case 0:
            kept = [name for place, name in enumerate(FIELDS) if number + 20 >> place & 1]
            return f"{{ call(by: {{id: 101}}) {{ {' '.join(kept)} }} }}"
        case 1:
            return f"# {number}\n{{ call(by: {{id: 101}}) {{ id }} }}"
        case 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9:
            return f"# {number}\n{{ __typename }}"
        case _:
            return f"{{ key{number}: __typename }}"


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Made:
    """What is read, planned and compiled while the test runs."""
    made: Made = Counter()
    read, plan, make = Documents._read, Engine._planned, Statements.make  # noqa: SLF001

    def counting_read(self: Documents, text: str) -> Any:
        made["read", text] += 1
        return read(self, text)

    def counting_plan(self: Engine, request: Request, *rest: Any) -> Any:
        made["planned", request.text] += 1
        return plan(self, request, *rest)

    async def counting_make(self: Statements, key: Any, emit: Any, *rest: Any, **more: Any) -> Any:
        def counting_emit() -> Any:
            made["compiled", key[0][0]] += 1
            return emit()

        return await make(self, key, counting_emit, *rest, **more)

    monkeypatch.setattr(Documents, "_read", counting_read)
    monkeypatch.setattr(Engine, "_planned", counting_plan)
    monkeypatch.setattr(Statements, "make", counting_make)
    return made


@pytest.fixture
async def ways(made: Made, databases: Databases) -> AsyncIterator[BothWays]:  # noqa: ARG001 -- counts
    copy = await databases.copy("sqlite")
    async with both_ways(copy) as ways:
        yield ways
    await databases.drop(copy.url)


@pytest.fixture
def rooms(ways: BothWays, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, SegmentedCache[Any]]:
    """Where the application remembers things, made small."""
    places = {
        "documents": (ways.endpoint._documents, "_cache"),  # noqa: SLF001
        "plans": (ways.engine, "_plans"),
        "statements": (ways.engine._statements, "cache"),  # noqa: SLF001
        "requests": (ways.engine, "_requests"),
        "known": (ways.engine, "_documents"),
    }
    rooms: dict[str, SegmentedCache[Any]] = {}
    for name, (owner, attribute) in places.items():
        room = getattr(owner, attribute)
        rooms[name] = SegmentedCache(ROOM, room._weigh, on_promote=room._on_promote)  # noqa: SLF001
        monkeypatch.setattr(owner, attribute, rooms[name])
    return rooms


async def test_a_known_document_is_answered_through_a_flood(
    ways: BothWays, made: Made, rooms: Mapping[str, SegmentedCache[Any]]
) -> None:
    async def ask(document: str) -> Any:
        response = await ways.client.post("/graphql", json={"query": document})
        assert (response.status_code, list(response.json())) == (200, ["data"])
        return response.json()

    expected = await ask(KNOWN)
    assert await ask(KNOWN) == expected
    waiting = iter(range(FLOOD))

    async def flood() -> None:
        for number in waiting:
            await ask(ever_new(number))

    async def use() -> int:
        answered = 0
        while not flooded.done():
            assert await ask(KNOWN) == expected
            answered += 1
            await asyncio.sleep(PAUSE)
        return answered

    flooded = asyncio.gather(*(flood() for _ in range(AT_ONCE)))
    answered, _ = await asyncio.gather(use(), flooded)

    assert answered > FLOOD / AT_ONCE
    assert {what: made[what, KNOWN] for what in ("read", "planned", "compiled")} == {
        "read": 1,
        "planned": 1,
        "compiled": 1,
    }
    assert Counter(what for what, _ in made.elements()) == {
        "read": FLOOD + 1,
        "planned": FLOOD + 1,
        "compiled": FLOOD / 10 + 1,
    }
    assert not ways.engine.counts.resolved
    # What was asked once fills the small room and no more; beside it there is what is known.
    filled = {name: round(room.weight / ROOM, 1) for name, room in rooms.items()}
    assert filled == dict.fromkeys(rooms, PROBATION_SHARE)


async def test_what_many_ask_first_at_the_same_time_is_made_once_and_found_again(
    ways: BothWays, made: Made
) -> None:
    raw = json.dumps({"query": KNOWN}).encode()
    headers = {"content-type": "application/json"}

    async def ask() -> None:
        assert (await ways.client.post("/graphql", content=raw, headers=headers)).is_success

    await asyncio.gather(*(ask() for _ in range(AT_ONCE)))

    assert Counter(what for what, _ in made.elements()) == {
        "read": 1,
        "planned": 1,
        "compiled": 1,
    }
    for _ in range(3):
        assert ways.engine.cached(raw) is not None
