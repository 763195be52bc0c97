"""One demo organization while its rows are made: its ids, customers, assistants and graphs.

All chance is seeded and time stands still, so that the rows are the same every day; loading may
move them as a whole.
"""

import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, TypeVar

from sqlmodel import SQLModel

NOW = datetime(2026, 6, 30, 12, 0, 0, tzinfo=UTC)
"""The instant at which the demo data stands still."""

YEAR = timedelta(days=365)
"""How far back the generated calls reach."""

Row = dict[str, Any]
"""Values by column: JSON as Python values, instants aware, enumerations as their text.

A column that is left out gets the default of the model.
"""

Item = tuple[type[SQLModel], Row]
"""A row and the model of its table; parents are made before their children."""

FIRST_GENERATED_ID = 1001
"""Generated ids begin here; those of the documented examples are smaller."""

_FRACTIONS = (0, 0, 0, 500_000, 120_000, 123_456, 1)
"""Microseconds: mostly none, and every kind of fraction that a wire format has to trim."""

T = TypeVar("T")


class Ids:
    """Counts up the ids of each table, for all organizations together."""

    def __init__(self) -> None:
        self._counters: defaultdict[type[SQLModel], Iterator[int]] = defaultdict(
            lambda: itertools.count(FIRST_GENERATED_ID)
        )

    def next(self, model: type[SQLModel]) -> int:
        return next(self._counters[model])


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody who calls or writes."""

    name: str
    phone_number: str


@dataclass(frozen=True, slots=True)
class DemoAssistant:
    """An assistant that rows refer to; a deleted one has no row of its own."""

    id: int
    name: str
    phone_number: str
    llm_provider: str
    llm_model: str


@dataclass(frozen=True, slots=True)
class DemoNode:
    """A node and the assistant that speaks there."""

    id: int
    assistant: DemoAssistant


@dataclass(frozen=True, slots=True)
class DemoEdge:
    """An edge between two nodes, with the texts that a transition repeats."""

    id: int
    start: DemoNode
    end: DemoNode
    condition_type: str
    condition: str
    handoff_sentence: str | None


@dataclass(frozen=True, slots=True)
class DemoGraph:
    """A graph that calls are routed through; the first node is its entry."""

    id: int
    name: str
    nodes: tuple[DemoNode, ...]
    edges: tuple[DemoEdge, ...]
    version: int = 1


@dataclass(slots=True)
class Tenant:
    """One organization while its rows are made.

    Attributes:
        ids: Shared by all organizations.
        random: The organization's own.
        customers: Who talks to it.
        assistants: Those that calls and graphs may use; filled as rows are made.
        deleted: Assistants that only calls name.
        retired: A graph that only calls name.
        graphs: Graphs with at least one node; filled as rows are made.
    """

    organization_id: int
    ids: Ids
    random: Random
    customers: tuple[Customer, ...]
    retired: DemoGraph
    assistants: list[DemoAssistant] = field(default_factory=list)
    deleted: list[DemoAssistant] = field(default_factory=list)
    graphs: list[DemoGraph] = field(default_factory=list)


def seeded(seed: int, *purpose: str | int) -> Random:
    """The random numbers of one purpose: more rows for one do not change the rows of another."""
    return Random("/".join(map(str, (seed, *purpose))))  # noqa: S311 (demo data, not a secret)


def pick(random: Random, items: Sequence[T]) -> T:
    """One of `items`; three times faster than `Random.choice`, which half a million rows notice."""
    return items[int(random.random() * len(items))]


def odds(random: Random, share: float) -> bool:
    """True in this share of the cases."""
    return random.random() < share


def every(count: int, number: int, *, at: int) -> bool:
    """Whether `number` is the one at position `at` of each `count`: a share that is exact."""
    return number % count == at


def fraction(random: Random) -> timedelta:
    """Less than a second, or nothing."""
    return timedelta(microseconds=pick(random, _FRACTIONS))
