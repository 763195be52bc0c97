"""Plans and resolvers give the same answer to random REST addresses."""

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
async def test_plans_answer_as_resolvers_do(fresh: Copy, seed: int) -> None:
    report = await fuzz(fresh, ADDRESSES, seed)
    print(f"seed {seed}: {report}")  # noqa: T201, to run it again with

    for address, one, other in report.different:
        where = "\n".join(differences(one.body, other.body))
        pytest.fail(f"seed {seed}: {address}\n{one}\n{other}\n{where}")
    assert report.failed == 0
    assert report.succeeded > ADDRESSES / 3
    # Figures about assistants are added by resolvers alone.
    assert report.planned > report.succeeded * 0.9
