"""Rows whose ids have more than 32 bits, at both doors, read by plans and by resolvers alike.

A number of 2**31 is the first that GraphQL's `Int` cannot hold; 2**48 + 1 is the first id that a
worker of a distributed PostgreSQL gives; the numbers of JavaScript are exact up to 2**53.
"""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from graphql import GraphQLError
from sqlalchemy import text
from sqlmodel import SQLModel

from gql.database import Database
from gql.schema.scalars import SCALARS, BigInt
from tests.databases import Copy, settings_for
from tests.engine.differential import DifferentialClient, differential_client
from tests.engine.random_documents import Document
from tests.engine.test_regressions import alike

FIRST, WORKER, LAST = 2**31, 2**48 + 1, 2**63 - 1

EVERY_LOOKUP = """query ($id: ID!, $text: ID!, $ids: [ID!]!) {
    call(id: $id) { id fullDatabaseId assistant { fullDatabaseId name }
        session { currentNode { fullDatabaseId } } }
    assistant(id: $text) { fullDatabaseId }
    graph(id: NUMBER) { fullDatabaseId nodes { fullDatabaseId assistant { id } } }
    node(id: $text) { id }
    nodes(ids: $ids) { id ... on Call { fullDatabaseId } }
    calls(filter: {assistantId: {eq: NUMBER}}) { totalCount nodes { fullDatabaseId } } }"""


@pytest.fixture
async def differential(fresh: Copy) -> AsyncIterator[DifferentialClient]:
    """Of a database with a call, an assistant and a graph of each large id, and their parts."""
    database = Database(settings_for(fresh.url))
    async with database.transaction() as connection:
        for number in (FIRST, WORKER):
            for statement in (
                copied("assistant", 1, number, name=f"'Assistant {number}'"),
                copied("assistant_graph", 1, number, name=f"'Graph {number}'"),
                copied("graph_node", 101, number, graph_id=number, assistant_id=number),
                copied("graph_session", 501, number, call_sid=f"'CA{number}'", graph_id=number),
                f"UPDATE graph_session SET current_node_id = {number} WHERE id = {number}",  # noqa: S608
                copied("call", 101, number, call_sid=f"'CA{number}'", assistant_id=number),
                copied("chat_message", 1, number),
            ):
                await connection.execute(text(statement))
        if fresh.kind == "postgresql":  # SQLite goes on after the largest id by itself
            for table in ("graph_node", "assistant"):
                sequence = f"pg_get_serial_sequence('{table}', 'id')"
                await connection.execute(text(f"SELECT setval({sequence}, {WORKER})"))
    await database.close()
    async with differential_client(fresh) as differential:
        yield differential


def copied(table: str, old: int, new: int, **changes: object) -> str:
    """SQL that inserts a copy of a row under another id, with these columns changed."""
    values = {"id": new, **changes}
    columns = [column.name for column in SQLModel.metadata.tables[table].columns]
    values_sql = ", ".join(str(values.get(name, name)) for name in columns)
    names = ", ".join(columns)
    return f"INSERT INTO {table} ({names}) SELECT {values_sql} FROM {table} WHERE id = {old}"  # noqa: S608


async def test_every_door_reads_them_by_their_ids(differential: DifferentialClient) -> None:
    for number in (FIRST, WORKER):
        names = [f"call_{number}", f"assistant_{number}", f"graph_{number}", f"node_{number}"]

        data = await alike(
            differential,
            EVERY_LOOKUP.replace("NUMBER", str(number)),
            id=number,
            text=f"assistant_{number}",
            ids=names,
        )

        own = {"fullDatabaseId": str(number)}
        assert data == {
            "call": {
                "id": f"call_{number}",
                **own,
                "assistant": {**own, "name": f"Assistant {number}"},
                "session": {"currentNode": own},
            },
            "assistant": own,
            "graph": {**own, "nodes": [{**own, "assistant": {"id": f"assistant_{number}"}}]},
            "node": {"id": f"assistant_{number}"},
            "nodes": [{"id": names[0], **own}, *({"id": name} for name in names[1:])],
            "calls": {"totalCount": 1, "nodes": [own]},
        }
        for path in ("calls", "assistants", "assistant-graphs"):
            answer = await differential.client.get(f"/api/v1/{path}/{number}")
            assert (answer.status_code, answer.json()["id"]) == (200, number), path
        listed = await differential.client.get(f"/api/v1/calls?assistant_id={number}")
        assert [call["id"] for call in listed.json()["items"]] == [number]


async def test_pages_go_through_them(differential: DifferentialClient) -> None:
    query = """query ($after: String) { assistants(first: 2, after: $after,
        orderBy: {field: NAME, direction: DESC}) { totalCount
        nodes { fullDatabaseId } pageInfo { endCursor hasNextPage } } }"""
    seen: list[str] = []
    after = None
    while True:
        page = (await alike(differential, query, after=after))["assistants"]
        seen += [node["fullDatabaseId"] for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]

    assert len(seen) == len(set(seen)) == page["totalCount"]
    assert {str(FIRST), str(WORKER)} < set(seen)


