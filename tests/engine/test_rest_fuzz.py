"""A plan answers a REST read as the reference way does, whatever is asked."""

import secrets

import pytest

from tests.databases import Copy
from tests.engine.fuzz import differences
from tests.engine.rest_fuzz import fuzz

ADDRESSES = 400
"""Per database and seed. `python -m tests.engine.rest_fuzz 20000` asks more."""

FIXED = 20261125
FRESH = secrets.randbelow(10**9)


@pytest.mark.parametrize("seed", [FIXED, FRESH], ids=["fixed seed", "fresh seed"])
async def test_a_plan_answers_as_the_reference_way_does(fresh: Copy, seed: int) -> None:
    report = await fuzz(fresh, ADDRESSES, seed)
    print(f"seed {seed}: {report}")  # noqa: T201, to run it again with

    for address, one, other in report.different:
        where = "\n".join(differences(one.body, other.body))
        pytest.fail(f"seed {seed}: {address}\n{one}\n{other}\n{where}")
    assert report.failed == 0
    assert report.found > ADDRESSES / 3
    # Figures about assistants are added by the reference way alone.
    assert report.planned > report.found * 0.9
