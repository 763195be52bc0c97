"""Items about a call in any order, and repeated: the state is one; wrong rules are caught."""

import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gql.ingest.merge import (
    CallState,
    Element,
    Fields,
    Item,
    Life,
    Phase,
    SetSnapshot,
    Stamp,
    Stamped,
    StampedSet,
    stamp,
)

VALUES = st.sampled_from([None, 1, 2])
STAMPED = st.tuples(st.integers(0, 6), st.integers(0, 1))


def _stamped(kind: Callable[..., Item], **strategies: st.SearchStrategy[Any]) -> Any:
    """Items of a kind whose stamps are few, so that many collide."""

    def build(when: tuple[int, int], **content: Any) -> Item:
        return kind(stamp=stamp(*when, [kind.__name__, repr(sorted(content.items()))]), **content)

    return st.builds(build, STAMPED, **strategies)


ITEMS = st.one_of(
    _stamped(
        Life,
        phase=st.sampled_from(Phase),
        values=st.fixed_dictionaries({"reason": VALUES}),
        started_at=VALUES,
    ),
    _stamped(
        Fields,
        group=st.sampled_from(["parties", "outcome", "meta.language"]),
        values=st.fixed_dictionaries({"a": VALUES, "b": VALUES}),
        corrects=st.booleans(),
        withdrawn=st.booleans(),
    ),
    _stamped(
        Element, of=st.sampled_from(["messages", "costs"]), key=st.sampled_from("123"), value=VALUES
    ),
    _stamped(
        SetSnapshot,
        of=st.sampled_from(["messages", "costs"]),
        elements=st.dictionaries(st.sampled_from("1234"), VALUES, max_size=3),
    ),
)
LOGS = st.lists(ITEMS, min_size=2, max_size=14)
ORDERS = 8


def _seen(state: CallState) -> Any:
    """What readers see of a state."""
    groups = sorted({*state.fields, *state.corrections})
    return (
        state.life and (state.life.phase, state.life.values),
        state.started_at,
        {group: state.values(group) for group in groups},
        {
            name: {key: element.value for key, element in sorted(of.elements.items())}
            for name, of in sorted(state.sets.items())
            if of.elements
        },
    )


def _state(items: Sequence[Item]) -> CallState:
    state = CallState()
    state.apply(items)
    return state


def _orders(log: list[Item], seed: int) -> list[list[Item]]:
    """The log shuffled, some of it several times."""
    source = random.Random(seed)  # noqa: S311
    orders = []
    for _ in range(ORDERS):
        order = log + source.choices(log, k=len(log))
        source.shuffle(order)
        orders.append(order)
    return orders


def _differs(log: list[Item], seed: int) -> bool:
    expected = _seen(_state(log))
    return any(_seen(_state(order)) != expected for order in _orders(log, seed))


@settings(max_examples=300)
@given(LOGS, st.integers(0, 2**32))
def test_order_and_repetition_change_nothing(log: list[Item], seed: int) -> None:
    assert not _differs(log, seed)


def _last_arrival(self: StampedSet, key: str, stamp: Stamp, value: Any) -> None:
    self.elements[key] = Stamped(stamp, value)


def _without_snapshot(self: StampedSet, item: Element) -> None:
    self._take(item.key, item.stamp, item.value)


def _last_life(self: CallState, item: Life) -> None:
    self.life = item


def _last_fields(self: CallState, item: Fields) -> None:
    self.fields[item.group] = Stamped(item.stamp, item.values)


WRONG = {
    "elements by arrival": (StampedSet, "_take", _last_arrival),
    "elements older than the snapshot": (StampedSet, "add", _without_snapshot),
    "the phase by arrival": (CallState, "_live", _last_life),
    "fields by arrival": (CallState, "_set", _last_fields),
}


@pytest.mark.parametrize("rule", WRONG)
def test_a_wrong_rule_is_caught(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, name, replacement = WRONG[rule]
    monkeypatch.setattr(owner, name, replacement)
    logs: list[list[Item]] = []

    @settings(max_examples=300, database=None, derandomize=True)
    @given(LOGS)
    def collect(log: list[Item]) -> None:
        logs.append(log)

    collect()
    assert sum(_differs(log, seed) for seed, log in enumerate(logs)) > len(logs) // 20


def _life(at: int, phase: Phase, **values: Any) -> Life:
    return Life(stamp(at, 0, [phase, values]), phase, values)


def test_a_report_before_the_beginning_stays_the_end() -> None:
    ended = _life(20, Phase.ENDED, reason="customer_hangup")
    begun = Life(stamp(30, 0, "begun"), Phase.ONGOING, {}, started_at=5)
    state = _state([ended, begun])
    assert state.life == ended
    assert state.started_at == 5


def test_of_two_words_in_one_second_the_further_one_counts() -> None:
    completed, in_progress = _life(7, Phase.ENDED), _life(7, Phase.ONGOING)
    for order in ([completed, in_progress], [in_progress, completed]):
        assert _state(order).life == completed


def test_a_report_without_costs_leaves_the_costs_that_came_by_themselves() -> None:
    costs = SetSnapshot(stamp(9, 0, "costs"), "costs", {"llm": 12, "telephony": 30})
    report = _life(8, Phase.ENDED)
    assert _seen(_state([report, costs, report]))[3] == {"costs": {"llm": 12, "telephony": 30}}


def test_a_final_transcript_of_fewer_turns_replaces_the_growing_one() -> None:
    growing = SetSnapshot(stamp(1, 0, "g"), "transcript", {"#0": "Hel", "#1": "Hello", "#2": "?"})
    final = SetSnapshot(stamp(2, 0, "f"), "transcript", {"#0": "Hello?"})
    for order in ([growing, final], [final, growing]):
        assert _seen(_state(order))[3] == {"transcript": {"#0": "Hello?"}}


def test_a_correction_holds_until_it_is_withdrawn() -> None:
    def outcome(at: int, summary: str, **flags: bool) -> Fields:
        return Fields(stamp(at, 0, summary), "outcome", {"summary": summary}, **flags)

    corrected = [outcome(3, "by a person", corrects=True), outcome(9, "by the platform")]
    assert _state(corrected).values("outcome") == {"summary": "by a person"}
    withdrawn = [*corrected, outcome(4, "", corrects=True, withdrawn=True)]
    assert _state(withdrawn).values("outcome") == {"summary": "by the platform"}
