"""The limit on the objects of an answer: each kind of list at its edge, whichever way it runs."""

from typing import Any

import pytest

from benchmarks.workloads import WORKLOADS
from tests.protocol.conftest import OpenDoor
from tests.protocol.http_client import HttpClient
from tests.schema.test_examples import EXAMPLES, LARGER

MILLION = "{ calls(first: 100) { nodes { assistant { calls(first: 100) { nodes { assistant {\
 calls(first: 100) { nodes { id } } } } } } } } }"

SPREAD = """{ ...A ...B }
    fragment A on Query { calls(first: 7) { ...N } }
    fragment B on Query { calls(first: 7) { ...N nodes { cost { total } } } }
    fragment N on CallConnection { nodes { id } }"""

PAGED = "query ($n: Int) { calls(first: $n) { nodes { id } } }"

FIGURES: dict[str, tuple[str, dict[str, Any], int]] = {
    "leaves": ("{ __typename }", {}, 0),
    "one": ("{ call(by: {id: 101}) { cost { total } assistant { name } } }", {}, 3),
    "a page of twenty": ("{ calls { nodes { id } } }", {}, 21),
    "first": ("{ calls(first: 7) { nodes { cost { total } } } }", {}, 15),
    "last": ("{ calls(last: 7) { nodes { id } } }", {}, 8),
    "edges": (
        "{ calls(first: 7) { edges { cursor node { id } } pageInfo { endCursor } } }",
        {},
        16,
    ),
    "both": ("{ calls(first: 7) { edges { node { id } } nodes { id } } }", {}, 22),
    "null": ("{ calls(first: null, last: 3) { nodes { id } } }", {}, 4),
    "variable": (PAGED, {"n": 3}, 4),
    "variable that is null": (PAGED, {"n": None}, 21),
    "variable left out": (PAGED, {}, 21),
    "default": ("query ($n: Int = 5) { calls(first: $n) { nodes { id } } }", {}, 6),
    "default replaced": ("query ($n: Int = 5) { calls(first: $n) { nodes { id } } }", {"n": 2}, 3),
    "either": (
        "query ($a: Int, $b: Int) { calls(first: $a, last: $b) { nodes { id } } }",
        {"b": 9},
        10,
    ),
    "pages in pages": (
        "query ($n: Int!) { assistants(first: 3) { nodes { calls(first: $n) { nodes { id } } } } }",
        {"n": 5},
        22,
    ),
    "ids": ('{ nodes(ids: ["call_1", "call_2", "call_3"]) { id } }', {}, 3),
    "ids by variable": ("query ($i: [ID!]!) { nodes(ids: $i) { id } }", {"i": ["call_1"] * 4}, 4),
    "plain lists": ("{ graph(id: 1) { nodes { outgoing { id } } edges { id } } }", {}, 151),
    "bounded list": ("{ smsConversation(id: 1) { related { id } } }", {}, 51),
    "aliases": (
        "{ a: calls(first: 7) { nodes { id } } b: calls(first: 1) { nodes { id } } }",
        {},
        10,
    ),
    "merged fields": (
        "{ calls(first: 7) { nodes { id } } calls(first: 7) { nodes { status } } }",
        {},
        8,
    ),
    "fragments": (
        SPREAD,
        {},
        15,
    ),
    "skipped": ("{ calls(first: 7) @skip(if: true) { nodes { id } } }", {}, 8),
    "introspection": (
        "{ __schema { types { fields { name } } } calls(first: 1) { nodes { id } } }",
        {},
        2,
    ),
}
"""Documents with variables, and the objects that their answers can have."""


async def _refusal(client: HttpClient, document: str, **variables: Any) -> Any:
    """How a document is refused; None when it is not."""
    response = await client.query(document, **variables)
    errors = response.json().get("errors")
    if not errors:
        return None
    kept = {key: errors[0]["extensions"].get(key) for key in ("code", "figure", "limit")}
    return response.status_code, errors[0]["message"], kept


@pytest.mark.parametrize("compiled", [True, False], ids=["plans", "resolvers"])
async def test_a_page_inside_pages_is_refused(open_door: OpenDoor, *, compiled: bool) -> None:
    async with open_door(compiled=compiled) as client:
        refusals = [await _refusal(client, MILLION) for _ in range(2)]

    message = "The operation can answer with more than 1000000 objects; the limit is 100000."
    figures = {"code": "QUERY_TOO_COMPLEX", "figure": 1_000_000, "limit": 100_000}
    assert refusals == [(400, message, figures)] * 2


