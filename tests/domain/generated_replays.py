"""Random graphs, sessions that walked them, and edits whose effect is known.

    python -m tests.domain.generated_replays 1000

Sessions are made without the code that replays them: who leaves a node by an edge says one of its
keywords, or waits as long as its expression wants, or meets its natural language.
"""

import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from gql.domain.graph_replay import (
    Deviation,
    RecordedSession,
    RecordedTransition,
    ReplayedSession,
    StructureReplay,
)
from gql.domain.graph_structure import (
    AssistantState,
    GraphStructure,
    StructureEdge,
    StructureNode,
)

SESSIONS = 20
"""Of each graph."""

MINUTES = 60


def graph(pick: random.Random) -> GraphStructure:
    """A graph without cycles, each node with an assistant of its own; the last one escalates."""
    count = pick.randint(4, 9)
    kinds = ["entry", *["standard"] * (count - 2), "escalation"]
    nodes = [StructureNode(key, key, kind, label=f"node {key}") for key, kind in enumerate(kinds)]
    edges: list[StructureEdge] = []
    for start in range(count - 1):
        targets = pick.sample(range(start + 1, count), min(count - 1 - start, pick.randint(1, 3)))
        for priority, end in enumerate(targets):
            edges.append(_edge(pick, len(edges), start, end, priority))
    assistants = {key: AssistantState(f"Assistant {key}", is_active=True) for key in range(count)}
    return GraphStructure(nodes, edges, assistants)


def _edge(pick: random.Random, key: int, start: int, end: int, priority: int) -> StructureEdge:
    edge = StructureEdge(key, start, end, priority=priority, handoff_sentence="One moment.")
    kind = pick.choice(("intent", "intent", "natural_language", "mathematical"))
    if kind == "intent":
        return replace(edge, condition_type=kind, intent_pattern=f"word{key}, term{key}")
    if kind == "natural_language":
        return replace(edge, condition_type=kind, natural_language_trigger=f"Situation {key}")
    # Who leaves by an edge of intent or language does so within the hour, before any of these.
    seconds = (key + 60) * MINUTES
    text = f"call_duration >= {seconds} and call_duration < {seconds + MINUTES}"
    return replace(edge, condition_type=kind, mathematical_expression=text)


def sessions(pick: random.Random, structure: GraphStructure) -> list[RecordedSession]:
    return [
        RecordedSession(number, {}, list(_transitions(pick, structure)))
        for number in range(SESSIONS)
    ]


def _transitions(pick: random.Random, structure: GraphStructure) -> Iterator[RecordedTransition]:
    node_id, step = 0, 0
    while leaving := [edge for edge in structure.edges if edge.from_node_id == node_id]:
        if pick.random() < 0.1:
            return
        edge = pick.choice(leaving)
        step += 1
        seconds = float(step)
        if edge.condition_type == "mathematical":
            seconds = (edge.id + 60) * MINUTES + 0.5
        yield RecordedTransition(
            edge.id,
            node_id,
            edge.to_node_id,
            f"Assistant {node_id}",
            f"Assistant {edge.to_node_id}",
            edge.condition_type,
            None,
            f"I want word{edge.id}!" if edge.condition_type == "intent" else "Well ...",
            seconds,
        )
        assert edge.to_node_id is not None
        node_id = edge.to_node_id


def edits(
    pick: random.Random, structure: GraphStructure
) -> Iterator[tuple[str, GraphStructure, int, Deviation | None]]:
    """Each kind of edit of a random edge: its name, the graph, the edge, and what it does.

    None for an edit without an effect on sessions that took the edge.
    """
    edge = pick.choice(structure.edges)
    others = [each for each in structure.edges if each is not edge]

    def with_edge(**columns: object) -> GraphStructure:
        return replace(structure, edges=[*others, replace(edge, **columns)])  # type: ignore[arg-type]

    assert edge.from_node_id is not None
    elsewhere = [
        node.id for node in structure.nodes if node.id not in {edge.from_node_id, edge.to_node_id}
    ]
    redirected = with_edge(to_node_id=pick.choice(elsewhere))
    yield "same", structure, edge.id, None
    yield "said otherwise", with_edge(handoff_sentence="Hold on."), edge.id, None
    yield "removed", replace(structure, edges=others), edge.id, Deviation.STUCK
    yield "switched off", with_edge(is_active=False), edge.id, Deviation.STUCK
    yield (
        "led elsewhere",
        redirected,
        edge.id,
        Deviation.ELSEWHERE,
    )
    if edge.condition_type == "intent":
        yield (
            "more keywords",
            with_edge(intent_pattern=f"{edge.intent_pattern},more"),
            edge.id,
            None,
        )
        yield "another keyword", with_edge(intent_pattern="never"), edge.id, Deviation.STUCK
    if edge.condition_type == "mathematical":
        later = "call_duration > 1000000"
        yield "a later time", with_edge(mathematical_expression=later), edge.id, Deviation.STUCK


def check_graph(seed: int) -> Counter[str]:
    """Replay one graph's sessions through each edit, and compare with what is known.

    Returns:
        How many sessions were compared, by edit; `transitions` counts those of the same graph.
    """
    pick = random.Random(seed)  # noqa: S311
    structure = graph(pick)
    walked = sessions(pick, structure)
    counts: Counter[str] = Counter()
    for name, candidate, edge_id, effect in edits(pick, structure):
        replay = StructureReplay(structure, candidate)
        outcomes = [replay.walk(session) for session in walked]
        for session, outcome in zip(walked, outcomes, strict=True):
            is_open = effect is Deviation.STUCK and _may_go_on(structure, edge_id)
            _compare(name, edge_id, effect, session, outcome, is_open=is_open)
        counts[name] += len(walked)
        if name == "same":
            counts["transitions"] += sum(each.reproduced for each in outcomes)
    return counts


def _may_go_on(structure: GraphStructure, edge_id: int) -> bool:
    """Whether natural language that nobody has judged is tried after an edge is not edge_ids."""
    [edge] = [each for each in structure.edges if each.id == edge_id]
    return any(
        each.from_node_id == edge.from_node_id
        and each.priority > edge.priority
        and each.condition_type == "natural_language"
        for each in structure.edges
    )


def _compare(
    name: str,
    edge_id: int,
    effect: Deviation | None,
    session: RecordedSession,
    outcome: ReplayedSession,
    *,
    is_open: bool,
) -> None:
    edge_ids = [transition.edge_id for transition in session.transitions]
    if effect is None or edge_id not in edge_ids:
        assert not outcome.deviations, (name, outcome)
        assert outcome.reproduced == len(edge_ids), (name, outcome)
        assert not outcome.not_evaluated, (name, outcome)
    elif is_open:
        assert (outcome.deviations, outcome.not_evaluated) == (frozenset(), 1), (name, outcome)
    else:
        assert outcome.at == edge_ids.index(edge_id), (name, outcome)
        assert effect in outcome.deviations, (name, outcome)
        other = {Deviation.STUCK, Deviation.ELSEWHERE} - {effect}
        assert outcome.deviations.isdisjoint(other), (name, outcome)


def main(arguments: Sequence[str]) -> None:
    total: Counter[str] = Counter()
    for seed in range(int(arguments[0])):
        total += check_graph(seed)
    print(dict(total))  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
