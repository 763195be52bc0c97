"""Differences between plans and resolvers that the fuzzer or a reader once found, by name."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import text

from gql.database import Database
from tests.databases import Copy, settings_for
from tests.engine.differential import DifferentialClient, differential_client
from tests.engine.random_documents import Document


@pytest.fixture
async def differential(fresh: Copy) -> AsyncIterator[DifferentialClient]:
    async with differential_client(fresh) as differential:
        yield differential


async def alike(differential: DifferentialClient, query: str, **variables: Any) -> dict[str, Any]:
    """The data of an answer, which resolvers and the plan give alike."""
    answers = await differential.ask(Document(query, variables))
    assert answers.resolved == answers.compiled
    assert answers.planned, answers.data
    data: dict[str, Any] = answers.data["data"]
    return data


async def change(copy: Copy, statement: str) -> None:
    database = Database(settings_for(copy.url))
    async with database.transaction() as connection:
        await connection.execute(text(statement))
    await database.close()


async def test_a_wide_selection_does_not_overflow_the_parser_of_sqlite(
    differential: DifferentialClient,
) -> None:
    """Each `||` was in brackets of its own, and SQLite nests a hundred at most."""
    fields = " ".join(f"a{number}: name b{number}: createdAt" for number in range(60))

    data = await alike(differential, f"{{ graphs(first: 1) {{ nodes {{ {fields} }} }} }}")

    assert len(data["graphs"]["nodes"][0]) == 120


async def test_a_constant_list_of_values_is_written_into_the_statement(
    differential: DifferentialClient,
) -> None:
    """What an SMS thread shows is `role IN (...)`; such a statement was never compiled."""
    query = """{ smsConversations { nodes { messages(last: 3) {
        totalCount nodes { role content } } } } }"""

    data = await alike(differential, query)

    messages = [each["messages"] for each in data["smsConversations"]["nodes"]]
    assert max(each["totalCount"] for each in messages) > 1
    assert {node["role"] for each in messages for node in each["nodes"]} == {"USER", "ASSISTANT"}


async def test_the_plan_of_a_report_is_printed(differential: DifferentialClient) -> None:
    """The fields of a report are members of an enum, and an outline took them for dataclasses."""
    plan = await differential.plan_of(Document("{ costs { groupCount groups { calls } } }", {}))

    assert plan.splitlines() == [
        "data",
        "  costs: CostReport(argument=0)",
        "    groupCount: GroupCount",
        "    groups: Groups",
        "      calls: Column(label=calls, kind=int32)",
    ]


@pytest.mark.parametrize(
    ("stored", "printed"),
    [
        ("9999-12-31 23:59:59.999999", "9999-12-31T23:59:59.999999Z"),
        ("0001-01-01 00:00:00.000000", "0001-01-01T00:00:00Z"),
    ],
)
async def test_the_first_and_the_last_instant_are_printed(
    differential: DifferentialClient, fresh: Copy, stored: str, printed: str
) -> None:
    """PostgreSQL's driver stores them as infinities, which have no text."""
    if fresh.kind == "postgresql":
        stored = "infinity" if stored.startswith("9") else "-infinity"
    await change(fresh, f"UPDATE assistant_graph SET updated_at = '{stored}' WHERE id = 1")  # noqa: S608

    query = """{ graph(id: 1) { updatedAt }
        graphs(orderBy: {field: UPDATED_AT}, first: 50) { edges { cursor node { updatedAt } } } }"""
    data = await alike(differential, query)

    assert data["graph"]["updatedAt"] == printed


async def test_a_position_that_is_no_number_is_left_to_the_resolvers(
    differential: DifferentialClient, fresh: Copy
) -> None:
    """A plan printed the text as it was, and a number that was an integer stays one."""
    for value in ('"far"', "true", "[1]", "null", "3", "2.5"):
        stored = f'{{"x"\\: {value}}}'
        await change(fresh, f"UPDATE graph_node SET position = '{stored}'")  # noqa: S608

        answers = await differential.ask(
            Document("{ graph(id: 1) { nodes { position { x y } } } }", {})
        )

        assert answers.resolved == answers.compiled


async def test_a_position_keeps_every_digit(differential: DifferentialClient, fresh: Copy) -> None:
    """SQLite reads and prints doubles with an error in the last bit."""
    numbers = [1.7976931348623157e308, 5e-324, 2.2250738585072014e-308, 0.1, 1e16, -1e22, 2 / 3]
    query = "{ graph(id: 1) { nodes { position { x y } } } }"
    for number in numbers:
        stored = f'{{"x"\\: {number!r}, "y"\\: {-number!r}}}'
        await change(fresh, f"UPDATE graph_node SET position = '{stored}'")  # noqa: S608

        data = await alike(differential, query)

        assert data["graph"]["nodes"][0]["position"] == {"x": number, "y": -number}


async def test_more_plans_run_than_there_are_connections(differential: DifferentialClient) -> None:
    """On SQLite each used to keep the pool's connection that it ran on."""
    for number in range(25):
        await alike(differential, f"{{ graph(id: {number + 1}) {{ id name }} }}")

    assert differential.engine.counts.failed == 0


async def test_ids_alone_need_no_join_and_are_null_without_a_record(
    differential: DifferentialClient, fresh: Copy
) -> None:
    await change(fresh, "UPDATE graph_session SET current_node_id = NULL WHERE id % 2 = 0")

    data = await alike(
        differential,
        """{ graphSessions(first: 50) { nodes { id graph { id }
            currentNode { id databaseId __typename } a: currentNode { __typename } } } }""",
    )

    nodes = data["graphSessions"]["nodes"]
    assert {node["currentNode"] is None for node in nodes} == {True, False}
    assert all((node["a"] is None) == (node["currentNode"] is None) for node in nodes)


