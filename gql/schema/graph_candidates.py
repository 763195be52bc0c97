"""Graphs that queries try out: a stored one, or a structure that nobody has saved."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import strawberry
from strawberry import UNSET

from gql.domain.assistants import ASSISTANTS
from gql.domain.graph_reading import load_structure
from gql.domain.graph_structure import (
    AssistantState,
    GraphStructure,
    StructureEdge,
    StructureNode,
)
from gql.domain.graphs import EDGES, GRAPHS, NODES
from gql.domain.writes.drafts import EdgeDraft, NodeDraft
from gql.domain.writes.structure import MAX_EDGES, MAX_NODES
from gql.domain.writes.validation import ProblemList
from gql.errors import BadInput, Invalid
from gql.loaders.record_loaders import RecordByKeyLoader
from gql.models.enums import ConditionType
from gql.query.context import Context
from gql.query.global_id import read_id
from gql.schema.mutations.run import user_errors
from gql.schema.mutations.structure import GraphEdgeInput, GraphNodeInput, drafts_of


@strawberry.input(description="Nodes and edges that are not stored, as a mutation would take them.")
class GraphStructureInput:
    nodes: list[GraphNodeInput] = strawberry.field(description="Its nodes, at most 500.")
    edges: list[GraphEdgeInput] = strawberry.field(description="Its edges, at most 2,000.")


@strawberry.input(one_of=True, description="Names a graph to try: by exactly one of these.")
class GraphCandidateInput:
    """One of the two."""

    id: strawberry.ID | None = strawberry.field(
        default=UNSET, description="A stored graph: the global id, or the documented integer."
    )
    structure: GraphStructureInput | None = strawberry.field(
        default=UNSET, description="A structure that is not stored."
    )


CandidateArgument = Annotated[
    GraphCandidateInput, strawberry.argument(description="The graph to walk through.")
]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A structure to try, and what the client calls its parts.

    Attributes:
        node_names: Global ids of a stored graph, keys of a structure; by id.
        edge_names: Global ids, or indexes.
    """

    structure: GraphStructure
    node_names: Mapping[int, str]
    edge_names: Mapping[int, str]

    def node_id(self, name: str) -> int | None:
        """The node that a client names; None when there is none."""
        return _key_of(self.node_names, name, NODES.name)

    def edge_id(self, name: str) -> int | None:
        return _key_of(self.edge_names, name, EDGES.name)


def _key_of(names: Mapping[int, str], name: str, kind: str) -> int | None:
    return next((key for key, each in names.items() if name in {each, _integer(each, kind)}), None)


def _integer(name: str, kind: str) -> str:
    return name.removeprefix(f"{kind}_")


async def load_candidate(context: Context, candidate: GraphCandidateInput) -> Candidate | None:
    """The structure of a candidate; None for a graph that the organization does not have.

    Raises:
        BadInput: when it is not a structure that could be stored.
    """
    if isinstance(candidate.structure, GraphStructureInput):
        return await _drafted(context, candidate.structure)
    key = read_id(str(candidate.id), GRAPHS.name)
    graph = await RecordByKeyLoader.of(context, GRAPHS).load(key)
    if graph is None:
        return None
    structure = await load_structure(context, graph)
    return Candidate(
        structure,
        {node.id: f"{NODES.name}_{node.id}" for node in structure.nodes},
        {edge.id: f"{EDGES.name}_{edge.id}" for edge in structure.edges},
    )


async def _drafted(context: Context, drafted: GraphStructureInput) -> Candidate:
    nodes, edges = drafted.nodes, drafted.edges
    if len(nodes) > MAX_NODES or len(edges) > MAX_EDGES:
        raise BadInput(f"A graph has at most {MAX_NODES} nodes and {MAX_EDGES:,} edges.")
    problems = ProblemList()
    node_drafts, edge_drafts = drafts_of(nodes, edges, problems)
    if problems.items:
        raise BadInput(f"structure.{user_errors(Invalid(tuple(problems.items)))[0].message}")
    ids = sorted({node.assistant_id for node in node_drafts if node.assistant_id is not None})
    loaded = await RecordByKeyLoader.of(context, ASSISTANTS).load_many(ids)
    assistants = {
        each.id: AssistantState(each.name, each.is_active) for each in loaded if each is not None
    }
    names = {index: node.key for index, node in enumerate(nodes)}
    structure = GraphStructure(
        [_node(index, each, names[index]) for index, each in enumerate(node_drafts)],
        [_edge(index, each) for index, each in enumerate(edge_drafts)],
        assistants,
    )
    return Candidate(structure, names, {index: str(index) for index in range(len(edges))})


def _node(index: int, draft: NodeDraft, key: str) -> StructureNode:
    return StructureNode(
        index, draft.assistant_id, draft.node_type, draft.configuration, f"node {key!r}"
    )


def _edge(index: int, draft: EdgeDraft) -> StructureEdge:
    columns: dict[str, Any] = {
        name: getattr(draft, name)
        for name in StructureEdge.__dataclass_fields__
        if hasattr(draft, name)
    }
    columns["condition_type"] = draft.condition_type or ConditionType.NATURAL_LANGUAGE
    return StructureEdge(
        **columns,
        id=index,
        from_node_id=draft.from_index,
        to_node_id=draft.to_index,
        label=f"edges[{index}]",
    )