@pytest.mark.parametrize("name", FIGURES)
async def test_an_answer_of_as_many_objects_as_the_limit_passes(
    open_door: OpenDoor, name: str
) -> None:
    document, variables, figure = FIGURES[name]
    async with open_door(max_cost=max(figure, 1)) as client:
        within = await client.query(document, **variables)
    assert within.json().keys() == {"data"}

    if figure > 1:
        async with open_door(max_cost=figure - 1) as client:
            refusal = await _refusal(client, document, **variables)
        assert refusal == (
            400,
            f"The operation can answer with {figure} objects; the limit is {figure - 1}.",
            {"code": "QUERY_TOO_COMPLEX", "figure": figure, "limit": figure - 1},
        )


async def test_one_document_is_refused_for_large_pages_and_runs_for_small_ones(
    open_door: OpenDoor,
) -> None:
    document = PAGED
    async with open_door(max_cost=50) as client:
        refusals = [await _refusal(client, document, n=size) for size in (49, 50, 49, 100)]

    assert [refusal and refusal[2]["figure"] for refusal in refusals] == [None, 51, None, 101]


async def test_the_costs_of_many_operations_are_told_apart(open_door: OpenDoor) -> None:
    sizes = range(1, 21)
    document = " ".join(f"query Q{n} {{ calls(first: {n}) {{ nodes {{ id }} }} }}" for n in sizes)
    async with open_door(max_cost=10) as client:
        answers = [
            (await client.post({"query": document, "operationName": f"Q{n}"})).json()
            for n in (*sizes, *sizes)
        ]

    assert ["data" in answer for answer in answers] == [n < 10 for n in sizes] * 2


async def test_only_the_operation_that_runs_is_counted(open_door: OpenDoor) -> None:
    document = "query A { calls(first: 9) { nodes { id } } } query B { __typename }"
    async with open_door(max_cost=9) as client:
        answers = [
            (await client.post({"query": document, "operationName": name})).json()
            for name in ("B", "A")
        ]

    assert [list(answer) for answer in answers] == [["data"], ["errors"]]


@pytest.mark.parametrize("compiled", [True, False], ids=["plans", "resolvers"])
@pytest.mark.parametrize(
    ("document", "variables", "message"),
    [
        (
            "{ calls(first: 1000) { nodes { id } } }",
            {},
            "`first` is 1000, but must be between 0 and 100.",
        ),
        (
            PAGED,
            {"n": 1_000},
            "`first` is 1000, but must be between 0 and 100.",
        ),
        (
            "query ($n: Int) { calls(last: $n, first: 5) { nodes { id } } }",
            {"n": 5},
            "Give `first` or `last`, not both.",
        ),
        (
            PAGED,
            {"n": "many"},
            "Variable '$n' has invalid value: Int cannot represent non-integer value: 'many'",
        ),
        (
            "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }",
            {"ids": ["call_1"] * 101},
            "`ids` has 101 ids, but may have at most 100.",
        ),
    ],
)
async def test_a_list_that_is_refused_anyway_is_refused_in_its_own_words(
    open_door: OpenDoor, document: str, variables: dict[str, Any], message: str, *, compiled: bool
) -> None:
    async with open_door(compiled=compiled, max_cost=1) as client:
        response = await client.query(document, **variables)

    error = response.json()["errors"][0]
    assert (error["extensions"]["code"], error["message"]) == ("BAD_USER_INPUT", message)


async def test_what_frontends_ask_for_is_far_from_the_limit(open_door: OpenDoor) -> None:
    measured = [each.documents["jackfield"] for each in WORKLOADS if "jackfield" in each.documents]
    values = {
        "id": "1",
        "offset": 0,
        "status": "COMPLETED",
        "assistantId": "1",
    }
    async with open_door(max_cost=10_000) as client:
        for document in (*EXAMPLES.values(), *measured):
            variables = {name: value for name, value in values.items() if f"${name}:" in document}
            assert await _refusal(client, document, **variables) is None
    async with open_door() as client:
        for document in LARGER.values():
            assert await _refusal(client, document) is None