async def test_the_field_of_32_bits_is_null_beside_an_error_and_all_others_stand(
    differential: DifferentialClient,
) -> None:
    query = """{ calls(first: 100, orderBy: {field: STARTED_AT, direction: ASC}) {
        nodes { databaseId fullDatabaseId } } assistant(id: 1) { databaseId fullDatabaseId } }"""

    answers = await differential.ask(Document(query, {}))

    assert answers.alike
    assert not answers.planned
    data, errors = answers.data["data"], answers.data["errors"]
    nodes = data["calls"]["nodes"]
    large = [at for at, node in enumerate(nodes) if int(node["fullDatabaseId"]) >= FIRST]
    assert data["assistant"] == {"databaseId": 1, "fullDatabaseId": "1"}
    assert [nodes[at] for at in large] == [
        {"databaseId": None, "fullDatabaseId": str(number)} for number in (FIRST, WORKER)
    ]
    assert all(
        node["databaseId"] == int(node["fullDatabaseId"])
        for at, node in enumerate(nodes)
        if at not in large
    )
    assert [error["path"] for error in errors] == [
        ["calls", "nodes", at, "databaseId"] for at in large
    ]
    assert [error["message"] for error in errors] == [
        f"`databaseId` cannot hold {number}, which has more than 32 bits: select `fullDatabaseId`."
        for number in (FIRST, WORKER)
    ]
    assert {error["extensions"]["code"] for error in errors} == {"BAD_USER_INPUT"}


async def test_what_is_written_refers_to_them_and_gets_such_ids(
    differential: DifferentialClient,
) -> None:
    mutation = """mutation ($input: CreateGraphInput!) { createGraph(input: $input) {
        nodes { id databaseId fullDatabaseId } graph { nodes { assistant { fullDatabaseId } } }
        userErrors { message } } }"""
    entry: dict[str, Any] = {"key": "a", "assistantId": str(WORKER), "nodeType": "ENTRY"}

    answer = await differential.ask_resolvers(
        Document(mutation, {"input": {"name": "New", "nodes": [entry], "edges": []}})
    )
    created = await differential.client.post(
        "/api/v1/assistant-graphs",
        json={
            "name": "By REST",
            "nodes": [{"assistant_id": FIRST, "node_type": "entry", "position": {"x": 0, "y": 0}}],
            "edges": [],
        },
    )

    assert answer.json()["data"]["createGraph"] == {
        "nodes": [
            {
                "id": f"node_{WORKER + 1}",
                "databaseId": None,
                "fullDatabaseId": str(WORKER + 1),
            }
        ],
        "graph": {"nodes": [{"assistant": {"fullDatabaseId": str(WORKER)}}]},
        "userErrors": [],
    }
    [error] = answer.json()["errors"]
    assert error["path"] == ["createGraph", "nodes", 0, "databaseId"]
    [node] = created.json()["nodes"]
    assert (node["id"], node["assistant_id"]) == (WORKER + 2, FIRST)


async def test_ids_beyond_all_are_refused_or_not_found(differential: DifferentialClient) -> None:
    """Never an error of ours: 2**63 fits in no column."""
    for number in (LAST, LAST + 1, 10**30):
        query = "query ($id: ID!) { call(id: $id) { id } }"
        for id_text in (str(number), f"call_{number}"):
            answers = await differential.ask(Document(query, {"id": id_text}))
            assert answers.alike
            codes = [error["extensions"]["code"] for error in answers.data.get("errors", [])]
            assert codes == ([] if number == LAST else ["BAD_USER_INPUT"])
        for path in ("calls", "assistants", "assistant-graphs", "sms/conversations"):
            answer = await differential.client.get(f"/api/v1/{path}/{number}")
            assert answer.status_code == 404, (path, answer.text)
        listed = await differential.client.get(f"/api/v1/calls?assistant_id={number}")
        assert (listed.status_code, listed.json()["items"]) == (200, [])
        posted = await differential.client.post(
            "/api/v1/assistant-graphs",
            content=f'{{"name": "x", "nodes": [{{"assistant_id": {number}}}], "edges": []}}',
        )
        assert posted.status_code in {400, 404, 422}, posted.text


def test_a_big_int_is_read_from_digits_and_from_numbers() -> None:
    scalar: Any = SCALARS[BigInt]
    for value in (0, "0", -(2**63), "-9223372036854775808", LAST, str(LAST), WORKER):
        assert scalar.parse_value(value) == int(value)
        assert scalar.serialize(int(value)) == str(int(value))
    refused: list[Any] = [True, None, 1.5, [], "", "1.0", "1e3", " 1", "\u0661", 2**63, "9" * 20]
    for value in refused:
        with pytest.raises(GraphQLError, match="is not a BigInt"):
            scalar.parse_value(value)
