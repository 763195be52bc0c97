"""The limit on what an operation may cost: each weight in figures worked out by hand, both ways."""

from dataclasses import replace
from typing import Any

import pytest
from graphql import get_introspection_query, parse

from benchmarks.workloads import WORKLOADS
from gql.schema.cost import Pricing
from gql.schema.documents import choose_operation
from gql.schema.schema import schema
from tests.playground_examples import ANSWERED
from tests.protocol.conftest import OpenDoor
from tests.protocol.cost_figures import FIGURES, FILTERED, PAGED, paged
from tests.protocol.counted_calls import counted_calls
from tests.protocol.http_client import HttpClient
from tests.schema.test_examples import LARGER

MILLION = "{ calls(first: 100) { nodes { assistant { calls(first: 100) { nodes { assistant {\
 calls(first: 100) { nodes { id } } } } } } } } }"


async def _refusal(client: HttpClient, document: str, **variables: Any) -> Any:
    """How a document is refused; None when it is not."""
    response = await client.query(document, **variables)
    errors = response.json().get("errors")
    if not errors:
        return None
    extensions = {key: errors[0]["extensions"].get(key) for key in ("code", "figure", "limit")}
    return response.status_code, errors[0]["message"], extensions


@pytest.mark.parametrize("compiled", [True, False], ids=["plans", "resolvers"])
async def test_a_page_inside_pages_is_refused_with_the_heaviest_paths(
    open_door: OpenDoor, *, compiled: bool
) -> None:
    async with open_door(compiled=compiled) as client:
        answers = [await client.query(MILLION) for _ in range(2)]

    for answer in answers:
        assert answer.status_code == 400
        (error,) = answer.json()["errors"]
        error["extensions"].pop("requestId")
        inner = "calls.nodes.assistant.calls.nodes.assistant.calls.nodes"
        assert error == {
            "message": "The operation costs 3141410 points; the limit is 2000000. Most of that:"
            f" {inner} (2000000), {inner}.id (1000000),"
            " calls.nodes.assistant.calls.nodes.assistant.calls (100000).",
            "extensions": {
                "code": "QUERY_TOO_COMPLEX",
                "figure": 3_141_410,
                "limit": 2_000_000,
                "heaviest": [
                    {"path": inner, "points": 2_000_000},
                    {"path": f"{inner}.id", "points": 1_000_000},
                    {"path": inner.removesuffix(".nodes"), "points": 100_000},
                ],
            },
        }


@pytest.mark.parametrize("name", FIGURES)
async def test_an_operation_of_as_many_points_as_the_limit_passes(
    open_door: OpenDoor, name: str
) -> None:
    document, variables, figure = FIGURES[name]
    async with open_door(max_cost=figure, max_resolver_cost=figure) as client:
        within = await client.query(document, **variables)
    assert within.json().keys() == {"data"}

    async with open_door(max_cost=figure - 1) as client:
        refusal = await _refusal(client, document, **variables)
    status, message, figures = refusal
    assert (status, figures) == (
        400,
        {"code": "QUERY_TOO_COMPLEX", "figure": figure, "limit": figure - 1},
    )
    assert message.startswith(f"The operation costs {figure} points; the limit is {figure - 1}.")


async def test_one_document_is_refused_for_large_pages_and_runs_for_small_ones(
    open_door: OpenDoor,
) -> None:
    async with open_door(max_cost=paged(49)) as client:
        refusals = [await _refusal(client, PAGED, n=size) for size in (49, 50, 49, 100)]

    assert [refusal and refusal[2]["figure"] for refusal in refusals] == [
        None,
        paged(50),
        None,
        paged(100),
    ]


async def test_the_costs_of_many_operations_are_told_apart(open_door: OpenDoor) -> None:
    sizes = range(1, 21)
    document = " ".join(f"query Q{n} {{ calls(first: {n}) {{ nodes {{ id }} }} }}" for n in sizes)
    async with open_door(max_cost=paged(9)) as client:
        answers = [
            (await client.post({"query": document, "operationName": f"Q{n}"})).json()
            for n in (*sizes, *sizes)
        ]

    assert ["data" in answer for answer in answers] == [n < 10 for n in sizes] * 2


async def test_only_the_operation_that_runs_is_charged(open_door: OpenDoor) -> None:
    document = "query A { calls(first: 9) { nodes { id } } } query B { __typename }"
    async with open_door(max_cost=9) as client:
        answers = [
            (await client.post({"query": document, "operationName": name})).json()
            for name in ("B", "A")
        ]

    assert [list(answer) for answer in answers] == [["data"], ["errors"]]


