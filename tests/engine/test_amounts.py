"""Amounts are printed with exactly six decimals, whatever a 64-bit column can hold."""

from decimal import Decimal

import pytest

from tests.databases import Copy
from tests.engine.differential import differential_client
from tests.engine.test_regressions import alike, change

MOST = 2**63 - 1

QUERY = "{ calls(first: 1) { nodes { cost { total llm tts } } } }"


@pytest.mark.parametrize(
    "micros", [0, 1, -1, 999_999, 1_000_000, -1_500_000, 2**53 + 1, MOST, -MOST - 1]
)
async def test_an_amount_has_six_decimals(fresh: Copy, micros: int) -> None:
    stored = f"total_cost = {micros}, llm_cost = NULL, tts_cost = 5"
    await change(fresh, f"UPDATE call SET {stored}")  # noqa: S608 -- a number

    async with differential_client(fresh) as differential:
        data = await alike(differential, QUERY)

    total = format(Decimal(micros).scaleb(-6), ".6f")
    (call,) = data["calls"]["nodes"]
    assert call == {"cost": {"total": total, "llm": None, "tts": "0.000005"}}
