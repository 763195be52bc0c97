"""What the engine remembers is bounded, and known documents outlive a flood of new ones."""

from collections.abc import AsyncIterator

import pytest

from gql.engine.bind import LookupVariant
from gql.engine.cache import SegmentedCache
from gql.engine.statement import MOST_FAILURES, Statement
from gql.engine.variants import MOST_VARIANTS, RecentVariants
from tests.databases import Copy
from tests.engine.both_ways import BothWays, both_ways
from tests.engine.documents import Document
from tests.engine.rest_fuzz import both_doors


@pytest.fixture
async def ways(fresh: Copy) -> AsyncIterator[BothWays]:
    async with both_ways(fresh) as ways:
        yield ways


def test_a_flood_of_new_things_does_not_push_out_known_ones() -> None:
    remembered: SegmentedCache[str] = SegmentedCache(100, len)
    remembered.put("known", "x" * 10)
    assert remembered.get("known")

    for number in range(10_000):
        remembered.put(number, "y" * 10)

    assert remembered.get("known") == "x" * 10
    assert remembered.weight <= 100
    assert len(remembered) == 3


def test_what_is_put_again_takes_the_place_of_what_was_known() -> None:
    remembered: SegmentedCache[str] = SegmentedCache(100, len)
    remembered.put("known", "old")
    assert remembered.get("known") == "old"

    remembered.put("known", "newer")

    assert remembered.get("known") == "newer"
    assert (remembered.weight, len(remembered)) == (5, 1)
    remembered.put("known", "x" * 101)
    assert remembered.get("known") is None
    remembered.put("new", "x")
    remembered.put("new", "x" * 101)
    assert remembered.get("new") is None


def test_a_thing_that_is_too_large_is_not_remembered() -> None:
    remembered: SegmentedCache[str] = SegmentedCache(100, len)

    for _ in range(3):
        remembered.put("large", "x" * 90)

    assert remembered.get("large") is None


def test_a_thing_too_heavy_for_the_small_room_is_remembered_the_second_time() -> None:
    remembered: SegmentedCache[str] = SegmentedCache(100, len)
    remembered.put("known", "x" * 10)
    assert remembered.get("known")

    remembered.put("heavy", "y" * 50)
    assert remembered.get("heavy") is None
    remembered.put("heavy", "y" * 50)
    assert remembered.get("heavy") == "y" * 50


def test_a_flood_of_heavy_things_does_not_push_out_known_ones() -> None:
    remembered: SegmentedCache[str] = SegmentedCache(100, len)
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


def test_a_thing_weighs_what_its_key_does_as_well() -> None:
    remembered: SegmentedCache[str] = SegmentedCache(100, len)

    remembered.put("light", "x", key_weight=10)
    remembered.put("heavy", "x", key_weight=50)

    assert remembered.weight == 11
    assert remembered.get("light") == "x"
    assert remembered.get("heavy") is None
    assert remembered.weight == 11


def test_a_thing_that_grows_weighs_more_until_it_is_too_large() -> None:
    remembered: SegmentedCache[str] = SegmentedCache(100, len)
    for name in ("new", "proven"):
        remembered.put(name, "x" * 5)
    remembered.get("proven")

    for name in ("new", "proven", "unknown"):
        remembered.grow(name, 10)

    assert remembered.weight == 30
    remembered.grow("new", 10)
    assert (remembered.get("new"), remembered.get("proven")) == (None, "x" * 5)
    assert remembered.weight == 15


def test_a_thing_is_forgotten_from_either_room() -> None:
    remembered: SegmentedCache[str] = SegmentedCache(100, len)
    for name in ("new", "proven"):
        remembered.put(name, "x")
    remembered.get("proven")

    for name in ("new", "proven", "unknown"):
        remembered.forget(name)

    assert len(remembered) == remembered.weight == 0


