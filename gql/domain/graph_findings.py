"""What is wrong with a graph's structure, or worth knowing: nothing is refused for it.

A graph of the API documents has no findings: they leave conversations at a node without edges where
the graph has no exit and no escalation, and try edges of one priority with different keywords.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations, islice
from typing import Any

from gql.domain.conditions.satisfiability import BUILT_IN
from gql.domain.edge_conditions import COLUMN_OF, EdgeConditions, read_conditions
from gql.domain.graph_paths import cycles_of, reached_from
from gql.domain.graph_structure import GraphStructure, StructureEdge, StructureNode
from gql.models.enums import NodeType
from gql.steps import pause_if_long

_MOST_COMPARED = 2_000
"""Pairs of edges of one priority that are compared, at each node."""


class Severity(StrEnum):
    """How much a finding matters."""

    ERROR = "error"
    WARNING = "warning"
    INFORMATION = "information"


class FindingCode(StrEnum):
    """What was found, in the order in which findings of one severity are listed."""

    NO_ENTRY_NODE = "no_entry_node"
    SEVERAL_ENTRY_NODES = "several_entry_nodes"
    DANGLING_EDGE = "dangling_edge"
    DELETED_ASSISTANT = "deleted_assistant"
    INACTIVE_ASSISTANT = "inactive_assistant"
    MISSING_CONDITION = "missing_condition"
    INVALID_EXPRESSION = "invalid_expression"
    INVALID_STATE_CONDITION = "invalid_state_condition"
    NEVER_HOLDS = "never_holds"
    UNREACHABLE_NODE = "unreachable_node"
    DEAD_END = "dead_end"
    EXIT_WITH_OUTGOING_EDGES = "exit_with_outgoing_edges"
    DUPLICATE_EDGE = "duplicate_edge"
    SELF_EDGE = "self_edge"
    EQUAL_PRIORITIES = "equal_priorities"
    UNSET_VARIABLE = "unset_variable"
    CYCLE = "cycle"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found.

    Attributes:
        message: A sentence that says what to do.
        node_ids: The nodes it is about, ascending.
        edge_ids: The edges it is about, ascending.
    """

    code: FindingCode
    severity: Severity
    message: str
    node_ids: tuple[int, ...] = ()
    edge_ids: tuple[int, ...] = ()


def findings(structure: GraphStructure) -> list[Finding]:
    """Everything found in a structure, errors first.

    Long structures take long: `gql.steps.in_steps` lets others run in between.
    """
    subject = _Subject(structure)
    listed = [finding for check in _CHECKS for finding in check(subject)]
    severities, codes = list(Severity), list(FindingCode)
    listed.sort(
        key=lambda each: (
            severities.index(each.severity),
            codes.index(each.code),
            each.node_ids,
            each.edge_ids,
        )
    )
    return listed


class _Subject:
    """A structure with what several checks need of it.

    Attributes:
        conditions: By edge id.
        can_hold: The ids of edges that can be taken, as far as their conditions tell.
        usable: Active edges between nodes that there are, by the node where they start.
        next: Where these lead, by the node where they start.
        reached: The nodes that conversations reach from the entry; all of them without one.
    """

    def __init__(self, structure: GraphStructure) -> None:
        self.structure = structure
        self.nodes: Mapping[int, StructureNode] = {node.id: node for node in structure.nodes}
        self.conditions: dict[int, EdgeConditions] = {}
        self.can_hold: set[int] = set()
        self.usable: dict[int, list[StructureEdge]] = defaultdict(list)
        for edge in structure.edges:
            pause_if_long()
            self.conditions[edge.id] = conditions = read_conditions(edge)
            if conditions.can_hold:
                self.can_hold.add(edge.id)
            if edge.is_active and edge.from_node_id in self.nodes and edge.to_node_id in self.nodes:
                self.usable[edge.from_node_id].append(edge)
        self.next: Mapping[int, list[int]] = {
            node_id: [edge.to_node_id for edge in edges if edge.to_node_id is not None]
            for node_id, edges in self.usable.items()
        }
        entries = self.of_type(NodeType.ENTRY)
        self.reached = reached_from(entries or self.nodes, self.next)

    def of_type(self, *types: NodeType) -> list[int]:
        return [node.id for node in self.structure.nodes if node.node_type in types]

    def names(self, ids: Iterable[int]) -> str:
        return _listed([self.nodes[node_id].label for node_id in ids])


