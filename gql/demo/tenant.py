"""What the rows of one demo organization are made from: its ids, people, assistants and graphs."""

import itertools
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

Row = dict[str, Any]
"""Every column of a row by name: JSON as Python values, instants aware, enumerations as words."""

Item = tuple[str, Row]
"""A table's name and a row for it; parents are made before their children."""

FIRST_GENERATED_ID = 1001
"""Generated ids begin here; those of the documented examples are smaller."""


class Ids:
    """Hands out ids per table, for all organizations together."""

    def __init__(self) -> None:
        self._next: defaultdict[str, Iterator[int]] = defaultdict(
            lambda: itertools.count(FIRST_GENERATED_ID)
        )

    def take(self, table: str) -> int:
        """The next id of `table`."""
        return next(self._next[table])


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
    """A node and who speaks there."""

    id: int
    assistant: DemoAssistant


@dataclass(frozen=True, slots=True)
class DemoEdge:
    """An edge between two nodes, with the words that a transition repeats."""

    id: int
    start: DemoNode
    end: DemoNode
    condition_type: str
    matched: str
    handoff_sentence: str | None


@dataclass(frozen=True, slots=True)
class DemoGraph:
    """A graph that calls are routed through; the first node is its entry."""

    id: int
    name: str
    nodes: tuple[DemoNode, ...]
    edges: tuple[DemoEdge, ...]


@dataclass(slots=True)
class Tenant:
    """One organization while its rows are being made.

    Attributes:
        ids: Shared by all organizations.
        dice: The organization's own chance.
        customers: Who talks to it.
        assistants: Whom calls and graphs may use; filled as rows are made.
        deleted: Assistants of which only calls know.
        retired: A graph of which only calls know.
        graphs: Graphs with at least one node; filled as rows are made.
    """

    organization_id: int
    ids: Ids
    dice: Random
    customers: tuple[Customer, ...]
    retired: DemoGraph
    assistants: list[DemoAssistant] = field(default_factory=list)
    deleted: list[DemoAssistant] = field(default_factory=list)
    graphs: list[DemoGraph] = field(default_factory=list)
