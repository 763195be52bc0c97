"""Plans and resolvers give the same answer to random documents."""

import pytest

from tests.databases import Copy
from tests.engine.fuzz import differences, fuzz
from tests.engine.seeds import seeds

DOCUMENTS = 50
"""Per database and seed. `python -m tests.engine.fuzz 50000` asks more."""

pytestmark = [
    # graphql-core leaves the siblings of a field that failed at once, and never starts them.
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.mark.parametrize("seed", seeds(20261122))
async def test_a_plan_answers_as_the_resolvers_do(fresh: Copy, seed: int) -> None:
    report = await fuzz(fresh, DOCUMENTS, seed)
    print(f"seed {seed}: {report}")  # noqa: T201, to run it again with

    for document, answers, plan in report.different:
        where = "\n".join(differences(answers.resolved, answers.compiled))
        pytest.fail(f"seed {seed}: {document.text}\n{document.variables}\n{plan}\n{where}")
    assert report.failed == 0
    assert report.planned > DOCUMENTS * 0.6
