"""The attacks of `make abuse` for a moment, so that they cannot rot."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from graphql import parse, validate

from benchmarks.abuse.attacks import (
    ATTACKS,
    Attack,
    Gateway,
    admitted_scans,
    introspections,
    long_context_paths,
    long_filters,
    nested_sorts,
    nested_totals,
)
from benchmarks.abuse.measure import Outcome, Processes, Times, measure, normal_limit
from benchmarks.abuse.neighbor import Reply, neighbor, percentile
from benchmarks.abuse.page import page, section
from benchmarks.process import started
from benchmarks.servers import JACKFIELD
from benchmarks.target import Target
from tests.databases import Kind
from tests.engine.differential import GRAPHQL

CHEAP = [attack for attack in ATTACKS if attack.name in {"filters", "halves", "passwords"}]
BRIEF = Times(quiet=0.5, attack=0.5, recovery=1)


def replies(*milliseconds: float, status: int = 200) -> list[Reply]:
    return [Reply(float(number), each, status) for number, each in enumerate(milliseconds)]


def outcome(attack: Attack, during: list[Reply], memory: float = 100.0) -> Outcome:
    quiet = replies(10, 10, 30)
    return Outcome(attack, "sqlite", quiet, during, memory, 0.0, 2.5, 5.0, 0.2, 0.4)


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_attacks_run_beside_a_neighbor(kind: Kind, target: Target, tmp_path: Path) -> None:
    def attack_all() -> list[Outcome]:
        with (
            started(JACKFIELD, target, tmp_path, pinned=False) as server,
            neighbor(server.port, target.small_api_key) as watched,
        ):
            gateway = Gateway(server.port, target.api_key)
            processes = Processes(server.pid, None)
            return [
                measure(each, kind, gateway, processes, watched, lambda: True, BRIEF)
                for each in CHEAP
            ]

    outcomes = await asyncio.to_thread(attack_all)

    assert [each.attack for each in outcomes] == CHEAP
    assert all(each.during for each in outcomes)
    assert min(each.gateway_memory for each in outcomes) > 1


@pytest.mark.parametrize(
    "text",
    [
        nested_totals,
        nested_sorts,
        admitted_scans,
        introspections,
        long_context_paths,
        long_filters,
    ],
)
def test_the_documents_of_attacks_are_valid(text: Callable[[int], str]) -> None:
    """One that does not parse would be refused before it could do any harm."""
    assert validate(GRAPHQL, parse(text(1))) == []
    assert text(1) != text(2)


def test_the_page_tells_what_was_noticed() -> None:
    first, second = ATTACKS[:2]
    outcomes = [
        outcome(first, replies(10, 20, 79)),
        outcome(second, [*replies(10, 20), *replies(15_000, status=0)]),
    ]

    text = page([section("sqlite", outcomes, ["2 cores"], BRIEF, "small")])

    rows = [line for line in text.splitlines() if line.startswith("| ")][2:]
    assert rows == [
        f"| {first.title} | 10 → 20 | 30 → 79 | 0 of 3 | 100 |  | 0.50 | 0.2 | 0.4 | ok |",
        f"| {second.title} | 10 → 20 | 30 → 15000 | 1 of 3 | 100 |  | 0.50 | 0.2 | 0.4 | missed |",
    ]
    assert "## PostgreSQL" not in text


def test_what_is_normal_follows_from_the_quiet_time() -> None:
    assert normal_limit(replies(10, 20, 30)) == 80
    assert normal_limit(replies(10, 20, 100)) == 200
    assert percentile(replies(3, 1, 2), 0.5) == 2


@pytest.mark.parametrize(
    ("during", "memory", "met"),
    [
        (replies(80), 100.0, True),
        (replies(81), 100.0, False),
        (replies(10, status=503), 100.0, False),
        (replies(10), 400.0, False),
    ],
    ids=["slower", "too slow", "failed", "memory"],
)
def test_the_goals(during: list[Reply], memory: float, met: bool) -> None:
    assert outcome(ATTACKS[0], during, memory).meets_goals is met
