"""How two structures of a graph differ.

A replacement gives every node and every edge a new id, so they are matched by more than ids: nodes
by id, then by their key, then by who speaks there; edges by id, then by the matched nodes that they
join. What is left over was added or removed.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gql.domain.graph_versions import Element, Structure
from gql.models.graph_version import EDGE_COLUMNS, NODE_COLUMNS

Signature = Callable[[Element], Hashable | None]
"""What is equal in two elements that are the same one; None where it says nothing."""

Pair = tuple[Element | None, Element | None]
"""An element before and after; None where there is none."""


class ChangeKind(StrEnum):
    """What became of a node or an edge."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class ElementChange:
    """What became of one node or edge.

    Attributes:
        label: What people call it: the assistant's name, or both with an arrow.
        fields: The columns that differ; none where it was added or removed.
    """

    kind: ChangeKind
    label: str
    fields: tuple[str, ...]
    before: Element | None
    after: Element | None


@dataclass(frozen=True, slots=True)
class StructureDiff:
    """All that differs, in the order of the ids after, with what was removed at the end."""

    nodes: tuple[ElementChange, ...]
    edges: tuple[ElementChange, ...]


def diff_structures(before: Structure, after: Structure) -> StructureDiff:
    """What has to be changed of one structure to get the other one."""
    node_pairs = _match(
        before["nodes"],
        after["nodes"],
        (_same, _same),
        (_column("key"), _column("key")),
        (_speaker_and_type, _speaker_and_type),
        (_column("assistant_id"), _column("assistant_id")),
    )
    new_ids = {
        old["id"]: new["id"] for old, new in node_pairs if old is not None and new is not None
    }

    def moved(edge: Element) -> tuple[Any, ...]:
        """The nodes that an edge joined, by the ids that they have after."""
        return tuple(new_ids.get(edge[end], ("gone", edge[end])) for end in _ENDS)

    edge_pairs = _match(
        before["edges"],
        after["edges"],
        (_same, _same),
        (lambda edge: (*moved(edge), edge["condition_type"]), _ends_and_type),
        (moved, _ends),
    )
    names = {node["id"]: _node_label(node) for node in (*before["nodes"], *after["nodes"])}
    return StructureDiff(
        nodes=tuple(_changes(node_pairs, NODE_COLUMNS, _node_label, lambda node: node)),
        edges=tuple(
            _changes(
                edge_pairs,
                EDGE_COLUMNS,
                lambda edge: " → ".join(names.get(edge[end], "?") for end in _ENDS),
                lambda edge: {**edge, **dict(zip(_ENDS, moved(edge), strict=True))},
            )
        ),
    )


_ENDS = ("from_node_id", "to_node_id")


def _match(
    before: Sequence[Element],
    after: Sequence[Element],
    *signatures: tuple[Signature, Signature],
) -> list[Pair]:
    """Pairs of the same element, found by one signature after the other, and what is left over."""
    old_ones, partner_of = list(before), {}
    new_ones = list(after)
    for old_signature, new_signature in signatures:
        waiting: dict[Hashable, list[Element]] = defaultdict(list)
        for old in old_ones:
            waiting[old_signature(old)].append(old)
        waiting.pop(None, None)
        paired_ids = set()
        for new in new_ones:
            alike = waiting.get(new_signature(new))
            if alike:
                old = alike.pop(0)
                partner_of[new["id"]] = old
                paired_ids.add(old["id"])
        old_ones = [old for old in old_ones if old["id"] not in paired_ids]
        new_ones = [new for new in new_ones if new["id"] not in partner_of]
    pairs = [(partner_of.get(new["id"]), new) for new in after]
    return [*pairs, *((old, None) for old in old_ones)]


def _changes(
    pairs: Sequence[Pair],
    columns: Sequence[str],
    label: Callable[[Element], str],
    moved: Callable[[Element], Element],
) -> Iterator[ElementChange]:
    for old, new in pairs:
        if old is None and new is not None:
            yield ElementChange(ChangeKind.ADDED, label(new), (), None, new)
        elif new is None and old is not None:
            yield ElementChange(ChangeKind.REMOVED, label(old), (), old, None)
        elif old is not None and new is not None:
            was = moved(old)
            fields = tuple(each for each in columns if each != "id" and was[each] != new[each])
            if fields:
                yield ElementChange(ChangeKind.CHANGED, label(new), fields, old, new)


def _same(element: Element) -> Hashable:
    return int(element["id"])


def _column(name: str) -> Signature:
    return lambda element: element[name]


def _speaker_and_type(node: Element) -> Hashable:
    return node["assistant_id"], node["node_type"]


def _ends(edge: Element) -> Hashable:
    return edge["from_node_id"], edge["to_node_id"]


def _ends_and_type(edge: Element) -> Hashable:
    return (*(edge[end] for end in _ENDS), edge["condition_type"])


def _node_label(node: Element) -> str:
    return node["assistant_name"] or f"node {node['id']}"
