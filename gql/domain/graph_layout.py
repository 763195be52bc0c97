"""Where the nodes and edges of a graph lie in a picture: layers from the entry to the right.

The layers and the places in them are those of a Sugiyama layout, by the library `fast-sugiyama`:
https://en.wikipedia.org/wiki/Layered_graph_drawing. An edge over several layers has a place in each
of them, so it passes between the nodes there.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fast_sugiyama import from_edges

NODE_WIDTH, NODE_HEIGHT = 176.0, 46.0
_ROW, _LAYER = 72.0, 350.0
"""From the middle of a node to that of the next one below it, and of the next layer."""

_UNIT = 100.0
"""The spacing that the library works with."""

_BAND = NODE_WIDTH / 2 + 8
"""Edges go straight so far before and behind the middle of a layer, where its nodes are."""

_MARGIN, _GAP = 24.0, 40.0

_PARALLEL = 8.0
"""Between edges that join the same nodes, where they pass a layer."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Ends:
    """The nodes that an edge joins."""

    edge_id: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Layout:
    """Places in pixels, from the upper left corner.

    Attributes:
        nodes: The middle of each node, by id.
        edges: The points that each edge passes, by id: straight through layers, and in a curve from
            one to the next.
    """

    width: float
    height: float
    nodes: Mapping[int, Point]
    edges: Mapping[int, tuple[Point, ...]]


def lay_out(node_ids: Sequence[int], edges: Sequence[Ends]) -> Layout:
    """The places of nodes and edges; the same for the same graph."""
    numbers = {node_id: number for number, node_id in enumerate(node_ids)}
    pairs = sorted(
        {(numbers[each.start], numbers[each.end]) for each in edges if each.start != each.end}
    )
    spots: dict[int, Point] = {}
    via: dict[tuple[int, int], list[Point]] = {}
    top = _MARGIN
    parts: Any = from_edges(pairs, vertex_spacing=_UNIT, dummy_size=0.2) if pairs else ()
    for positions, _, depth, joined in parts:
        points = _scaled(positions, depth)
        highest = min(y for _, y in points.values()) - NODE_HEIGHT / 2
        moved = {key: (x, y - highest + top) for key, (x, y) in points.items()}
        spots.update({key: point for key, point in moved.items() if key < len(node_ids)})
        via.update(_chains(joined or (), moved, len(node_ids)))
        top = max(y for _, y in moved.values()) + NODE_HEIGHT / 2 + _GAP
    for number in range(len(node_ids)):
        if number not in spots:
            spots[number] = (_MARGIN + NODE_WIDTH / 2, top + NODE_HEIGHT / 2)
            top += NODE_HEIGHT + _GAP
    nodes = {node_id: spots[number] for node_id, number in numbers.items()}
    routes = _routes(nodes, edges, numbers, via)
    everywhere = [*nodes.values(), *(point for route in routes.values() for point in route)]
    right = max((x for x, _ in everywhere), default=0.0) + NODE_WIDTH / 2 + _MARGIN
    bottom = max((y for _, y in everywhere), default=0.0) + NODE_HEIGHT / 2 + _MARGIN
    return Layout(right, bottom, nodes, routes)


def _scaled(positions: Sequence[tuple[int, Point]], depth: float) -> dict[int, Point]:
    """The library's places, whose layers lie above each other, in pixels."""
    return {
        key: ((depth - y) / _UNIT * _LAYER + _MARGIN + NODE_WIDTH / 2, x / _UNIT * _ROW)
        for key, (x, y) in positions
    }


def _chains(
    joined: Sequence[tuple[int, int]], points: Mapping[int, Point], count: int
) -> dict[tuple[int, int], list[Point]]:
    """The places of edges in the layers that they pass; numbers from `count` up are such places."""
    following = {start: end for start, end in joined if start >= count}
    chains: dict[tuple[int, int], list[Point]] = {}
    for start, end in joined:
        if start >= count:
            continue
        passed: list[Point] = []
        at = end
        while at >= count:
            passed.append(points[at])
            at = following[at]
        chains[start, at] = passed
    return chains


def _routes(
    nodes: Mapping[int, Point],
    edges: Sequence[Ends],
    numbers: Mapping[int, int],
    via: Mapping[tuple[int, int], list[Point]],
) -> dict[int, tuple[Point, ...]]:
    """The points of each edge, which begin and end beside each other at the sides of nodes."""
    inner = {each.edge_id: via.get((numbers[each.start], numbers[each.end]), []) for each in edges}
    sides: dict[tuple[int, bool], list[tuple[float, int, bool]]] = defaultdict(list)
    for each in edges:
        if each.start == each.end:
            continue
        for node, other, is_start in ((each.start, each.end, True), (each.end, each.start, False)):
            passed = inner[each.edge_id]
            nearest = (passed[0] if is_start else passed[-1]) if passed else nodes[other]
            is_right = nearest[0] > nodes[node][0]
            sides[node, is_right].append((nearest[1], each.edge_id, is_start))
    ports: dict[tuple[int, bool], Point] = {}
    for (node, is_right), joined in sides.items():
        x, y = nodes[node]
        step = min(11.0, (NODE_HEIGHT - 14) / max(1, len(joined) - 1))
        for rank, (_, edge_id, is_start) in enumerate(sorted(joined)):
            down = (rank - (len(joined) - 1) / 2) * step
            right = NODE_WIDTH / 2 if is_right else -NODE_WIDTH / 2
            ports[edge_id, is_start] = (x + right, y + down)
    apart = _apart(edges)
    routes: dict[int, tuple[Point, ...]] = {}
    for each in edges:
        if each.start == each.end:
            x, y = nodes[each.start]
            top = y - NODE_HEIGHT / 2
            routes[each.edge_id] = ((x + 50, top), (x + 70, top))
            continue
        start, end = ports[each.edge_id, True], ports[each.edge_id, False]
        right = 1 if end[0] > start[0] else -1
        passed = [
            point
            for x, y in inner[each.edge_id]
            for point in (
                (x - right * _BAND, y + apart[each.edge_id]),
                (x + right * _BAND, y + apart[each.edge_id]),
            )
        ]
        routes[each.edge_id] = (start, *passed, end)
    return routes


def _apart(edges: Sequence[Ends]) -> dict[int, float]:
    """How far below their common place edges pass that join the same nodes."""
    alike: dict[tuple[int, int], list[int]] = defaultdict(list)
    for each in edges:
        alike[each.start, each.end].append(each.edge_id)
    return {
        edge_id: (rank - (len(edge_ids) - 1) / 2) * _PARALLEL
        for edge_ids in alike.values()
        for rank, edge_id in enumerate(edge_ids)
    }
