"""Reads graphs whole, to be looked at or walked: several at once take four statements."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gql.domain.assistants import ASSISTANTS
from gql.domain.graph_findings import Finding, findings
from gql.domain.graph_sessions import GRAPH_SESSIONS
from gql.domain.graph_structure import (
    AssistantState,
    GraphStructure,
    StructureEdge,
    StructureNode,
)
from gql.domain.graph_versions import Structure
from gql.domain.graphs import EDGES, NODES, OF_GRAPH
from gql.loaders.record_loaders import (
    ChildrenByParentLoader,
    PageByParentLoader,
    RecordByKeyLoader,
)
from gql.query.context import Context
from gql.query.paging import Paging
from gql.query.record_list import RecordList
from gql.query.resource import Record
from gql.steps import in_steps

NODES_OF_GRAPH, EDGES_OF_GRAPH = (RecordList(each, link=OF_GRAPH) for each in (NODES, EDGES))

RECENT_SESSIONS = 50
"""How many of a graph's newest sessions are looked at for the variables that they have."""

_SESSIONS_OF_GRAPH = RecordList(GRAPH_SESSIONS, link=OF_GRAPH)
_NEWEST = Paging(RECENT_SESSIONS, "started_at", descending=True)

_OF_AN_EDGE = tuple(name for name in StructureEdge.__dataclass_fields__ if name != "label")


@dataclass(frozen=True, slots=True)
class DraftNames:
    """What sentences call nodes and edges that a dry run makes, by the id that they would have."""

    nodes: Mapping[int, str] = field(default_factory=dict)
    edges: Mapping[int, str] = field(default_factory=dict)


async def graph_findings(
    context: Context, graph: Record, names: DraftNames | None = None
) -> list[Finding]:
    """What is wrong with a stored graph, or worth knowing; in steps, as it may be long."""
    return await in_steps(findings, await load_structure(context, graph, names))


async def load_structure(
    context: Context, graph: Record, names: DraftNames | None = None
) -> GraphStructure:
    """The nodes and edges of a stored graph, with what its findings depend on."""
    names = names or DraftNames()
    nodes = await ChildrenByParentLoader.of(context, NODES_OF_GRAPH).load(graph.id)
    edges = await ChildrenByParentLoader.of(context, EDGES_OF_GRAPH).load(graph.id)
    ids = sorted({node.assistant_id for node in nodes})
    loaded = await RecordByKeyLoader.of(context, ASSISTANTS).load_many(ids)
    assistants = {
        each.id: AssistantState(each.name, each.is_active) for each in loaded if each is not None
    }
    looks_at_variables = any(
        edge.mathematical_expression or edge.state_variable_condition for edge in edges
    )
    return GraphStructure(
        nodes=[structure_node(node, assistants, names.nodes) for node in nodes],
        edges=[structure_edge(edge, names.edges) for edge in edges],
        assistants=assistants,
        configuration=graph.configuration,
        session_variables=(
            await _session_variables(context, graph.id) if looks_at_variables else None
        ),
    )


def structure_node(
    node: Record, assistants: Mapping[int, AssistantState], names: Mapping[int, str]
) -> StructureNode:
    assistant = assistants.get(node.assistant_id)
    label = names.get(node.id) or f"node {node.id}"
    return StructureNode(
        id=node.id,
        assistant_id=node.assistant_id,
        node_type=node.node_type,
        configuration=node.configuration,
        label=f"{label} ({assistant.name})" if assistant else label,
    )


def structure_edge(edge: Record, names: Mapping[int, str]) -> StructureEdge:
    values: dict[str, Any] = {name: getattr(edge, name) for name in _OF_AN_EDGE}
    return StructureEdge(**values, label=names.get(edge.id) or f"edge {edge.id}")


def former_structure(structure: Structure) -> GraphStructure:
    """A version that a graph had, to walk through; its assistants have the names of that time."""
    nodes, edges = structure["nodes"], structure["edges"]
    return GraphStructure(
        [
            StructureNode(each["id"], each["assistant_id"], each["node_type"], label="")
            for each in nodes
        ],
        [StructureEdge(**{name: each[name] for name in _OF_AN_EDGE}) for each in edges],
        {
            each["assistant_id"]: AssistantState(each["assistant_name"], is_active=True)
            for each in nodes
            if each["assistant_name"]
        },
    )


async def _session_variables(context: Context, graph_id: int) -> frozenset[str] | None:
    """The variables in the contexts of a graph's newest sessions; None without any session."""
    loader = PageByParentLoader.of(context, _SESSIONS_OF_GRAPH, _NEWEST)
    page = await loader.load(graph_id)
    contexts = [session.conversation_context for session in page.records]
    return frozenset(name for each in contexts for name in each) if contexts else None