NULL_CONDITIONS: list[tuple[str, list[Any] | None]] = [
    ("viewer { method @D permissions }", ["viewer"]),
    ("a: viewer @D { method } viewer { method }", None),
    ("calls(first: 2) { nodes { id status @D } }", ["calls", "nodes", 0]),
    ("call(id: 101) { id ...F @D }", ["call"]),
    ("call(id: 101) { id ... @D { status } }", ["call"]),
    ("call(id: 101) { id ... on Call @D { assistant { name } } }", ["call"]),
    ("call(id: 101) { id status @include(if: false) @skip(if: $b) }", ["call"]),
]


async def test_a_null_condition_of_skip_or_include_is_an_error(
    differential: DifferentialClient,
) -> None:
    """`if: Boolean!` (GraphQL, 6.4.1): a plan took null of a variable with a default for false."""
    for number, (selection, path) in enumerate(NULL_CONDITIONS):
        directive = ("skip", "include")[number % 2]
        text = f"query($b: Boolean = true) {{ {selection} }}".replace("@D", f"@{directive}(if: $b)")
        text += " fragment F on Call { status }" if "...F" in text else ""
        for variables in ({"b": True}, {"b": False}, {}):
            await alike(differential, text, **variables)

        answers = await differential.ask(Document(text, {"b": None}))

        assert answers.alike
        assert not answers.planned
        error = answers.data["errors"][0]
        assert error["message"].startswith("Argument 'if' has invalid value")
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert path is None or error["path"] == path


async def test_nodes_of_any_type_come_in_the_order_of_their_ids(
    differential: DifferentialClient,
) -> None:
    query = """query($ids: [ID!]!) { nodes(ids: $ids) { __typename id
        ... on CallRecord { status } ... on AssistantGraph { name } } }"""

    data = await alike(differential, query, ids=["graph_1", "call_101", "graph_1", "user_999999"])

    names = [node and node["__typename"] for node in data["nodes"]]
    assert names == ["AssistantGraph", names[1], "AssistantGraph", None]


async def test_records_related_to_a_conversation_are_of_two_types(
    differential: DifferentialClient,
) -> None:
    query = """{ smsConversations(first: 100) { nodes { related { __typename id
        ... on Call { duration } ... on SmsConversation { sessionId } } } } }"""

    data = await alike(differential, query)

    assert any(node["related"] for node in data["smsConversations"]["nodes"])


async def test_the_viewer_is_told_by_a_plan(differential: DifferentialClient) -> None:
    data = await alike(
        differential,
        "{ viewer { method permissions organization { id name } user { id } apiKey { name } } }",
    )

    assert data["viewer"]["method"] == "API_KEY"


async def test_a_request_that_comes_again_is_bound_to_what_it_says(
    differential: DifferentialClient, fresh: Copy
) -> None:
    """What was bound is remembered by the variables; whose data is read is not part of that."""
    query = (
        "query($n: Int, $s: Boolean!) { calls(first: $n) { nodes { id @skip(if: $s) status } } }"
    )

    for number, skipped in [(1, False), (1, True), (2, False), (1, False), (0, True)]:
        data = await alike(differential, query, n=number, s=skipped)

        assert len(data["calls"]["nodes"]) == number
        assert all(("id" in node) != skipped for node in data["calls"]["nodes"])

    stranger = {"Authorization": f"Bearer {fresh.organizations[1].api_key}"}
    body = {"query": query, "variables": {"n": 1, "s": False}}
    differential.endpoint.runner.engine = differential.engine
    answers = [
        (await differential.client.post("/graphql", json=body, headers=headers)).json()
        for headers in ({}, stranger, {})
    ]
    assert answers[0] == answers[2] != answers[1]


async def test_whoever_asks_again_is_told_about_themselves(
    differential: DifferentialClient, fresh: Copy
) -> None:
    stranger = {"Authorization": f"Bearer {fresh.organizations[1].api_key}"}
    differential.endpoint.runner.engine = differential.engine
    names = [
        (
            await differential.client.post(
                "/graphql", json={"query": "{ viewer { organization { id } } }"}, headers=headers
            )
        ).json()["data"]["viewer"]["organization"]["id"]
        for headers in ({}, stranger, {})
    ]

    assert names[0] == names[2] != names[1]


@pytest.mark.parametrize("value", [1, 1.0, True, "1"], ids=repr)
async def test_values_that_are_equal_in_python_alone_are_told_apart(
    differential: DifferentialClient, value: Any
) -> None:
    query = "query($n: Int) { calls(first: $n) { nodes { id } } }"

    for number in (1, value):
        answers = await differential.ask(Document(query, {"n": number}))

        assert answers.resolved == answers.compiled


async def test_groups_by_the_currency_have_it_once_in_their_filter(
    differential: DifferentialClient,
) -> None:
    """It stood there twice, since the currency is a key of every group."""
    query = "{ costs(groupBy: [CURRENCY, STATUS]) { groups { filter cost { currency } } } }"

    data = await alike(differential, query)

    currencies = [each["cost"]["currency"] for each in data["costs"]["groups"]]
    assert currencies == sorted(currencies, key=lambda each: (each is None, each))
    assert len(set(currencies)) < len(currencies)
