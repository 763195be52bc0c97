"""Where messages lead in a graph, in the GraphQL schema: the test of REST, for drafts too."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import strawberry
from strawberry import UNSET
from strawberry.scalars import JSON
from strawberry.types import Info

from gql.domain.graph_walk import MOST_MESSAGES, Step, Walker
from gql.engine.fields import OWN_POINTS
from gql.errors import BadInput
from gql.models.enums import NodeType
from gql.schema.graph_candidates import Candidate, CandidateArgument, load_candidate
from gql.steps import in_steps

SIMULATION_POINTS = 5_000
"""Some messages through a usual graph, in Python."""

_ENDS = (NodeType.EXIT, NodeType.ESCALATION)


@strawberry.input(description="Whether a condition that needs a language model is met.")
class VerdictInput:
    edge: str = strawberry.field(
        description="The edge: its id, or its index in the structure, as text."
    )
    holds: bool = strawberry.field(description="Whether its natural language condition is met.")
    message: int | None = strawberry.field(
        default=None, description="By which message, counted from 0; by every one, without."
    )


@strawberry.type(description="One message of a simulation, and what it led to.")
class SimulatedStep:
    """Made of a `Step`."""

    message: str = strawberry.field(description="What the customer said.")
    node: strawberry.ID = strawberry.field(description="Where: the node's id, or its key.")
    edge: strawberry.ID | None = strawberry.field(
        description="The edge that was taken: its id, or its index; null when there was none."
    )
    to: strawberry.ID | None = strawberry.field(description="The node that it led to.")
    reason: str = strawberry.field(description="What met its condition, or that nothing did.")
    handoff_sentence: str | None = strawberry.field(description="What is said at the handover.")
    not_evaluated: list[strawberry.ID] = strawberry.field(
        description="Edges that would have been tried before, whose natural language has no"
        " verdict: taken as not met."
    )


@strawberry.type(description="Where messages lead in a graph; nothing is written.")
class GraphSimulation:
    """The steps of a walk."""

    steps: list[SimulatedStep] = strawberry.field(description="One for each message.")
    final_node: strawberry.ID = strawberry.field(description="Where the conversation is then.")
    has_ended: bool = strawberry.field(
        description="Whether that is an exit or an escalation; messages after it are left out."
    )


Messages = Annotated[
    list[str],
    strawberry.argument(description=f"What the customer says, at most {MOST_MESSAGES} messages."),
]
Variables = Annotated[
    JSON | None,
    strawberry.argument(
        description="The session's context: a JSON object. `call_duration` is 0 without;"
        " `turn_count` is counted."
    ),
]
StartNode = Annotated[
    str | None,
    strawberry.argument(
        description="The node that hears the first message: its id, or its key in the structure."
        " The entry, without."
    ),
]
Verdicts = Annotated[
    list[VerdictInput] | None,
    strawberry.argument(description="On conditions in natural language, which have none here."),
]


async def _simulate(
    info: Info,
    candidate: CandidateArgument,
    messages: Messages,
    variables: Variables = UNSET,
    start_node: StartNode = UNSET,
    verdicts: Verdicts = UNSET,
) -> GraphSimulation | None:
    if len(messages) > MOST_MESSAGES:
        raise BadInput(f"`messages` has {len(messages)} entries, but may have {MOST_MESSAGES}.")
    state: Any = variables or {}
    if not isinstance(state, Mapping):
        raise BadInput("`variables` must be a JSON object.")
    loaded = await load_candidate(info.context, candidate)
    if loaded is None:
        return None
    start = _start(loaded, start_node or None)
    judged = _verdicts(loaded, verdicts or ())
    return await in_steps(_walked, loaded, start, messages, state, judged)


def _walked(
    candidate: Candidate,
    start: int,
    messages: Sequence[str],
    state: Mapping[str, Any],
    judged: Mapping[tuple[int, int | None], bool],
) -> GraphSimulation:
    structure = candidate.structure
    ends = {node.id for node in structure.nodes if node.node_type in _ENDS}

    def verdict(edge_id: int, message: int) -> bool | None:
        return judged.get((edge_id, message), judged.get((edge_id, None)))

    steps = Walker(structure.edges).walk(start, messages, state, verdict, ends=ends)
    final = start
    for step in steps:
        final = step.node_id if step.edge is None else step.edge.to_node_id
    return GraphSimulation(
        steps=[_step(candidate, step) for step in steps],
        final_node=strawberry.ID(candidate.node_names[final]),
        has_ended=final in ends,
    )


def _step(candidate: Candidate, step: Step) -> SimulatedStep:
    nodes, edges = candidate.node_names, candidate.edge_names
    edge = step.edge
    return SimulatedStep(
        message=step.message or "",
        node=strawberry.ID(nodes[step.node_id]),
        edge=edge and strawberry.ID(edges[edge.id]),
        to=edge and strawberry.ID(nodes[edge.to_node_id]),
        reason=step.reason,
        handoff_sentence=edge and edge.handoff_sentence,
        not_evaluated=[strawberry.ID(edges[each.id]) for each in step.not_evaluated],
    )


def _start(candidate: Candidate, name: str | None) -> int:
    if name is not None:
        node_id = candidate.node_id(name)
        if node_id is None:
            raise BadInput(f"`startNode` is {name[:60]!r}, but the graph has no such node.")
        return node_id
    for node in candidate.structure.nodes:
        if node.node_type == NodeType.ENTRY:
            return node.id
    raise BadInput("The graph has no entry node to start from; name one in `startNode`.")


def _verdicts(
    candidate: Candidate, verdicts: Sequence[VerdictInput]
) -> dict[tuple[int, int | None], bool]:
    judged: dict[tuple[int, int | None], bool] = {}
    for each in verdicts:
        edge_id = candidate.edge_id(each.edge)
        if edge_id is None:
            raise BadInput(f"`verdicts` names {each.edge[:60]!r}, but the graph has no such edge.")
        judged[edge_id, each.message] = each.holds
    return judged


simulate_graph: Any = strawberry.field(
    resolver=_simulate,
    description="Where messages lead in a graph, or would lead in a structure that is not stored,"
    " without a language model; null when there is no such graph.",
    metadata={OWN_POINTS: SIMULATION_POINTS},
)
"""The root field."""
