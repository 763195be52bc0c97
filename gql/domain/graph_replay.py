"""Walks recorded graph sessions through another structure, to see where they would have gone.

A recorded transition is what a customer said, when, and which edge was taken. Keywords are looked
for in what was said, and expressions are computed with the seconds that had passed and the
variables that the session had in the end. What cannot be computed follows the record: an edge with
the very conditions of the edge that was taken is met, and one with those of an edge that was tried
before is not. What neither decides is counted as not evaluated. What customers said beside, and led
nowhere, is counted by the messages of their calls; nobody recorded at which node it was said.

Structures are compared by who speaks, as nodes of two structures have different ids.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from heapq import nlargest
from typing import Any, TypeAlias

from gql.domain.conditions.satisfiability import CALL_DURATION, MESSAGE_COUNT
from gql.domain.edge_conditions import COLUMN_OF, read_conditions
from gql.domain.graph_structure import GraphStructure, StructureEdge
from gql.domain.graph_walk import Step, Walker
from gql.models.enums import ConditionType, NodeType
from gql.steps import pause_if_long

MOST_EXAMPLES = 10
"""How many sessions are shown that would have gone otherwise."""

_Signature: TypeAlias = tuple[Any, ...]
"""The conditions of an edge: equal for edges that wait for the same."""


class Deviation(StrEnum):
    """How a session would have gone otherwise."""

    ELSEWHERE = "elsewhere"
    STUCK = "stuck"
    LOOP = "loop"
    LOST_HANDOFF = "lost_handoff"


_WEIGHTS = {
    Deviation.LOST_HANDOFF: 8,
    Deviation.STUCK: 4,
    Deviation.LOOP: 2,
    Deviation.ELSEWHERE: 1,
}


@dataclass(frozen=True, slots=True)
class RecordedTransition:
    """A transition as it happened.

    Attributes:
        edge_id: The edge that was taken, in the structure that the session ran on.
        from_node_id: Likewise.
        to_node_id: Likewise.
        from_name: Who spoke before.
        to_name: Who spoke after.
        message: What the customer had said; None where that is not recorded.
        seconds: Since the session began.
    """

    edge_id: int | None
    from_node_id: int | None
    to_node_id: int | None
    from_name: str | None
    to_name: str | None
    condition_type: str
    matched_condition: str | None
    message: str | None
    seconds: float


@dataclass(frozen=True, slots=True)
class RecordedSession:
    """A session to walk again.

    Attributes:
        record: Its row.
        variables: Its context.
        transitions: In the order in which they happened.
        messages: How many messages of the customer are recorded of its call.
    """

    record: Any
    variables: Mapping[str, Any]
    transitions: Sequence[RecordedTransition]
    messages: int = 0

    @property
    def led_nowhere(self) -> int:
        """How many messages of the customer led to no transition."""
        led_on = sum(each.message is not None for each in self.transitions)
        return max(0, self.messages - led_on)


@dataclass(frozen=True, slots=True)
class ReplayedSession:
    """Where a session would have gone.

    Attributes:
        deviations: Empty when it would have gone where it went, as far as that is decided.
        at: The index of the first transition that would have been another; None without any.
        step: What that transition's message would have led to.
        path: The nodes of the candidate, from its start.
        reproduced: Transitions that would have led to the same assistant.
        not_evaluated: Transitions at which an edge decides that nobody has judged.
    """

    session: RecordedSession
    deviations: frozenset[Deviation]
    at: int | None
    step: Step | None
    path: tuple[int, ...]
    reproduced: int
    not_evaluated: int

    @property
    def weight(self) -> tuple[int, int]:
        """How telling it is: what it loses first, then how early it goes otherwise."""
        return sum(_WEIGHTS[each] for each in self.deviations), -(self.at or 0)


@dataclass(slots=True)
class ReplayTotals:
    """What came of all sessions.

    Attributes:
        sessions: How many were walked.
        transitions: How many they have.
        reproduced: Transitions that would have led to the same assistant.
        not_evaluated: Transitions at which an edge decides that nobody has judged.
        led_nowhere: Messages of customers that led to no transition.
        unchanged: Sessions that would have gone where they went.
        undecided: Sessions without a deviation, of which something was not evaluated.
        deviations: Sessions by how they would have gone otherwise; one may count several times.
        examples: The most telling ones, at most ten.
    """

    sessions: int = 0
    transitions: int = 0
    reproduced: int = 0
    not_evaluated: int = 0
    led_nowhere: int = 0
    unchanged: int = 0
    undecided: int = 0
    deviations: dict[Deviation, int] = field(default_factory=lambda: dict.fromkeys(Deviation, 0))
    examples: list[ReplayedSession] = field(default_factory=list)

    def add(self, replay: "StructureReplay", sessions: Sequence[RecordedSession]) -> None:
        """Walk some more sessions; in steps, as it may take long."""
        deviating = []
        for session in sessions:
            pause_if_long()
            walked = replay.walk(session)
            self.sessions += 1
            self.transitions += len(session.transitions)
            self.reproduced += walked.reproduced
            self.not_evaluated += walked.not_evaluated
            self.led_nowhere += session.led_nowhere
            for each in walked.deviations:
                self.deviations[each] += 1
            if walked.deviations:
                deviating.append(walked)
            elif walked.not_evaluated:
                self.undecided += 1
            else:
                self.unchanged += 1
        telling = nlargest(MOST_EXAMPLES, deviating, key=lambda each: each.weight)
        self.examples = nlargest(
            MOST_EXAMPLES, [*self.examples, *telling], key=lambda each: each.weight
        )


class StructureReplay:
    """Walks sessions of one structure through another.

    Args:
        recorded: What the sessions ran on.
        candidate: What they are walked through.
    """

    def __init__(self, recorded: GraphStructure, candidate: GraphStructure) -> None:
        self._walker = Walker(candidate.edges)
        self._names = _names(candidate)
        self._escalations = _escalations(candidate)
        self._entry = _entry(candidate)
        self._by_name = {name: node_id for node_id, name in reversed(self._names.items())}
        self._signatures = {edge.id: _signature(edge) for edge in candidate.edges}
        self._recorded_entry = _entry(recorded)
        self._handed_over = {_names(recorded)[node_id] for node_id in _escalations(recorded)}
        self._recorded_edges = _edges_by_node(recorded)
        self._verdicts: dict[tuple[Any, ...], Mapping[_Signature, bool]] = {}

    def walk(self, session: RecordedSession) -> ReplayedSession:
        """Where a session would have gone."""
        node_id = self._start(session)
        path = [] if node_id is None else [node_id]
        deviations: set[Deviation] = set()
        at: int | None = None
        first: Step | None = None
        reproduced = not_evaluated = 0
        for index, transition in enumerate(session.transitions):
            if node_id is None:
                deviations.add(Deviation.STUCK)
                at = 0
                break
            step = self._step(node_id, session, transition)
            not_evaluated += bool(step.not_evaluated)
            target = step.edge.to_node_id if step.edge else self._undecided(step, transition)
            if target is None and step.not_evaluated:
                break
            if target is not None and self._names[target] == transition.to_name:
                reproduced += 1
            elif at is None:
                at, first = index, step
                deviations.add(Deviation.STUCK if target is None else Deviation.ELSEWHERE)
            if target is not None:
                node_id = target
                path.append(target)
        else:
            if self._loses_handoff(session, path):
                deviations.add(Deviation.LOST_HANDOFF)
        if self._loops(session, path):
            deviations.add(Deviation.LOOP)
        return ReplayedSession(
            session, frozenset(deviations), at, first, tuple(path), reproduced, not_evaluated
        )

    def name_of(self, node_id: int) -> str | None:
        """Who speaks at a node of the candidate."""
        return self._names[node_id]

    def _step(self, node_id: int, session: RecordedSession, transition: RecordedTransition) -> Step:
        verdicts = self._judged(transition)
        variables = {**session.variables, CALL_DURATION: transition.seconds}
        variables.pop(MESSAGE_COUNT, None)  # what it came to in the end says nothing of this one
        return self._walker.step(
            node_id,
            transition.message,
            variables,
            lambda edge_id: verdicts.get(self._signatures[edge_id]),
        )

    def _undecided(self, step: Step, transition: RecordedTransition) -> int | None:
        """Where an edge that nobody has judged leads, if the session went there."""
        targets = (edge.to_node_id for edge in step.not_evaluated)
        return next((each for each in targets if self._names[each] == transition.to_name), None)

    def _start(self, session: RecordedSession) -> int | None:
        if not session.transitions:
            return self._entry
        start = session.transitions[0]
        if start.from_node_id is not None and start.from_node_id == self._recorded_entry:
            return self._entry
        return self._by_name.get(start.from_name, self._entry)

    def _judged(self, transition: RecordedTransition) -> Mapping[_Signature, bool]:
        """What the record tells about edges: by their conditions, whether these were met."""
        key = (
            transition.edge_id,
            transition.from_node_id,
            transition.to_node_id,
            transition.condition_type,
            transition.matched_condition,
        )
        if key not in self._verdicts:
            self._verdicts[key] = self._read_verdicts(transition)
        return self._verdicts[key]

    def _read_verdicts(self, transition: RecordedTransition) -> Mapping[_Signature, bool]:
        tried = self._recorded_edges.get(transition.from_node_id, [])
        followed = next(
            (edge for edge in tried if edge.id == transition.edge_id),
            None,
        ) or next(
            (
                edge
                for edge in tried
                if (edge.to_node_id, edge.condition_type)
                == (transition.to_node_id, transition.condition_type)
            ),
            None,
        )
        if followed is None:
            words = (ConditionType.NATURAL_LANGUAGE, transition.matched_condition)
            return {(words,): True} if transition.condition_type == words[0] else {}
        before = tried[: tried.index(followed)]
        return {**{_signature(edge): False for edge in before}, _signature(followed): True}

    def _loses_handoff(self, session: RecordedSession, path: Sequence[int]) -> bool:
        was_handed_over = any(
            transition.to_name in self._handed_over for transition in session.transitions
        )
        return was_handed_over and self._escalations.isdisjoint(path)

    def _loops(self, session: RecordedSession, path: Sequence[int]) -> bool:
        """Whether it comes back to a node, and the recorded session came back to none."""
        recorded = [transition.to_name for transition in session.transitions]
        if session.transitions:
            recorded.append(session.transitions[0].from_name)
        return len(set(path)) < len(path) and len(set(recorded)) == len(recorded)


def _signature(edge: StructureEdge) -> _Signature:
    conditions = read_conditions(edge)
    written = tuple(
        (ConditionType(kind), getattr(edge, COLUMN_OF[kind])) for kind in sorted(conditions.types)
    )
    hashable = tuple(
        (kind, value if isinstance(value, str) else repr(value)) for kind, value in written
    )
    return (*hashable, "OR") if conditions.any_is_enough else hashable


def _names(structure: GraphStructure) -> dict[int, str | None]:
    """Who speaks at each node."""
    return {
        node.id: assistant.name
        if node.assistant_id is not None
        and (assistant := structure.assistants.get(node.assistant_id))
        else None
        for node in structure.nodes
    }


def _escalations(structure: GraphStructure) -> set[int]:
    return {node.id for node in structure.nodes if node.node_type == NodeType.ESCALATION}


def _entry(structure: GraphStructure) -> int | None:
    entries = (node.id for node in structure.nodes if node.node_type == NodeType.ENTRY)
    return next(entries, None)


def _edges_by_node(structure: GraphStructure) -> dict[int | None, list[StructureEdge]]:
    """Active edges in the order in which they are tried, by the node that they leave."""
    edges: dict[int | None, list[StructureEdge]] = {}
    for edge in sorted(structure.edges, key=lambda each: (each.priority, each.id)):
        if edge.is_active:
            edges.setdefault(edge.from_node_id, []).append(edge)
    return edges
