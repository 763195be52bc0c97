"""A graph as a picture, before it is drawn: what is written on it, and how it is painted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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


def shortened(text: str, longest: int) -> str:
    """Text in one line, cut where it is longer."""
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"
