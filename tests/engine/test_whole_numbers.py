"""GraphQL's `Int` has 32 bits, and columns may have more: then a plan fails on purpose."""

from collections.abc import AsyncIterator

import pytest

from tests.databases import Copy
from tests.engine.differential import DifferentialClient, differential_client
from tests.engine.random_documents import Document
from tests.engine.test_regressions import alike, change


@pytest.fixture
async def differential(fresh: Copy) -> AsyncIterator[DifferentialClient]:
    async with differential_client(fresh) as differential:
        yield differential


@pytest.mark.parametrize("number", [2**31, -(2**31) - 1, 2**62])
async def test_a_number_too_large_for_an_int_is_the_error_that_resolvers_make(
    differential: DifferentialClient, fresh: Copy, number: int
) -> None:
    """A plan printed it. PostgreSQL keeps such a number in an id alone, SQLite in any column."""
    await change(fresh, f"UPDATE chat_message SET id = {number} WHERE id = 1")  # noqa: S608
    query = (
        "query($id: ID!) { node(id: $id) { id ... on Message { databaseId } } graph(id: 1) { id } }"
    )
    refused = [(query, {"id": f"message_{number}"})] if number > 0 else []
    if fresh.kind == "sqlite":
        await change(fresh, f"UPDATE graph_edge SET priority = {number}")  # noqa: S608
        refused.append(("{ graph(id: 1) { edges { id priority } } }", {}))

    for text_of, variables in refused:
        answers = await differential.ask(Document(text_of, variables))

        assert answers.resolved == answers.compiled
        assert not answers.planned
        code = answers.data["errors"][0]["extensions"]["code"]
        is_id = "databaseId" in text_of
        assert code == ("BAD_USER_INPUT" if is_id else "INTERNAL_SERVER_ERROR")
    if number > 0:
        node = await alike(
            differential, "query($id: ID!) { node(id: $id) { id } }", id=f"message_{number}"
        )
        assert node == {"node": {"id": f"message_{number}"}}


async def test_the_largest_numbers_of_an_int_are_printed(
    differential: DifferentialClient, fresh: Copy
) -> None:
    for number in (2**31 - 1, -(2**31)):
        await change(fresh, f"UPDATE graph_edge SET priority = {number}")  # noqa: S608

        data = await alike(differential, "{ graph(id: 1) { edges { priority } } }")

        assert {edge["priority"] for edge in data["graph"]["edges"]} == {number}


async def test_an_id_of_another_table_may_be_too_large_as_well(
    differential: DifferentialClient, fresh: Copy
) -> None:
    """Where only ids of a relation are asked for, they are our own foreign key."""
    await change(fresh, "UPDATE graph_session SET current_node_id = NULL")
    await change(
        fresh,
        "INSERT INTO graph_node (id, organization_id, graph_id, assistant_id, node_type, position,"
        " configuration, created_at) SELECT 3000000000, organization_id, graph_id, assistant_id,"
        " node_type, position, configuration, created_at FROM graph_node WHERE id = 101",
    )
    await change(fresh, "UPDATE graph_session SET current_node_id = 3000000000 WHERE id = 501")
    query = "{ graphSession(id: 501) { currentNode { id %s } } }"

    data = await alike(differential, query % "__typename")
    answers = await differential.ask(Document(query % "databaseId", {}))

    assert data["graphSession"]["currentNode"]["id"] == "node_3000000000"
    assert answers.resolved == answers.compiled
    assert not answers.planned
