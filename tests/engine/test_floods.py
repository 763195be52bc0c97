"""A flood of new documents neither grows memory nor starves the documents that are cached."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest

from gql.engine.cache import PROBATION_SHARE, SegmentedCache
from gql.engine.document import Request
from gql.engine.engine import Engine
from gql.engine.statement_compiler import StatementCompiler
from gql.schema.documents import Documents
from tests.databases import Databases
from tests.engine.differential import DifferentialClient, differential_client

FLOOD = 1_000
"""New documents; a tenth of them reads the database, which takes most of the time."""

AT_ONCE = 30
"""How many of them are sent at the same time, and between two uses of the hot document."""

CAPACITY = 500_000
"""Of each cache: the flood would fill it several times."""

HOT = "query Hot { call(id: 101) { callSid assistant { name } cost { total } } }"

FIELDS = (
    *("id", "databaseId", "callSid", "channel", "direction", "status", "customerPhoneNumber"),
    *("toPhoneNumber", "messageCount", "startedAt", "endedAt", "duration"),
)

Work = Counter[tuple[str, str]]
"""How often each document was validated, planned and compiled."""


def new_document(number: int) -> str:
    """A document that no other number gives: other fields, another alias or another comment."""
    match number % 20:
        case 0:
            fields = [name for bit, name in enumerate(FIELDS) if number + 20 >> bit & 1]
            return f"{{ call(id: 101) {{ {' '.join(fields)} }} }}"
        case 1:
            return f"# {number}\n{{ call(id: 101) {{ id }} }}"
        case 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9:
            return f"# {number}\n{{ __typename }}"
        case _:
            return f"{{ key{number}: __typename }}"


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    work: Work = Counter()
    texts: dict[int, str] = {}
    validate, plan = Documents._parse_and_check, Engine._plan  # noqa: SLF001
    compile_plan = StatementCompiler._compile  # noqa: SLF001

    def counting_validate(self: Documents, text: str) -> Any:
        work["validated", text] += 1
        return validate(self, text)

    def counting_plan(self: Engine, request: Request, *rest: Any) -> Any:
        work["planned", request.document.text] += 1
        planned = plan(self, request, *rest)
        texts[id(planned)] = request.document.text
        return planned

    def counting_compile(self: StatementCompiler, plan: Any, *rest: Any) -> Any:
        work["compiled", texts[id(plan)]] += 1
        return compile_plan(self, plan, *rest)

    monkeypatch.setattr(Documents, "_parse_and_check", counting_validate)
    monkeypatch.setattr(Engine, "_plan", counting_plan)
    monkeypatch.setattr(StatementCompiler, "_compile", counting_compile)
    return work


@pytest.fixture
async def differential(work: Work, databases: Databases) -> AsyncIterator[DifferentialClient]:  # noqa: ARG001 -- counts
    copy = await databases.copy("sqlite")
    async with differential_client(copy) as differential:
        yield differential
    await databases.drop(copy.url)


@pytest.fixture
def documents(
    differential: DifferentialClient, monkeypatch: pytest.MonkeyPatch
) -> SegmentedCache[Any]:
    """The cache of documents, made small."""
    documents: SegmentedCache[Any] = SegmentedCache(CAPACITY, lambda document: document.weight)
    monkeypatch.setattr(differential.endpoint._documents, "cache", documents)  # noqa: SLF001
    monkeypatch.setattr(differential.engine, "_documents", documents)
    return documents


async def test_a_hot_document_is_answered_through_a_flood(
    differential: DifferentialClient, work: Work, documents: SegmentedCache[Any]
) -> None:
    async def ask(document: str) -> Any:
        response = await differential.client.post("/graphql", json={"query": document})
        assert (response.status_code, list(response.json())) == (200, ["data"])
        return response.json()

    expected = await ask(HOT)
    assert await ask(HOT) == expected
    numbers = iter(range(FLOOD))

    async def flood() -> None:
        for number in numbers:
            await ask(new_document(number))
            if number % AT_ONCE == 0:
                assert await ask(HOT) == expected

    await asyncio.gather(*(flood() for _ in range(AT_ONCE)))

    assert {step: work[step, HOT] for step in ("validated", "planned", "compiled")} == {
        "validated": 1,
        "planned": 1,
        "compiled": 1,
    }
    assert Counter(step for step, _ in work.elements()) == {
        "validated": FLOOD + 1,
        "planned": FLOOD + 1,
        "compiled": FLOOD / 10 + 1,
    }
    assert not differential.engine.counts.resolved
    # What was sent once fills the probation segment and no more; beside it there is what is hot.
    assert round(documents.weight / CAPACITY, 1) == PROBATION_SHARE


async def test_what_many_send_first_at_the_same_time_is_compiled_once_and_cached(
    differential: DifferentialClient, work: Work
) -> None:
    body = json.dumps({"query": HOT}).encode()
    headers = {"content-type": "application/json"}

    async def ask() -> None:
        assert (
            await differential.client.post("/graphql", content=body, headers=headers)
        ).is_success

    await asyncio.gather(*(ask() for _ in range(AT_ONCE)))

    assert work == {("validated", HOT): 1, ("planned", HOT): 1, ("compiled", HOT): 1}
