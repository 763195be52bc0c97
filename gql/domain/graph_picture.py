"""A graph as a picture, before it is drawn: what is written on it, and how it is painted."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

Paint = Literal["error", "warning", "information", "walked", "faded"]
"""How a node or an edge stands out."""


@dataclass(frozen=True, slots=True)
class PictureNode:
    """A node.

    Attributes:
        note: A second line: what it is for, and what is painted.
        title: What is shown when it is pointed at.
        share: How much of all traffic it has, 0 to 1; None where traffic is not painted.
    """

    id: int
    name: str
    node_type: str
    note: str
    title: str
    paint: Paint | None = None
    share: float | None = None


@dataclass(frozen=True, slots=True)
class PictureEdge:
    """An edge; its label is its condition in short."""

    id: int
    start: int
    end: int
    label: str
    title: str
    is_active: bool = True
    paint: Paint | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """All that is drawn.

    Attributes:
        legend: What the paints mean, by paint.
    """

    name: str
    nodes: Sequence[PictureNode]
    edges: Sequence[PictureEdge]
    legend: Mapping[Paint, str] = field(default_factory=dict)


def part_around(picture: Picture, node_id: int, steps: int) -> Picture:
    """The nodes that so many edges lead to or from at most, and all edges between them."""
    neighbours = defaultdict(set)
    for edge in picture.edges:
        neighbours[edge.start].add(edge.end)
        neighbours[edge.end].add(edge.start)
    reached = {node_id}
    newest = reached
    for _ in range(steps):
        newest = {each for node in newest for each in neighbours[node]} - reached
        reached |= newest
    return replace(
        picture,
        nodes=[each for each in picture.nodes if each.id in reached],
        edges=[each for each in picture.edges if {each.start, each.end} <= reached],
    )


def with_edges_left_out(part: Picture, whole: Picture) -> Picture:
    """A part of a picture whose nodes say how many of their edges are not in it."""
    drawn = {edge.id for edge in part.edges}
    left_out = Counter(
        end for edge in whole.edges if edge.id not in drawn for end in {edge.start, edge.end}
    )

    def noted(node: PictureNode) -> PictureNode:
        number = left_out[node.id]
        if not number:
            return node
        return replace(
            node, note=f"{node.note} · {number} more {'edge' if number == 1 else 'edges'}"
        )

    return replace(part, nodes=[noted(node) for node in part.nodes])


def shortened(text: str, longest: int) -> str:
    """Text in one line, cut where it is longer."""
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"