def _check_entry(subject: _Subject) -> Iterator[Finding]:
    entries = subject.of_type(NodeType.ENTRY)
    if not entries:
        text = "No node is the entry, so no conversation can start: give one node the type entry."
        yield Finding(FindingCode.NO_ENTRY_NODE, Severity.ERROR, text)
    elif len(entries) > 1:
        text = (
            f"{_capital(subject.names(entries))} are all entries, but a conversation starts at one:"
            " give the others another type."
        )
        yield Finding(FindingCode.SEVERAL_ENTRY_NODES, Severity.ERROR, text, _ids(entries))


def _check_assistants(subject: _Subject) -> Iterator[Finding]:
    for node in subject.structure.nodes:
        if node.assistant_id is None:
            continue
        assistant = subject.structure.assistants.get(node.assistant_id)
        if assistant is None:
            text = (
                f"{_capital(node.label)} has assistant {node.assistant_id}, which does not exist:"
                " give it another assistant."
            )
            yield Finding(FindingCode.DELETED_ASSISTANT, Severity.ERROR, text, (node.id,))
        elif not assistant.is_active:
            text = (
                f"{_capital(node.label)} has the assistant {assistant.name!r}, which is inactive:"
                " activate it, or give the node another assistant."
            )
            yield Finding(FindingCode.INACTIVE_ASSISTANT, Severity.WARNING, text, (node.id,))


def _check_reachability(subject: _Subject) -> Iterator[Finding]:
    """Nodes that no conversation reaches; without an entry that is true of all, and not said."""
    for node in subject.structure.nodes:
        if node.id not in subject.reached:
            text = (
                f"{_capital(node.label)} cannot be reached from the entry over active edges:"
                " lead an edge to it, or remove it."
            )
            yield Finding(FindingCode.UNREACHABLE_NODE, Severity.WARNING, text, (node.id,))


def _check_dead_ends(subject: _Subject) -> Iterator[Finding]:
    """Nodes from which a conversation reaches none of the graph's ends, where it has any."""
    ends = subject.of_type(NodeType.EXIT, NodeType.ESCALATION)
    if not ends:
        return
    previous: dict[int, list[int]] = defaultdict(list)
    for node_id, following in subject.next.items():
        for next_id in following:
            previous[next_id].append(node_id)
    finishing = reached_from(ends, previous)
    for node in subject.structure.nodes:
        if node.id in finishing or node.id not in subject.reached:
            continue
        leads = "leads to no exit and no escalation" if node.id in subject.next else "leads nowhere"
        text = (
            f"{_capital(node.label)} {leads}, so a conversation there cannot finish:"
            " add an edge on to one, or make it an exit."
        )
        yield Finding(FindingCode.DEAD_END, Severity.WARNING, text, (node.id,))


def _check_exits(subject: _Subject) -> Iterator[Finding]:
    for node_id in subject.of_type(NodeType.EXIT):
        if edges := subject.usable.get(node_id):
            text = (
                f"{_capital(subject.nodes[node_id].label)} is an exit, which ends the call, so"
                f" {_labels(edges)} can never be taken: remove what leaves it, or change its type."
            )
            code = FindingCode.EXIT_WITH_OUTGOING_EDGES
            yield Finding(code, Severity.WARNING, text, (node_id,), _ids_of(edges))