async def test_resolvers_answer_less_and_say_why_they_had_to(open_door: OpenDoor) -> None:
    document = """query ($yes: Boolean = true) {
        graphSessions(first: 99) { nodes { callSid context @include(if: $yes) } } }"""
    async with open_door(max_resolver_cost=300) as client:
        refusal = await _refusal(client, document, yes=None)

    assert refusal == (
        400,
        (
            f"The operation costs {10 + 99 * (2 + 1 + 3)} points; the limit is 300 where resolvers"
            " answer (Variables or arguments were refused: the variable $yes of @include is null)."
            " Most of that: graphSessions.nodes.context (297), graphSessions.nodes (198),"
            " graphSessions.nodes.callSid (99)."
        ),
        {"code": "QUERY_TOO_COMPLEX", "figure": 604, "limit": 300},
    )


async def test_a_mutation_beyond_the_resolvers_limit_writes_nothing(open_door: OpenDoor) -> None:
    document = 'mutation { createAssistant(input: {name: "Dear"}) { assistant { id name } } }'
    async with open_door(max_resolver_cost=5) as client:
        refusal = await _refusal(client, document)
        listed = await client.query('{ assistants(filter: {name: {eq: "Dear"}}) { totalCount } }')

    assert refusal[2] == {"code": "QUERY_TOO_COMPLEX", "figure": 2 + 2 + 1 + 1, "limit": 5}
    assert listed.json() == {"data": {"assistants": {"totalCount": 0}}}


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
        (
            FILTERED,
            {"f": {"callSid": "CA1"}},
            (
                "Variable '$f' has invalid value at .callSid: Expected value of type 'StringFilter'"
                " to be an object, found: 'CA1'."
            ),
        ),
    ],
)
async def test_a_list_that_is_refused_anyway_is_refused_in_its_own_words(
    open_door: OpenDoor, document: str, variables: dict[str, Any], message: str, *, compiled: bool
) -> None:
    limits = {"max_cost": 113, "max_resolver_cost": 113}
    async with open_door(compiled=compiled, **limits) as client:
        response = await client.query(document, **variables)

    error = response.json()["errors"][0]
    assert (error["extensions"]["code"], error["message"]) == ("BAD_USER_INPUT", message)


def _in_aliases(number: int, selection: str) -> str:
    return " ".join(f"a{index}: {selection}" for index in range(number))


SCAN = 'calls(first: 0, filter: {callSid: {contains: "zz"}}) { totalCount }'
TYPES_OF_TYPES = (
    "__schema { types { fields { type { name fields { name type { name } args { name type {"
    " name ofType { name } } } } } } } }"
)
ATTACKS = {
    "totals that scan, under assistants under assistants": (
        "{ calls(first: 100) { nodes { assistant { calls(first: 100) { nodes { assistant {"
        f" {_in_aliases(6, SCAN)} }} }} }} }} }} }} }}"
    ),
    "totals that scan, under assistants": (
        f"{{ calls(first: 100) {{ nodes {{ assistant {{ {_in_aliases(15, SCAN)} }} }} }} }}"
    ),
    "sorts that scan": (
        "{ assistants(first: 100) { nodes {"
        + _in_aliases(
            45,
            'calls(first: 1, filter: {assistantName: {contains: "e"}, callSid: {contains: "0"}},'
            " orderBy: {field: DURATION}) { nodes { id } }",
        )
        + "} } }"
    ),
}
"""Small documents that took the service from everybody while objects alone were counted."""


@pytest.mark.parametrize("name", ATTACKS)
async def test_a_small_document_with_much_work_is_refused(client: HttpClient, name: str) -> None:
    _, _, figures = await _refusal(client, ATTACKS[name])

    assert figures["code"] == "QUERY_TOO_COMPLEX"
    assert figures["figure"] > 2 * figures["limit"] == 4_000_000


async def test_the_schema_twenty_times_is_refused(client: HttpClient) -> None:
    status, message, figures = await _refusal(client, f"{{ {_in_aliases(20, TYPES_OF_TYPES)} }}")

    limit = figures["limit"]
    assert (status, figures["code"]) == (400, "QUERY_TOO_COMPLEX")
    assert message == (
        f"The operation prints more than {limit} values of the schema, twice what the"
        " introspection query of tools prints; ask for less at once."
    )


async def test_what_frontends_ask_for_is_far_from_the_limit(open_door: OpenDoor) -> None:
    measured = [each.documents["jackfield"] for each in WORKLOADS if "jackfield" in each.documents]
    values = {
        "id": "1",
        "offset": 0,
        "status": "COMPLETED",
        "assistantId": "1",
        "serial": "0",
    }
    async with open_door(max_cost=50_000) as client:
        for document, variables in ANSWERED.values():
            assert await _refusal(client, document, **variables) is None
        for document in measured:
            variables = {name: value for name, value in values.items() if f"${name}:" in document}
            assert await _refusal(client, document, **variables) is None
    async with open_door(max_cost=400_000) as client:
        for document in LARGER.values():
            assert await _refusal(client, document) is None


COST = {
    "points": 10 + 7 * (2 + 2 + 2),
    "limit": 2_000_000,
    "resolverLimit": 50_000,
    "heaviest": [
        {"path": "calls.nodes", "points": 14},
        {"path": "calls.nodes.cost", "points": 14},
        {"path": "calls.nodes.cost.total", "points": 14},
    ],
}
"""Of the document that `FIGURES` calls `first`."""


