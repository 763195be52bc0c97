"""A REST read answers what its rows say, whatever is read."""

import pytest

from tests.databases import Copy
from tests.engine.fuzz import differences
from tests.engine.rest_fuzz import fuzz
from tests.engine.seeds import seeds

ADDRESSES = 75
"""Per database and seed. `python -m tests.engine.rest_fuzz 20000` asks more."""

FIXED = 20261125


@pytest.mark.parametrize("seed", seeds(FIXED))
async def test_a_read_answers_what_python_makes_of_the_rows(fresh: Copy, seed: int) -> None:
    report = await fuzz(fresh, ADDRESSES, seed)
    print(f"seed {seed}: {report}")  # noqa: T201, to run it again with

    for address, expected, actual in report.different:
        where = "\n".join(differences(expected.body, actual.body))
        pytest.fail(f"seed {seed}: {address}\n{expected}\n{actual}\n{where}")
    assert report.failed == 0
    assert report.beside_a_writer > 0
    assert report.succeeded > ADDRESSES / (3 if seed == FIXED else 10)  # else it tries nothing
