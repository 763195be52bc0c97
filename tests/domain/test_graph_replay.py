"""Replays of recorded sessions: nothing is missed or invented, and what is open is counted."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from gql.domain.graph_replay import (
    Deviation,
    RecordedSession,
    RecordedTransition,
    ReplayTotals,
    StructureReplay,
)
from gql.domain.graph_structure import AssistantState, GraphStructure
from tests.domain.generated_replays import check_graph
from tests.domain.graph_drafts import draft, expression, language

PEOPLE = {key: AssistantState(name, is_active=True) for key, name in enumerate("abcd", 1)}
NODES = "a:entry b c d:escalation"
EDGES = {"a>b": "sales", "a>c": language("is angry", priority=1), "b>d": "human", "c>d": "human"}


def _graph(edges: Mapping[str, object], nodes: str = NODES) -> GraphStructure:
    graph = draft(nodes, edges, {"a": 1, "b": 2, "c": 3, "d": 4})
    return replace(graph, assistants=PEOPLE)


GRAPH = _graph(EDGES)


def _session(*steps: tuple[str, str | None], **variables: int) -> RecordedSession:
    """Steps by edge of `EDGES` with what the customer said."""
    ends, letters = list(EDGES), "abcd"
    transitions = [
        RecordedTransition(
            edge_id=ends.index(edge),
            from_node_id=letters.index(edge[0]),
            to_node_id=letters.index(edge[2]),
            from_name=edge[0],
            to_name=edge[2],
            condition_type="natural_language" if edge == "a>c" else "intent",
            matched_condition=None,
            message=message,
            seconds=60.0 * number,
        )
        for number, (edge, message) in enumerate(steps, 1)
    ]
    return RecordedSession(None, variables, transitions)


BOUGHT = _session(("a>b", "the sales desk"), ("b>d", "a human"))
ANGRY = _session(("a>c", "what is this"), ("c>d", "a human"))


@pytest.mark.parametrize("seed", range(50))
def test_edits_of_generated_graphs_have_their_effect_and_no_other(seed: int) -> None:
    assert check_graph(seed)["transitions"] > 0


def test_the_same_structure_reproduces_recorded_verdicts_too() -> None:
    outcome = StructureReplay(GRAPH, GRAPH).walk(ANGRY)

    assert (outcome.reproduced, outcome.deviations, outcome.path) == (2, frozenset(), (0, 2, 3))


def test_keywords_that_are_not_recorded_follow_the_record() -> None:
    silent = _session(("a>b", None), ("b>d", None))

    assert StructureReplay(GRAPH, GRAPH).walk(silent).reproduced == 2


def test_a_session_that_never_comes_to_the_escalation_has_lost_it() -> None:
    candidate = _graph({**EDGES, "b>d": "manager"})
    outcome = StructureReplay(GRAPH, candidate).walk(BOUGHT)

    assert outcome.deviations == {Deviation.STUCK, Deviation.LOST_HANDOFF}
    assert (outcome.at, outcome.path) == (1, (0, 1))


def test_a_session_that_comes_back_goes_round() -> None:
    candidate = _graph({**EDGES, "b>a": "human", "b>d": {"intent_pattern": "x", "priority": 2}})
    outcome = StructureReplay(GRAPH, candidate).walk(BOUGHT)

    assert outcome.deviations == {Deviation.ELSEWHERE, Deviation.LOOP, Deviation.LOST_HANDOFF}


def test_natural_language_that_nobody_has_judged_is_counted() -> None:
    candidate = _graph({**EDGES, "a>d": language("wants a person", priority=-1)})
    outcome = StructureReplay(GRAPH, candidate).walk(BOUGHT)

    assert (outcome.deviations, outcome.not_evaluated, outcome.reproduced) == (frozenset(), 1, 2)


def test_the_number_of_messages_is_not_recorded() -> None:
    candidate = _graph({**EDGES, "a>d": expression("turn_count > 1", priority=-1)})

    assert StructureReplay(GRAPH, candidate).walk(BOUGHT).not_evaluated == 1


def test_seconds_and_variables_are_computed_with() -> None:
    late = _graph({**EDGES, "a>d": expression("call_duration >= 60 and vip", priority=-1)})
    replay = StructureReplay(GRAPH, late)

    assert not replay.walk(BOUGHT).deviations
    vip = _session(("a>b", "the sales desk"), ("b>d", "a human"), vip=1)
    assert replay.walk(vip).deviations == {Deviation.ELSEWHERE}


def test_nodes_are_compared_by_who_speaks() -> None:
    moved = _graph(EDGES, "d:escalation c b a:entry")

    assert StructureReplay(GRAPH, moved).walk(BOUGHT).path == (3, 2, 0)
    assert not StructureReplay(GRAPH, moved).walk(BOUGHT).deviations


def test_the_most_telling_sessions_come_first_and_ten_are_kept() -> None:
    candidate = _graph({**EDGES, "b>d": "manager"})
    totals = ReplayTotals()
    short = _session(("a>b", "sales"))
    totals.add(StructureReplay(GRAPH, candidate), [short, *[BOUGHT] * 8, *[ANGRY] * 3])
    totals.add(StructureReplay(GRAPH, candidate), [BOUGHT] * 8)

    assert (totals.sessions, totals.unchanged, totals.undecided) == (20, 4, 0)
    assert totals.deviations[Deviation.LOST_HANDOFF] == 16
    assert [each.session for each in totals.examples] == [BOUGHT] * 10


def test_a_candidate_without_an_entry_holds_every_session() -> None:
    outcome = StructureReplay(GRAPH, _graph({}, nodes="")).walk(BOUGHT)

    assert (set(outcome.deviations), outcome.at) == ({Deviation.STUCK}, 0)
