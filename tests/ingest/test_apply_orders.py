"""Items in any order, repeated and in any batches make the same rows, on both databases."""

import itertools
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from gql.database import Database
from gql.ingest import apply, merged_call
from gql.ingest.bills import Total
from gql.ingest.call_batch import CallBatch
from gql.ingest.items import ITEM, AnyItem
from gql.ingest.merge import Registers, StampedSet
from gql.ingest.merged_call import MergedCall
from tests.ingest.applied import differences, disorder, rows_after
from tests.ingest.item_logs import CONVERSATIONS, LOGS, LOGS_WITH_TEXTS, TEXTS, WALKS

TALKS = st.lists(st.one_of(TEXTS, CONVERSATIONS).map(ITEM.validate_python), min_size=3, max_size=9)

ORDERS = 3


GENERATED = (Phase.explicit, Phase.reuse, Phase.generate)
"""Without shrinking, which takes minutes when each example is some fifty statements."""


async def require_one_state(database: Database, log: list[AnyItem], seed: int) -> None:
    """Other orders, repetitions and batches of a log leave the rows of the log as it is."""
    expected = await rows_after(database, [log])
    for number in range(ORDERS):
        rows = await rows_after(database, disorder(log, seed + number))
        assert differences(rows, expected) == []


@settings(max_examples=15, deadline=None, phases=GENERATED)
@given(LOGS_WITH_TEXTS, st.integers(0, 2**32))
async def test_order_repetition_and_batches_change_nothing(
    database: Database, log: list[AnyItem], seed: int
) -> None:
    await require_one_state(database, log, seed)


@settings(max_examples=8, deadline=None, phases=GENERATED)
@given(st.lists(WALKS.map(ITEM.validate_python), min_size=3, max_size=9), st.integers(0, 2**32))
async def test_walks_are_the_same_in_any_order(
    database: Database, log: list[AnyItem], seed: int
) -> None:
    await require_one_state(database, log, seed)


@settings(max_examples=10, deadline=None, phases=GENERATED)
@given(st.lists(TEXTS.map(ITEM.validate_python), min_size=3, max_size=9), st.integers(0, 2**32))
async def test_texts_are_the_same_in_any_order(
    database: Database, log: list[AnyItem], seed: int
) -> None:
    await require_one_state(database, log, seed)


@settings(max_examples=20, deadline=None, phases=GENERATED)
@given(TALKS, st.integers(0, 2**32))
async def test_texts_beside_conversations_that_end_and_change_are_the_same_in_any_order(
    database: Database, log: list[AnyItem], seed: int
) -> None:
    await require_one_state(database, log, seed)


def _by_arrival(self: Registers, name: str, stamp: str, value: Any) -> bool:
    self.stamps[name] = stamp
    self.changed[name] = value
    return True


def _without_snapshot(self: StampedSet, key: str, stamp: str, value: Any) -> bool:
    return self._take(key, stamp, value)


def _added(self: CallBatch, call: MergedCall, item: AnyItem, stamp: str, name: str) -> None:
    charge(self, call, item, stamp, name)
    bill = f"{item.source}/{item.producer}"
    before = call.row.get("total_cost") or 0
    call.bill.totals[bill] = Total("~", "USD", before + 1)


charge = CallBatch._charge  # noqa: SLF001

ARRIVALS = itertools.count(10**6)


async def _where_they_came(*_: Any) -> dict[Any, int]:
    return {}


WRONG = {
    "fields by arrival": (Registers, "put", _by_arrival, LOGS),
    "elements older than the snapshot": (StampedSet, "add", _without_snapshot, LOGS),
    "the status by arrival": (
        *(merged_call, "phased", lambda _phase, _stamp: str(next(ARRIVALS))),
        LOGS,
    ),
    "money added at each arrival": (CallBatch, "_charge", _added, LOGS),
    "texts stay where they came": (apply, "settle_conversations", _where_they_came, TALKS),
}


@pytest.mark.parametrize("rule", WRONG)
async def test_a_wrong_rule_is_caught(
    database: Database, rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, name, replacement, strategy = WRONG[rule]
    logs: list[list[AnyItem]] = []

    @settings(max_examples=300, deadline=None, database=None, derandomize=True)
    @given(strategy)
    def collect(log: list[AnyItem]) -> None:
        logs.append(log)

    collect()
    monkeypatch.setattr(owner, name, replacement)
    for seed, log in enumerate(logs):
        expected = await rows_after(database, [log])
        if differences(await rows_after(database, disorder(log, seed)), expected):
            return
    pytest.fail(f"no log of {len(logs)} is told apart")
