"""Stamped values in any order, and repeated: what counts is one, and wrong rules are caught."""

import hashlib
import json
import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gql.ingest.items import ITEM
from gql.ingest.merge import Correction, Phase, Registers, StampedSet, item_stamp, phased

STAMPS = st.integers(0, 6).map(str)
NAMES = st.sampled_from(["summary", "meta.language"])
Step = tuple[str, Any]


def _distinct(build: Callable[..., Any], *parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Step]:
    """Steps whose stamp names their content, as the digest of an item does."""
    return st.tuples(STAMPS, *parts).map(
        lambda step: (build.__name__, (f"{step[0]}:{build.__name__}:{step[1:]!r}", *step[1:]))
    )


def put(state: Registers, stamp: str, name: str, value: int) -> None:
    state.put(name, stamp, value)


def correct(state: Registers, stamp: str, name: str, value: int | None) -> None:
    correction = Correction(stamp, value, withdrawn=value is None)
    state.correct(name, correction, state.changed.get)


def add(state: StampedSet, stamp: str, key: str, value: int) -> None:
    state.add(key, stamp, value)


def replace(state: StampedSet, stamp: str, elements: dict[str, int]) -> None:
    state.replace(stamp, elements.items())


VALUES = st.integers(1, 2)
FIELDS = st.one_of(
    _distinct(put, NAMES, VALUES), _distinct(correct, NAMES, st.one_of(VALUES, st.none()))
)
ELEMENTS = st.one_of(
    _distinct(add, st.sampled_from("123"), VALUES),
    _distinct(replace, st.dictionaries(st.sampled_from("1234"), VALUES, max_size=3)),
)
STEPS: dict[str, Any] = {each.__name__: each for each in (put, correct, add, replace)}


def _result(log: Sequence[Step]) -> Any:
    """What is left of a log of one kind."""
    is_fields = log[0][0] in {"put", "correct"}
    state: Any = Registers() if is_fields else StampedSet()
    for name, arguments in log:
        STEPS[name](state, *arguments)
    if is_fields:
        visible = {name: value for name, value in state.changed.items() if value is not None}
        return visible, state.to_json()
    return state.changed, state.stamps, state.snapshot


def _differs(log: list[Step], seed: int) -> bool:
    source = random.Random(seed)  # noqa: S311
    for _ in range(8):
        order = log + source.choices(log, k=len(log))
        source.shuffle(order)
        if _result(order) != _result(log):
            return True
    return False


LOGS = st.one_of(
    st.lists(FIELDS, min_size=2, max_size=12), st.lists(ELEMENTS, min_size=2, max_size=12)
)


@settings(max_examples=300)
@given(LOGS, st.integers(0, 2**32))
def test_order_and_repetition_change_nothing(log: list[Step], seed: int) -> None:
    assert not _differs(log, seed)


def _last_arrival(self: Registers, name: str, stamp: str, value: Any) -> bool:
    self.stamps[name] = stamp
    self.changed[name] = value
    return True


def _without_snapshot(self: StampedSet, key: str, stamp: str, value: Any) -> bool:
    return self._take(key, stamp, value)


def _element_by_arrival(self: StampedSet, key: str, stamp: str, value: Any) -> bool:
    self.stamps[key] = stamp
    self.changed[key] = value
    return True


WRONG = {
    "fields by arrival": (Registers, "put", _last_arrival),
    "elements by arrival": (StampedSet, "_take", _element_by_arrival),
    "elements older than the snapshot": (StampedSet, "add", _without_snapshot),
}


@pytest.mark.parametrize("rule", WRONG)
def test_a_wrong_rule_is_caught(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, name, replacement = WRONG[rule]
    monkeypatch.setattr(owner, name, replacement)
    logs: list[list[Step]] = []

    @settings(max_examples=300, database=None, derandomize=True)
    @given(LOGS)
    def collect(log: list[Step]) -> None:
        logs.append(log)

    collect()
    assert sum(_differs(log, seed) for seed, log in enumerate(logs)) > len(logs) // 20


def test_a_later_phase_counts_before_any_time() -> None:
    stamps = ["00000000000000000002:9:f", "00000000000000000001:0:0"]
    phases = [phased(phase, stamp) for phase in Phase for stamp in reversed(stamps)]
    assert sorted(phases) == phases


def test_a_final_transcript_of_fewer_segments_replaces_the_growing_one() -> None:
    growing, final = ("1", {"#0": "Hel", "#1": "Hello", "#2": "?"}), ("2", {"#0": "Hello?"})
    for order in ((growing, final), (final, growing)):
        elements = StampedSet()
        for stamp, each in order:
            elements.replace(stamp, each.items())
        assert elements.changed == {"#0": "Hello?"}


def test_a_correction_holds_until_it_is_withdrawn() -> None:
    registers = Registers()
    registers.correct("summary", Correction("3", "by a person"), lambda _: None)
    registers.put("summary", "9", "by the platform")
    assert registers.changed == {"summary": "by a person"}
    again = Registers.from_json(registers.to_json())
    again.correct("summary", Correction("4", None, withdrawn=True), lambda _: None)
    assert again.changed == {"summary": "by the platform"}


@pytest.mark.parametrize(
    "fields",
    [
        {
            "kind": "call",
            "channel": "voice",
            "endedReasonKind": "customer_hangup",
            "startedAt": "2026-01-01T10:00:00.25+02:00",
            "endedAt": None,
            "assistant": {"name": "R\u00e9ception"},
            "meta": {"b": [1, 2.5, None], "a": {"z": True, "y": "\u00fc"}},
            "externalId": "1",
        },
        {
            "kind": "costs",
            "call": "1",
            "currency": "USD",
            "total": "1.50",
            "entries": [{"key": "a", "service": "llm", "amount": 0.1}],
        },
        {
            "kind": "messages",
            "call": "1",
            "messages": [
                {"key": "a", "role": "tool", "toolCalls": [{}], "occurredAt": "2026-01-01T00:00Z"}
            ],
        },
    ],
)
def test_a_stamp_has_the_digest_of_the_fields_that_an_item_names(fields: dict[str, Any]) -> None:
    item = ITEM.validate_python(
        {**fields, "source": "s", "occurredAt": "2026-01-02T03:04:05.000006-01:00", "rank": 3}
    )
    # pydantic's own JSON of the item, which stored stamps have been made from.
    canonical = json.dumps(
        item.model_dump(mode="json", exclude_unset=True),
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()[:16]
    assert item_stamp(item.occurred_at, item.rank, item) == f"00001767326645000006:3:{digest}"
