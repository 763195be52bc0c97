"""Items in any order, repeated and in any batches make the same rows, on both databases."""

from collections.abc import Sequence

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from gql.database import Database
from gql.ingest.items import ITEM, AnyItem
from tests.ingest.applied import differences, disorder, rows_after
from tests.ingest.item_logs import LOGS, WALKS

ORDERS = 3


async def differs(database: Database, log: Sequence[AnyItem], seed: int) -> bool:
    """Whether another order of the log makes other rows."""
    expected = await rows_after(database, [log])
    for number in range(ORDERS):
        if await rows_after(database, disorder(log, seed + number)) != expected:
            return True
    return False


GENERATED = (Phase.explicit, Phase.reuse, Phase.generate)
"""Without shrinking, which takes minutes when each example is some fifty statements."""


@settings(max_examples=40, deadline=None, phases=GENERATED)
@given(LOGS, st.integers(0, 2**32))
async def test_order_repetition_and_batches_change_nothing(
    database: Database, log: list[AnyItem], seed: int
) -> None:
    expected = await rows_after(database, [log])
    for number in range(ORDERS):
        rows = await rows_after(database, disorder(log, seed + number))
        assert differences(rows, expected) == []


@settings(max_examples=20, deadline=None, phases=GENERATED)
@given(st.lists(WALKS.map(ITEM.validate_python), min_size=3, max_size=9), st.integers(0, 2**32))
async def test_walks_are_the_same_in_any_order(
    database: Database, log: list[AnyItem], seed: int
) -> None:
    expected = await rows_after(database, [log])
    for number in range(ORDERS):
        rows = await rows_after(database, disorder(log, seed + number))
        assert differences(rows, expected) == []
