"""Lists in lists, as deep as a document may be, are one statement on either database."""

import re

import pytest

from gql.settings import Settings
from tests.databases import Copy
from tests.engine.differential import differential_client
from tests.engine.random_documents import Document

PAGE = "pageInfo { hasPreviousPage hasNextPage startCursor endCursor }"

NESTED = {
    "pages of calls": (
        "{ assistant(id: 1004) { @ } }",
        f"calls(first: 2) {{ nodes {{ id assistant {{ @ }} }} {PAGE} }}",
        4,
    ),
    "graphs that calls may be without": (
        "{ calls(first: 5) { nodes { @ } } }",
        """graph { name calls(first: 2) {
            nodes { session { graph { nodes { id } name } } @ } totalCount } }""",
        3,
    ),
    "nodes of a graph": ("{ graph(id: 1) { @ } }", "nodes { id graph { @ } nodeType }", 6),
    "filtered and sorted calls": (
        "{ assistant(id: 1004) { @ } }",
        """calls(
            first: 2, offset: 1, orderBy: {field: DURATION, direction: ASC}
            filter: {assistantName: {contains: "p"}}
        ) { edges { node { id assistant { @ } } } pageInfo { endCursor hasNextPage } }""",
        2,
    ),
}
"""Documents; filters and sorting leave SQLite's parser with fewer entries for lists in lists.

The outermost field, what is nested in it where `@` stands, and how often that is in itself.
"""

FEWEST = 2
"""How deep lists may be nested whatever they are filtered and sorted by."""


@pytest.mark.parametrize("name", NESTED)
async def test_nested_lists_are_one_statement(shared: Copy, name: str) -> None:
    outermost, nested, times = NESTED[name]
    text = outermost
    for _ in range(times):
        text = text.replace("@", nested)
    text = text.replace("@", "id")
    most = Settings.model_fields["max_depth"].default
    assert depth_of(text) in {most - 1, most} or times == FEWEST

    async with differential_client(shared) as differential:
        answers = await differential.ask(Document(text, {}))

        assert answers.planned, answers.data
        assert answers.alike
        assert differential.engine.counts.failed == 0
    assert len(re.findall("'(nodes|edges)': \\[{", str(answers.data))) > times


def depth_of(text: str) -> int:
    """How many levels of fields a document has."""
    braces = re.sub(r"[^{}]", "", re.sub(r"\([^)]*\)", "", text))
    return max(braces[:end].count("{") - braces[:end].count("}") for end in range(len(braces) + 1))


CARD = """rateCard: {currency: "USD", rates: [
    {service: LLM, unit: TOKEN, price: "0.3", inputPrice: "0.1", outputPrice: "0.6", per: 1000}
    {service: STT, unit: MINUTE, price: "0.01"}
]}"""
REPRICED = "repriced { calls atSinglePrice difference { total llm unattributed } }"
SUMMED_UP = f"name calls(first: 2) {{ summary({CARD}) {{ {REPRICED} }} nodes {{ graph {{ @ }} }} }}"
JUNE = 'filter: {startedAt: {gte: "2026-06-01", lt: "2026-07-01"}}'
WITH_RATES = {
    "under assistants": f"{{ assistants(first: 3) {{ nodes {{ {SUMMED_UP} }} }} }}",
    "under assistants of a report": (
        f"{{ costs({JUNE}, groupBy: [ASSISTANT], first: 2, compareTo: PREVIOUS_PERIOD, {CARD})"
        f" {{ groups {{ previous {{ {REPRICED} }} assistant {{ {SUMMED_UP} }} }} }} }}"
    ),
}


@pytest.mark.parametrize("name", WITH_RATES)
async def test_sums_by_a_rate_card_in_lists_are_one_statement(shared: Copy, name: str) -> None:
    async with differential_client(shared) as differential:
        answers = await differential.ask(Document(WITH_RATES[name].replace("@", "id"), {}))

        assert answers.planned, answers.data
        assert answers.alike
        assert differential.engine.counts.failed == 0
