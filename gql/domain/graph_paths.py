"""Ways through a graph: what is reached from where, and what goes round."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence


def reached_from(starts: Iterable[int], following: Mapping[int, Sequence[int]]) -> set[int]:
    """The nodes on all ways from some nodes, these included."""
    reached = set(starts)
    waiting = list(reached)
    while waiting:
        new = set(following.get(waiting.pop(), ())) - reached
        reached |= new
        waiting += new
    return reached


def cycles_of(
    nodes: Collection[int], following: Mapping[int, Sequence[int]]
) -> list[tuple[int, ...]]:
    """The groups of two or more nodes of which each leads to each, ascending.

    These are strongly connected components, found by Kosaraju's two searches, without recursion:
    https://en.wikipedia.org/wiki/Kosaraju%27s_algorithm.
    """
    previous: dict[int, list[int]] = defaultdict(list)
    for node, targets in following.items():
        for target in targets:
            previous[target].append(node)
    grouped: set[int] = set()
    groups = []
    for root in reversed(_finished_order(nodes, following)):
        if root in grouped:
            continue
        group = [root]
        grouped.add(root)
        for node in group:  # grows meanwhile
            for before in previous[node]:
                if before not in grouped:
                    grouped.add(before)
                    group.append(before)
        if len(group) > 1:
            groups.append(tuple(sorted(group)))
    return sorted(groups)


def _finished_order(nodes: Collection[int], following: Mapping[int, Sequence[int]]) -> list[int]:
    """The nodes in the order in which a depth-first search leaves them for good."""
    seen: set[int] = set()
    finished: list[int] = []
    for root in nodes:
        if root in seen:
            continue
        seen.add(root)
        stack = [(root, iter(following.get(root, ())))]
        while stack:
            node, targets = stack[-1]
            target = next((each for each in targets if each not in seen), None)
            if target is None:
                finished.append(node)
                stack.pop()
            else:
                seen.add(target)
                stack.append((target, iter(following.get(target, ()))))
    return finished