@pytest.mark.parametrize("compiled", [True, False], ids=["plans", "resolvers"])
async def test_an_answer_tells_its_cost_by_header(open_door: OpenDoor, *, compiled: bool) -> None:
    body = {"query": FIGURES["first"][0]}
    async with open_door(compiled=compiled) as client:
        plain = await client.post(body)
        priced = await client.post(body, headers={"Jackfield-Cost": "1"})
        refused = await client.post(body, headers={"Jackfield-Cost": "please"})

    assert priced.json() == {**plain.json(), "extensions": {"cost": COST}}
    (error,) = refused.json()["errors"]
    assert error["message"] == "The header Jackfield-Cost must be 1 or dry-run."


async def test_a_dry_run_prices_and_runs_nothing(open_door: OpenDoor) -> None:
    header = {"Jackfield-Cost": "dry-run"}
    create = 'mutation { createAssistant(input: {name: "Dry"}) { assistant { id } } }'
    async with open_door(max_cost=100) as client:
        query = await client.post({"query": FIGURES["first"][0]}, headers=header)
        mutation = await client.post({"query": create}, headers=header)
        dear = await client.post(
            {"query": "{ calls { nodes { callSid duration status } } }"}, headers=header
        )
        listed = await client.query('{ assistants(filter: {name: {eq: "Dry"}}) { nodes { id } } }')

    assert query.json() == {"data": None, "extensions": {"cost": {**COST, "limit": 100}}}
    assert mutation.json()["extensions"]["cost"]["points"] == 2 + 2 + 1
    assert dear.json()["errors"][0]["extensions"]["figure"] == 10 + 20 * (2 + 3)
    assert listed.json() == {"data": {"assistants": {"nodes": []}}}


async def test_introspection_is_executed_once_for_a_document(open_door: OpenDoor) -> None:
    document = get_introspection_query(schema_description=True)
    async with open_door(compiled=False) as client:
        executed = await client.query(document)
    async with open_door() as client:
        first = await client.query(document)
        with counted_calls() as calls:
            again = await client.query(document)

    assert first.json() == again.json() == executed.json()
    assert executed.json().keys() == {"data"}
    assert calls.number < 5_000


REPEATED: dict[str, tuple[str, list[dict[str, Any]], int]] = {
    "ids": (
        "query ($id: ID!) { calls(first: 1, filter: {assistantId: {eq: $id}}) { totalCount } }",
        [{"id": "assistant_1"}, {"id": "assistant_2"}, {"id": "3"}],
        1,
    ),
    "pages": (PAGED, [{"n": 1}, {"n": True}, {"n": 2}, {"n": 1}, {"n": None}, {}], 4),
    "lists": (
        "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }",
        [{"ids": ["call_1", "call_2"]}, {"ids": ["call_3", "call_4"]}, {"ids": ["call_1"]}],
        2,
    ),
    "orders": (
        "query ($by: CallOrderField!) { calls(first: 1, orderBy: {field: $by}) { nodes { id } } }",
        [{"by": "STARTED_AT"}, {"by": "DURATION"}, {"by": "X" * 1_000}],
        2,
    ),
    "paths": (
        "query ($p: String!) { graphSessions { nodes { contextValue(path: $p) } } }",
        [{"p": "/a/b"}, {"p": "/c/d"}, {"p": "/a/b/c"}],
        2,
    ),
    "filters": (
        FILTERED,
        [
            {"f": {"status": {"eq": "COMPLETED"}}},
            {"f": {"status": {"eq": "FAILED"}}},
            {"f": {"status": {"eq": None}}},
            {"f": {"assistantId": {"in": ["1", "2"]}}},
            {"f": {"assistantId": {"in": ["3", "4"]}}},
            {"f": {"assistantId": {"in": ["1"]}}},
            {"f": {"assistantId": {"in": "1"}}},
            {"f": {"any": [{"callSid": {"eq": "a"}}, {"callSid": {"ne": "b"}}]}},
            {"f": {"any": [{"callSid": {"eq": "c"}}, {"callSid": {"ne": "d"}}]}},
            {"f": {"any": [{"callSid": {"eq": "a"}}]}},
            {"f": {"x" * 1_000: 1}},
            {"f": {"any": [{"any": []} for _ in range(1_000)]}},
            {"f": None},
            {"f": {}},
        ],
        9,
    ),
}


@pytest.mark.parametrize(("document", "requests", "kinds"), REPEATED.values(), ids=REPEATED)
def test_points_are_cached_by_what_they_depend_on(
    document: str, requests: list[dict[str, Any]], kinds: int
) -> None:
    node = parse(document)
    operation = choose_operation(node, None)
    cost = Pricing(schema._schema).cost(node, operation)  # noqa: SLF001

    for variables in requests * 2:
        afresh = replace(cost, _points={})
        assert cost.points(variables) == afresh.points(variables)
    assert len(cost._points) == kinds  # noqa: SLF001
