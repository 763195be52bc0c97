"""Pictures of stored graphs: as Mermaid or as SVG, with a session's way, findings or traffic."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any

from gql.domain.graph_analytics import analyse_graph
from gql.domain.graph_findings import Severity
from gql.domain.graph_mermaid import draw_mermaid
from gql.domain.graph_picture import (
    Paint,
    Picture,
    PictureEdge,
    PictureNode,
    part_around,
    shortened,
    with_edges_left_out,
)
from gql.domain.graph_reading import graph_findings
from gql.domain.graph_sessions import GRAPH_SESSIONS
from gql.domain.graph_svg import draw_svg
from gql.domain.graph_versions import Element, live_structure
from gql.domain.session_path import session_path
from gql.errors import BadInput
from gql.loaders.record_loaders import RecordByKeyLoader
from gql.models.enums import ConditionType
from gql.query.context import Context
from gql.query.resource import Record


class DiagramFormat(StrEnum):
    """How a picture is written."""

    MERMAID = "mermaid"
    SVG = "svg"


class DiagramPaint(StrEnum):
    """What stands out in a picture."""

    FINDINGS = "findings"
    TRAFFIC = "traffic"


MOST_NODES, MOST_EDGES = 120, 240
"""Most that is laid out: up to half a second of a core; all that a graph may have takes minutes."""

DEFAULT_STEPS, MOST_STEPS = 2, 20
"""How many edges from a node the part of a graph around it reaches."""

TRAFFIC_DAYS = 30
"""How far back traffic is counted."""

_PAINT_OF: Mapping[Severity, Paint] = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFORMATION: "information",
}


async def graph_diagram(
    context: Context,
    graph: Record,
    format: DiagramFormat,
    *,
    highlight: int | None = None,
    paint: DiagramPaint | None = None,
    around: int | None = None,
    steps: int = DEFAULT_STEPS,
) -> str:
    """The picture of a graph as text; its places are worked out in a thread.

    Args:
        context: Of the caller.
        graph: Which one.
        format: SVG, or Mermaid, which has no places.
        highlight: The id of a graph session, whose way stands out.
        paint: What else stands out.
        around: The id of a node, for the part of the graph around it.
        steps: How many edges that reaches, in either direction.

    Raises:
        BadInput: when there is too much for SVG, or no such node or session in the graph.
    """
    whole = await _plain(context, graph)
    picture = whole if around is None else _part(whole, around, steps)
    is_long = len(picture.nodes) > MOST_NODES or len(picture.edges) > MOST_EDGES
    if format is DiagramFormat.SVG and is_long:
        raise BadInput(
            f"A picture as SVG has at most {MOST_NODES} nodes and {MOST_EDGES} edges; this one"
            f" would have {len(picture.nodes)} and {len(picture.edges)}. Draw a part of the graph:"
            " a node is `around`, and how many edges from it, `steps`. MERMAID has any size."
        )
    if paint is DiagramPaint.FINDINGS:
        picture = await _with_findings(context, graph, picture)
    if paint is DiagramPaint.TRAFFIC:
        picture = await _with_traffic(context, graph, picture)
    if highlight is not None:
        picture = await _with_session(context, graph, picture, highlight)
    if around is not None:
        picture = with_edges_left_out(picture, whole)
    if format is DiagramFormat.MERMAID:
        return draw_mermaid(picture)
    return await asyncio.to_thread(draw_svg, picture)


def _part(picture: Picture, around: int, steps: int) -> Picture:
    if not 1 <= steps <= MOST_STEPS:
        raise BadInput(f"`steps` is {steps}, but has to be from 1 to {MOST_STEPS}.")
    if all(node.id != around for node in picture.nodes):
        raise BadInput(f"The graph has no node {around} to draw the part around it.")
    return part_around(picture, around, steps)


async def _plain(context: Context, graph: Record) -> Picture:
    structure = await live_structure(context, graph.id)
    nodes = [
        PictureNode(
            node["id"],
            node["assistant_name"] or f"node {node['id']}",
            node["node_type"],
            node["node_type"],
            f"{node['assistant_name']}, node {node['id']}",
        )
        for node in structure["nodes"]
    ]
    edges = [
        PictureEdge(
            edge["id"],
            edge["from_node_id"],
            edge["to_node_id"],
            shortened(_condition(edge), 80),
            f"edge {edge['id']}: {shortened(_condition(edge), 500)}",
            edge["is_active"],
        )
        for edge in structure["edges"]
    ]
    return Picture(graph.name, nodes, edges)


def _condition(edge: Element) -> str:
    """The condition of an edge in words."""
    match edge["condition_type"]:
        case ConditionType.INTENT:
            text: Any = ", ".join((edge["intent_pattern"] or "").split(","))
        case ConditionType.MATHEMATICAL:
            text = edge["mathematical_expression"]
        case ConditionType.STATE_VARIABLE:
            state = edge["state_variable_condition"] or {}
            words = (state.get(name, "") for name in ("variable", "operator", "value"))
            text = " ".join(str(word).replace("_", " ") for word in words)
        case _:
            text = edge["natural_language_trigger"]
    return str(text or "")


async def _with_findings(context: Context, graph: Record, picture: Picture) -> Picture:
    nodes: dict[int, Paint] = {}
    edges: dict[int, Paint] = {}
    present: list[Severity] = []
    for finding in await graph_findings(context, graph):  # the errors first
        paint = _PAINT_OF[finding.severity]
        if finding.severity not in present:
            present.append(finding.severity)
        for node_id in finding.node_ids:
            nodes.setdefault(node_id, paint)
        for edge_id in finding.edge_ids:
            edges.setdefault(edge_id, paint)
    return _painted(picture, nodes, edges, {_PAINT_OF[each]: each.value for each in present})


async def _with_traffic(context: Context, graph: Record, picture: Picture) -> Picture:
    usage = await analyse_graph(context, graph.id, TRAFFIC_DAYS)
    most = max((each.visits for each in usage.nodes.values()), default=0)
    visits = {node_id: each.visits for node_id, each in usage.nodes.items()}
    nodes = [
        replace(
            node,
            note=f"{node.note} · {visits.get(node.id, 0):,} visits",
            share=visits.get(node.id, 0) / most if most else 0.0,
        )
        for node in picture.nodes
    ]
    return replace(picture, nodes=nodes)


async def _with_session(
    context: Context, graph: Record, picture: Picture, session_id: int
) -> Picture:
    session = await RecordByKeyLoader.of(context, GRAPH_SESSIONS).load(session_id)
    if session is None or session.graph_id != graph.id:
        raise BadInput(f"The graph has no session {session_id} to highlight.")
    steps = await session_path(context, session)
    counts = Counter(step.node_id for step in steps)
    walked = {step.transition.edge_id for step in steps if step.transition is not None}
    nodes: dict[int, Paint] = {
        node.id: "walked" if counts[node.id] else "faded" for node in picture.nodes
    }
    edges: dict[int, Paint] = {
        edge.id: "walked" if edge.id in walked else "faded" for edge in picture.edges
    }
    return _painted(picture, nodes, edges, {"walked": f"session {session_id}"})


def _painted(
    picture: Picture,
    nodes: Mapping[int, Paint],
    edges: Mapping[int, Paint],
    legend: Mapping[Paint, str],
) -> Picture:
    return replace(
        picture,
        nodes=[replace(each, paint=nodes.get(each.id, each.paint)) for each in picture.nodes],
        edges=[replace(each, paint=edges.get(each.id, each.paint)) for each in picture.edges],
        legend={**picture.legend, **legend},
    )
