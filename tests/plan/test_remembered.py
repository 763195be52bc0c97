"""What the engine remembers is bounded, and known documents outlive a flood of new ones."""

from collections.abc import AsyncIterator

import pytest

from gql.plan.remembered import Remembered
from gql.plan.statement import MOST_FAILURES, Statement
from tests.databases import Copy
from tests.plan.both_ways import BothWays, both_ways
from tests.plan.documents import Document


@pytest.fixture
async def ways(fresh: Copy) -> AsyncIterator[BothWays]:
    async with both_ways(fresh) as ways:
        yield ways


def test_a_flood_of_new_things_does_not_push_out_known_ones() -> None:
    remembered: Remembered[str] = Remembered(100, len)
    remembered.put("known", "x" * 10)
    assert remembered.get("known")

    for number in range(10_000):
        remembered.put(number, "y" * 10)

    assert remembered.get("known") == "x" * 10
    assert remembered.weight <= 100
    assert len(remembered) == 3


def test_a_thing_that_is_too_large_is_not_remembered() -> None:
    remembered: Remembered[str] = Remembered(100, len)

    for _ in range(3):
        remembered.put("large", "x" * 90)

    assert remembered.get("large") is None


def test_a_thing_too_heavy_for_the_small_room_is_remembered_the_second_time() -> None:
    remembered: Remembered[str] = Remembered(100, len)
    remembered.put("known", "x" * 10)
    assert remembered.get("known")

    remembered.put("heavy", "y" * 50)
    assert remembered.get("heavy") is None
    remembered.put("heavy", "y" * 50)
    assert remembered.get("heavy") == "y" * 50


def test_a_flood_of_heavy_things_does_not_push_out_known_ones() -> None:
    remembered: Remembered[str] = Remembered(100, len)
    remembered.put("known", "x" * 10)
    assert remembered.get("known")

    for number in range(10_000):
        remembered.put(number, "y" * 80)

    assert remembered.get("known") == "x" * 10
    assert (remembered.weight, len(remembered)) == (10, 1)


def test_a_statement_that_keeps_failing_rests_and_is_told_once() -> None:
    statement = Statement("SELECT 1", ())

    told = [statement.fail(lasting=True) for _ in range(MOST_FAILURES)]

    assert told == [True, False, False]
    assert statement.resting


def test_a_statement_does_not_rest_because_the_database_was_away() -> None:
    statement = Statement("SELECT 1", ())

    for _ in range(MOST_FAILURES):
        statement.fail(lasting=False)

    assert not statement.resting


async def test_new_documents_do_not_grow_memory(
    ways: BothWays, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = ways.engine
    for name, room in (("_plans", 100_000), ("_statements", 100_000), ("_again", 100_000)):
        remembered = getattr(engine, name)
        weigh, tell = remembered._weigh, remembered._tell  # noqa: SLF001
        monkeypatch.setattr(engine, name, Remembered(room, weigh, proven=tell))
    known = Document("{ graph(id: 1) { name } }", {})
    await ways.ask(known)
    await ways.ask(known)

    for number in range(60):
        await ways.ask(Document(f"{{ graph(id: 1) {{ k{number}: name }} }}", {}))

    for name in ("_plans", "_statements", "_again"):
        assert getattr(engine, name).weight <= 100_000
    monkeypatch.setattr("gql.plan.engine.compile_statement", None)
    assert (await ways.ask(known)).planned
    assert not (await ways.ask(Document("{ graph(id: 1) { new: name } }", {}))).planned