def test_the_shapes_of_a_plan_are_bounded_and_the_last_ones_stay() -> None:
    recent = RecentVariants()
    names = [LookupVariant(str(number)) for number in range(MOST_VARIANTS + 2)]

    forgotten = [recent.use((name,)) for name in [*names[:-2], names[0], *names[-2:], names[-1]]]

    assert [one for one in forgotten if one is not None] == [(names[1],), (names[2],)]
    assert len(recent) == MOST_VARIANTS


async def test_one_document_of_many_shapes_does_not_push_out_others(ways: BothWays) -> None:
    known = Document("{ graph(id: 1) { name } }", {})
    await ways.ask(known)
    names = ("callSid", "phone", "name", "status", "duration", "cost", "since", "direction")
    filters = (
        "callSid: {eq: $callSid}, customerPhone: {eq: $phone}, assistantName: {eq: $name},"
        " status: {eq: $status}, duration: {eq: $duration}, totalCost: {eq: $cost},"
        " startedAt: {gte: $since}, direction: {eq: $direction}"
    )
    query = f"""query($callSid: String, $phone: String, $name: String, $status: CallStatus,
        $duration: Int, $cost: Decimal, $since: DateTime, $direction: Direction)
        {{ calls(filter: {{{filters}}}) {{ totalCount }} }}"""
    given = ("CA1", "+1", "Sales", "COMPLETED", 5, "0.05", "2026-01-01T00:00:00Z", "INBOUND")

    for number in range(MOST_VARIANTS * 2):
        chosen = {
            name: value
            for place, (name, value) in enumerate(zip(names, given, strict=True))
            if number >> place & 1
        }
        answers = await ways.ask(Document(query, chosen))

        assert answers.planned
        assert answers.reference == answers.compiled

    assert len(ways.engine._statements.cache) == MOST_VARIANTS + 1  # noqa: SLF001
    assert (await ways.ask(known)).planned


async def test_new_documents_do_not_grow_memory(
    ways: BothWays, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = ways.engine
    statements = engine._statements  # noqa: SLF001
    places = ((engine, "_plans"), (statements, "cache"), (engine, "_requests"))
    for owner, name in places:
        remembered = getattr(owner, name)
        weigh, tell = remembered._weigh, remembered._on_promote  # noqa: SLF001
        monkeypatch.setattr(owner, name, SegmentedCache(100_000, weigh, on_promote=tell))
    known = Document("{ graph(id: 1) { name } }", {})
    await ways.ask(known)
    await ways.ask(known)

    for number in range(60):
        await ways.ask(Document(f"{{ graph(id: 1) {{ k{number}: name }} }}", {}))

    for owner, name in places:
        assert getattr(owner, name).weight <= 100_000
    monkeypatch.setattr("gql.engine.statement_cache.compile_statement", None)
    assert (await ways.ask(known)).planned
    assert not (await ways.ask(Document("{ graph(id: 1) { new: name } }", {}))).planned


async def test_new_addresses_do_not_grow_memory(
    fresh: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with both_doors(fresh) as doors:
        reads, reader = doors.reads, doors.reader
        places = ((reads.statements, "cache"), (reader, "_prepared"))
        for owner, name in places:
            remembered = getattr(owner, name)
            weigh, tell = remembered._weigh, remembered._on_promote  # noqa: SLF001
            monkeypatch.setattr(owner, name, SegmentedCache(150_000, weigh, on_promote=tell))
        known = "/api/v1/calls/101"
        for address in (known, known, *(f"/api/v1/calls?skip={n}&limit=1" for n in range(60))):
            await doors.plans.get(address)

        for owner, name in places:
            assert 0 < getattr(owner, name).weight <= 150_000
        before = reads.counts.compiled
        monkeypatch.setattr("gql.engine.statement_cache.compile_statement", None)
        assert (await doors.plans.get(known)).status_code == 200
        assert reads.counts.compiled == before + 1
        assert (await doors.plans.get("/api/v1/calls?status=failed")).status_code == 200
        assert reads.counts.compiled == before + 1
