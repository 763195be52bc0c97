"""What all mutations of a graph's structure share: dry runs, publishing and findings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import strawberry
from strawberry.types import Info

from gql.domain.graph_findings import Finding, Severity
from gql.domain.graph_reading import DraftNames, graph_findings
from gql.domain.graphs import GRAPHS
from gql.domain.writes.transaction import WriteContext
from gql.domain.writes.validation import MAX_PROBLEMS
from gql.engine.fields import OWN_POINTS
from gql.errors import Invalid, Problem
from gql.loaders.record_loaders import RecordByKeyLoader
from gql.query.context import Context
from gql.schema.graph_findings import FINDINGS_POINTS, GraphFinding, graph_finding
from gql.schema.mutations.payloads import ChangeInput, Payload, optional
from gql.schema.mutations.run import default, user_errors

STRUCTURE_INPUTS = ("dry_run", "publish")
"""The fields of `StructureInput`, which are no columns."""

PayloadT = TypeVar("PayloadT", bound="StructurePayload")

NEW = "new"
"""What a dry run calls the one node or edge that would be added."""


@strawberry.input
class StructureInput(ChangeInput):
    """The base of inputs that change nodes and edges."""

    dry_run: bool | None = optional(
        "Only check, and tell what would happen with `findings`; nothing is changed."
    )
    publish: bool | None = optional(
        "Refuse the change when the graph would have a finding of severity ERROR."
    )

    def is_dry_run(self) -> bool:
        return bool(default(self.dry_run, otherwise=False))


@dataclass(frozen=True, slots=True)
class Drafted:
    """What a change has made, by the ids that a dry run takes back.

    Attributes:
        nodes: The keys of nodes in the input.
        edges: The indexes of edges in the input.
    """

    nodes: Mapping[int, str] = field(default_factory=dict)
    edges: Mapping[int, str] = field(default_factory=dict)

    @property
    def names(self) -> DraftNames:
        """What sentences call them."""
        nodes = {key: f"node {name!r}" for key, name in self.nodes.items() if name != NEW}
        edges = {key: f"edges[{name}]" for key, name in self.edges.items() if name != NEW}
        return DraftNames(
            dict.fromkeys(self.nodes, "the new node") | nodes,
            dict.fromkeys(self.edges, "the new edge") | edges,
        )


def drafted(node_ids: Sequence[tuple[str, int]] = (), edge_ids: Sequence[int] = ()) -> Drafted:
    """What was made of the lists of an input."""
    return Drafted(
        {node_id: key for key, node_id in node_ids},
        {edge_id: str(index) for index, edge_id in enumerate(edge_ids)},
    )


async def finish(
    context: Context,
    input: StructureInput,
    payload: PayloadT,
    graph_id: int,
    drafted_ids: Drafted,
    **undone: Any,
) -> PayloadT:
    """The payload of a change that was written, once it is checked as the input wants.

    A dry run writes like any other change, looks, and undoes it: so nothing is checked twice, or
    otherwise than it would be done.

    Args:
        context: Of the transaction.
        input: Of the mutation.
        payload: Of the change.
        graph_id: The changed graph.
        drafted_ids: What has a name in a dry run, as its id is taken back.
        undone: Fields of the payload that have other values in a dry run.

    Raises:
        Invalid: when the input asks for publishing, and the graph has errors.
    """
    wants_publishing = default(input.publish, otherwise=False)
    if not (input.is_dry_run() or wants_publishing):
        return payload
    graph = await RecordByKeyLoader.of(context, GRAPHS).require(graph_id)
    listed = await graph_findings(context, graph, drafted_ids.names)
    refusal = Invalid(_problems(listed)) if wants_publishing else Invalid(())
    if not input.is_dry_run():
        if refusal.problems:
            raise refusal
        return payload
    if isinstance(context, WriteContext):
        await context.roll_back()
    nodes, edges = dict(drafted_ids.nodes), dict(drafted_ids.edges)
    undone["checked"] = [graph_finding(each, nodes, edges) for each in listed]
    return replace(payload, user_errors=user_errors(refusal), **undone)


def _problems(listed: Sequence[Finding]) -> tuple[Problem, ...]:
    """The first errors, as many as an answer lists."""
    errors = [each for each in listed if each.severity is Severity.ERROR]
    return tuple(Problem(("publish",), each.message) for each in errors[:MAX_PROBLEMS])


async def _findings(root: strawberry.Parent[Any], info: Info) -> list[GraphFinding]:
    if root.checked is not None:
        return list(root.checked)
    graph_id = root.object_id if root.graph_id is None else root.graph_id
    graph = graph_id and await RecordByKeyLoader.of(info.context, GRAPHS).load(graph_id)
    if not graph:
        return []
    return [graph_finding(each) for each in await graph_findings(info.context, graph)]


@strawberry.interface(description="What a change of a graph's nodes or edges gives.")
class StructurePayload(Payload):
    """The base of the payloads of such changes.

    Attributes:
        checked: The findings of a dry run; None after a change, which can be looked at.
        graph_id: Of the changed graph, where that is not `object_id`.
    """

    findings: list[GraphFinding] = strawberry.field(
        resolver=_findings,
        description="What is wrong with the graph after the change, or would be after a dry run;"
        " empty when it was refused.",
        metadata={OWN_POINTS: FINDINGS_POINTS},
    )
    checked: strawberry.Private[list[GraphFinding] | None] = None
    graph_id: strawberry.Private[int | None] = None


def cleared_sessions() -> Any:
    """The field of a payload with how many sessions the change has deleted."""
    return strawberry.field(
        default=None,
        description="How many active graph sessions were deleted, or would be in a dry run;"
        " null when it was refused.",
    )
