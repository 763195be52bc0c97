"""What the engine keeps is bounded, and what is used again outlives a flood of what is not."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from graphql import parse

from gql.engine import plan
from gql.engine.cache import SegmentedCache
from gql.engine.document import MOST_PLANS, Document
from gql.engine.statement import MOST_FAILURES, Statement
from tests.databases import Copy
from tests.engine import random_documents
from tests.engine.differential import DifferentialClient, cached, differential_client


@pytest.fixture
async def differential(fresh: Copy) -> AsyncIterator[DifferentialClient]:
    async with differential_client(fresh) as differential:
        yield differential


def test_a_flood_of_new_values_does_not_push_out_one_that_was_read_again() -> None:
    cache: SegmentedCache[str] = SegmentedCache(100, len)
    cache.put("hot", "x" * 10)
    assert cache.get("hot")

    for number in range(10_000):
        cache.put(number, "y" * 10)

    assert cache.get("hot") == "x" * 10
    assert cache.weight == 30
    assert len(cache) == 3


def test_the_newest_value_of_a_key_is_kept() -> None:
    cache: SegmentedCache[str] = SegmentedCache(100, len)
    cache.put("key", "old")
    assert cache.get("key") == "old"

    cache.put("key", "newer")

    assert cache.get("key") == "newer"
    assert (cache.weight, len(cache)) == (5, 1)


@pytest.mark.parametrize("protected", [False, True])
def test_a_value_heavier_than_its_segment_is_not_kept(protected: bool) -> None:
    cache: SegmentedCache[str] = SegmentedCache(100, len)
    cache.put("key", "light")
    if protected:
        cache.get("key")

    cache.put("key", "x" * 81)

    assert cache.get("key") is None
    assert (cache.weight, len(cache)) == (0, 0)


def test_a_value_too_heavy_for_probation_is_protected_when_it_is_put_again() -> None:
    cache: SegmentedCache[str] = SegmentedCache(100, len)

    cache.put("heavy", "x" * 50)
    assert cache.get("heavy") is None

    cache.put("heavy", "x" * 50)
    assert cache.get("heavy") == "x" * 50


def test_heavy_values_do_not_push_out_one_that_was_read_again() -> None:
    cache: SegmentedCache[str] = SegmentedCache(100, len)
    cache.put("hot", "x" * 10)
    assert cache.get("hot")

    for number in range(10_000):
        cache.put(number, "y" * 80)

    assert cache.get("hot") == "x" * 10
    assert (cache.weight, len(cache)) == (10, 1)


@pytest.mark.parametrize(("protected", "maxsize"), [(False, 20), (True, 80)])
def test_a_value_that_has_grown_is_weighed_again(protected: bool, maxsize: int) -> None:
    cache: SegmentedCache[list[int]] = SegmentedCache(100, sum)
    for key in ("older", "growing"):
        cache.put(key, [5])
        if protected:
            cache.get(key)
    growing = cached(cache)[1]

    growing.append(maxsize - 10)
    cache.reweigh("growing")
    assert (cache.weight, len(cache)) == (maxsize, 2)

    growing.append(1)
    cache.reweigh("growing")
    assert (cache.weight, "older" in cache) == (maxsize - 4, False)

    growing.append(maxsize)
    cache.reweigh("growing")
    assert (cache.weight, len(cache)) == (0, 0)
    cache.reweigh("growing")
    assert len(cache) == 0


def test_a_value_that_grows_too_heavy_for_probation_is_protected_the_second_time() -> None:
    cache: SegmentedCache[list[int]] = SegmentedCache(100, sum)

    for is_cached in (False, True):
        growing = [5]
        cache.put("growing", growing)
        growing.append(45)
        cache.reweigh("growing")

        assert (cache.get("growing") is growing) == is_cached


def test_a_statement_that_keeps_failing_rests_and_is_logged_once() -> None:
    statement = Statement("SELECT 1", ())

    logged = [statement.fail(lasting=True) for _ in range(MOST_FAILURES)]

    assert logged == [True, False, False]
    assert statement.resting


def test_a_statement_does_not_rest_because_the_database_was_away() -> None:
    statement = Statement("SELECT 1", ())

    for _ in range(MOST_FAILURES):
        statement.fail(lasting=False)

    assert not statement.resting


async def test_one_document_of_many_variants_keeps_those_used_last(
    differential: DifferentialClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = 8
    monkeypatch.setattr(plan, "MOST_VARIANTS", few)
    other = random_documents.Document("{ graph(id: 1) { name } }", {})
    await differential.ask(other)
    query = "query($filter: CallFilter) { calls(filter: $filter) { totalCount } }"
    criteria: dict[str, Any] = {
        "callSid": {"eq": "CA1"},
        "customerPhoneNumber": {"eq": "+1"},
        "assistantName": {"eq": "Sales"},
        "status": {"eq": "COMPLETED"},
        "duration": {"eq": 5},
        "totalCost": {"eq": "0.05"},
        "startedAt": {"gte": "2026-01-01T00:00:00Z"},
        "direction": {"eq": "INBOUND"},
    }

    for number in range(few * 2):
        some = {
            name: value for bit, (name, value) in enumerate(criteria.items()) if number >> bit & 1
        }
        variables = {"filter": some}
        answers = await differential.ask(random_documents.Document(query, variables))

        assert answers.planned
        assert answers.resolved == answers.compiled

    assert len(differential.statements()) == few + 1
    assert (await differential.ask(other)).planned


async def test_one_document_of_many_plans_keeps_those_used_last(
    differential: DifferentialClient,
) -> None:
    flags = [f"f{number}" for number in range(6)]
    declared = ", ".join(f"${flag}: Boolean!" for flag in flags)
    fields = " ".join(f"{flag}: name @include(if: ${flag})" for flag in flags)
    query = f"query({declared}) {{ graph(id: 1) {{ id {fields} }} }}"

    for number in range(2 * MOST_PLANS):
        variables = {flag: bool(number >> bit & 1) for bit, flag in enumerate(flags)}
        assert (await differential.ask(random_documents.Document(query, variables))).planned

    (document,) = cached(differential.endpoint._documents.cache)  # noqa: SLF001
    assert len(document.plans) == len(differential.statements()) == MOST_PLANS


async def test_the_cache_follows_the_weight_of_a_document(differential: DifferentialClient) -> None:
    cache = differential.endpoint._documents.cache  # noqa: SLF001
    query = "query($filter: CallFilter) { calls(filter: $filter) { totalCount } }"
    weights: list[float] = [Document(query, parse(query)).weight]

    for variables in ({}, {"filter": {"status": {"eq": "FAILED"}}}):
        assert (await differential.ask(random_documents.Document(query, variables))).planned
        weights.append(cache.weight)

    (document,) = cached(cache)
    assert weights[-1] == document.weight
    assert weights == sorted(set(weights))


async def test_new_documents_do_not_grow_memory(
    differential: DifferentialClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    shrink(monkeypatch, differential.endpoint._documents, "cache", 200_000)  # noqa: SLF001
    cache = differential.endpoint._documents.cache  # noqa: SLF001
    monkeypatch.setattr(differential.engine, "_documents", cache)
    hot = random_documents.Document("{ graph(id: 1) { name } }", {})
    await differential.ask(hot)
    await differential.ask(hot)

    differential.endpoint.runner.engine = differential.engine
    for number in range(60):
        new = {"query": f"{{ graph(id: 1) {{ k{number}: name }} }}"}
        assert (await differential.client.post("/graphql", json=new)).is_success

    assert cache.weight <= 200_000
    monkeypatch.setattr("gql.engine.statement_compiler.compile_statement", None)
    assert (await differential.ask(hot)).planned
    assert not (
        await differential.ask(random_documents.Document("{ graph(id: 1) { new: name } }", {}))
    ).planned


def shrink(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, capacity: int) -> None:
    """Put a cache of that capacity in place of an owner's."""
    weigh = getattr(owner, name)._weigh  # noqa: SLF001
    monkeypatch.setattr(owner, name, SegmentedCache(capacity, weigh))