def _check_ends_of_edges(subject: _Subject) -> Iterator[Finding]:
    for edge in subject.structure.edges:
        ends = (edge.from_node_id, edge.to_node_id)
        missing = [
            side for side, end in zip(("from", "to"), ends, strict=True) if end not in subject.nodes
        ]
        present = _ids({end for end in ends if end in subject.nodes and end is not None})
        if missing:
            text = (
                f"{_capital(edge.label)} has no node of this graph as its {' and '.join(missing)}:"
                " lead it between two of its nodes, or remove it."
            )
            yield Finding(FindingCode.DANGLING_EDGE, Severity.ERROR, text, present, (edge.id,))
        elif edge.from_node_id == edge.to_node_id:
            node = subject.nodes[present[0]]
            text = (
                f"{_capital(edge.label)} leads from {node.label} back to it, so the conversation"
                " stays where it is: lead it to another node, or remove it."
            )
            yield Finding(FindingCode.SELF_EDGE, Severity.WARNING, text, present, (edge.id,))


def _check_duplicates(subject: _Subject) -> Iterator[Finding]:
    alike: dict[Any, list[StructureEdge]] = defaultdict(list)
    for edges in subject.usable.values():
        for edge in edges:
            read = subject.conditions[edge.id]
            written = [str(getattr(edge, COLUMN_OF[kind])) for kind in sorted(read.types)]
            logic = edge.condition_logic if len(read.types) > 1 else None
            alike[edge.from_node_id, edge.to_node_id, logic, *written].append(edge)
    for key, edges in alike.items():
        if len(edges) > 1:
            first, *others = sorted(edges, key=lambda edge: (edge.priority, edge.id))
            text = (
                f"{_capital(_labels(others))} {'has' if len(others) == 1 else 'have'} the ends and"
                f" the condition of {first.label}, which is tried before: remove one of them."
            )
            nodes = _ids(set(key[:2]))
            yield Finding(FindingCode.DUPLICATE_EDGE, Severity.WARNING, text, nodes, _ids_of(edges))


def _check_priorities(subject: _Subject) -> Iterator[Finding]:
    """Edges of one priority of which a message may meet several, so that their ids decide."""
    for node_id, edges in subject.usable.items():
        ranks: dict[int, list[StructureEdge]] = defaultdict(list)
        for edge in edges:
            ranks[edge.priority].append(edge)
        for priority, equal in ranks.items():
            rivals = {
                edge.id: edge
                for pair in islice(combinations(equal, 2), _MOST_COMPARED)
                if _are_rivals(subject, *pair)
                for edge in pair
            }
            if rivals:
                text = (
                    f"{_capital(_labels(list(rivals.values())))} leave"
                    f" {subject.nodes[node_id].label} with priority {priority}, and one message may"
                    " meet the conditions of several: give each its own priority."
                )
                code = FindingCode.EQUAL_PRIORITIES
                yield Finding(code, Severity.WARNING, text, (node_id,), _ids(rivals))


def _are_rivals(subject: _Subject, one: StructureEdge, other: StructureEdge) -> bool:
    pause_if_long()
    return (
        one.to_node_id != other.to_node_id
        and {one.id, other.id} <= subject.can_hold
        and not subject.conditions[one.id].excludes(subject.conditions[other.id])
    )


def _check_conditions(subject: _Subject) -> Iterator[Finding]:
    for edge in subject.structure.edges:
        pause_if_long()
        conditions = subject.conditions[edge.id]
        for code, fault in _faults(edge, conditions):
            severity = Severity.WARNING if edge.id in subject.can_hold else Severity.ERROR
            if not edge.is_active:
                severity = Severity.INFORMATION
            text = f"{_capital(edge.label)} {fault}"
            yield Finding(code, severity, text, (), (edge.id,))


def _faults(edge: StructureEdge, conditions: EdgeConditions) -> Iterator[tuple[FindingCode, str]]:
    if not conditions.has(edge.condition_type):
        column = COLUMN_OF.get(edge.condition_type, "condition")
        text = f"has the type {edge.condition_type}, but no {column}: write one, or change its type"
        yield FindingCode.MISSING_CONDITION, text + "."
    if conditions.expression_fault:
        text = f"has an expression that {conditions.expression_fault}: correct it."
        yield FindingCode.INVALID_EXPRESSION, text
    elif conditions.expression is not None and not conditions.expression_can_hold:
        text = f"waits for {edge.mathematical_expression!r}, which can never hold: correct it."
        yield FindingCode.NEVER_HOLDS, text
    state = conditions.state
    if state and state.fault:
        yield FindingCode.INVALID_STATE_CONDITION, f"has a state condition that {state.fault}."
    elif state and not state.can_hold:
        text = f"waits for {state.variable} {state.operator} {state.value!r}, which can never hold"
        yield FindingCode.NEVER_HOLDS, text + ": correct it."
    if conditions.is_contradictory:
        text = "waits for conditions that can never hold together: change one of them, or have"
        yield FindingCode.NEVER_HOLDS, text + " condition_logic OR."


def _check_variables(subject: _Subject) -> Iterator[Finding]:
    """Variables of conditions that neither sessions nor configurations have."""
    structure = subject.structure
    present = {*BUILT_IN, *(structure.session_variables or ()), *_keys(structure.configuration)}
    for node in structure.nodes:
        present.update(_keys(node.configuration))
    has_sessions = structure.session_variables is not None
    severity = Severity.WARNING if has_sessions else Severity.INFORMATION
    where = "no recent session has it" if has_sessions else "no session is recorded yet"
    users: dict[str, list[int]] = defaultdict(list)
    for edge in structure.edges:
        for name in sorted(set(subject.conditions[edge.id].variables()) - present):
            users[name].append(edge.id)
    for name, edge_ids in users.items():
        text = (
            f"Nothing sets the variable {name!r}: {where}, and no configuration of the graph or of"
            " a node names it. Have an assistant set it, or correct the name."
        )
        yield Finding(FindingCode.UNSET_VARIABLE, severity, text, (), _ids(edge_ids))


def _check_cycles(subject: _Subject) -> Iterator[Finding]:
    for cycle in cycles_of(list(subject.nodes), subject.next):
        inside = [
            edge
            for node_id in cycle
            for edge in subject.usable.get(node_id, ())
            if edge.to_node_id in cycle and edge.to_node_id != node_id
        ]
        text = (
            f"A conversation can go round between {subject.names(cycle)}:"
            " see to it that a condition ends that."
        )
        code = FindingCode.CYCLE
        yield Finding(code, Severity.INFORMATION, text, _ids(cycle), _ids_of(inside))


_CHECKS: Sequence[Callable[[_Subject], Iterator[Finding]]] = (
    _check_entry,
    _check_assistants,
    _check_reachability,
    _check_dead_ends,
    _check_exits,
    _check_ends_of_edges,
    _check_duplicates,
    _check_priorities,
    _check_conditions,
    _check_variables,
    _check_cycles,
)

_MOST_LISTED = 5


def _listed(labels: Sequence[str]) -> str:
    if len(labels) > _MOST_LISTED:
        labels = [*labels[:_MOST_LISTED], f"{len(labels) - _MOST_LISTED} more"]
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"


def _labels(edges: Sequence[StructureEdge]) -> str:
    return _listed([edge.label for edge in edges])


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _ids(ids: Iterable[int]) -> tuple[int, ...]:
    return tuple(sorted(ids))


def _ids_of(edges: Iterable[StructureEdge]) -> tuple[int, ...]:
    return _ids(edge.id for edge in edges)


def _keys(document: Any) -> Iterator[str]:
    """Every key in a JSON value; a loop, as it may be nested deeply."""
    stack = [document]
    while stack:
        value = stack.pop()
        if isinstance(value, Mapping):
            yield from map(str, value)
            stack += value.values()
        elif isinstance(value, list):
            stack += value
