"""Global ids: any object by its own id, whatever its type."""

from typing import Any

import pytest
from graphql import GraphQLInterfaceType, build_schema
from sqlalchemy import func, select

from gql.database import Database
from gql.models.scope import parameters
from gql.schema.audit import AuditEntry
from gql.schema.query import ENTITIES
from gql.schema.schema import schema
from tests.conftest import Counting, GraphQL
from tests.schema.lists import refusal

QUERY = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"


RESOURCES = [entity.resources[0] for entity in ENTITIES if entity is not AuditEntry]
"""Of every type with demo rows; the audit log has a test of its own."""


@pytest.fixture
async def ids(database: Database) -> list[str]:
    """The global id of the first organization's first record of each type."""
    ids = []
    async with database.engine.connect() as connection:
        for resource in RESOURCES:
            table = resource.table
            statement = select(func.min(table.c.id)).where(*resource.conditions(table))
            number = await connection.scalar(statement, parameters(1))
            ids.append(f"{resource.name}_{number}")
    return ids


def test_every_type_with_a_global_id_is_listed() -> None:
    """A type that is missing in `ENTITIES` would have ids that find nothing."""
    built = build_schema(schema.as_str())
    node = built.type_map["Node"]
    assert isinstance(node, GraphQLInterfaceType)

    types = {possible.name for possible in built.get_possible_types(node)}

    assert types == {entity.__strawberry_definition__.name for entity in ENTITIES}


async def test_every_type_is_found_by_its_ids(graphql: GraphQL, ids: list[str]) -> None:
    answer = await graphql(QUERY, {"ids": ids})

    assert [node["id"] for node in answer["data"]["nodes"]] == ids
    assert [node["__typename"] for node in answer["data"]["nodes"]] == [
        entity.__strawberry_definition__.name for entity in ENTITIES if entity is not AuditEntry
    ]


def test_a_node_has_exactly_its_id() -> None:
    """As https://relay.dev/graphql/objectidentification.htm#sec-Node-Interface has it."""
    node = build_schema(schema.as_str()).type_map["Node"]
    assert isinstance(node, GraphQLInterfaceType)

    assert {name: str(field.type) for name, field in node.fields.items()} == {"id": "ID!"}


async def test_a_type_keeps_its_documented_integer(graphql: GraphQL) -> None:
    answer = await graphql("""{ node(id: "call_101") { ... on CallRecord { databaseId } }
        graph(id: "graph_1") { databaseId nodes { databaseId } } }""")

    assert answer["data"] == {
        "node": {"databaseId": 101},
        "graph": {"databaseId": 1, "nodes": [{"databaseId": each} for each in (101, 102, 103)]},
    }


async def test_nodes_keep_the_order_and_the_gaps_of_the_ids(graphql: GraphQL) -> None:
    ids = ["graph_1", "call_999999", "call_101", "graph_1", "graph_101", "call_102", "node_101"]

    answer = await graphql(QUERY, {"ids": ids})

    ids = [node and node["id"] for node in answer["data"]["nodes"]]
    assert ids == ["graph_1", None, "call_101", "graph_1", None, None, "node_101"]


async def test_a_type_is_read_by_one_statement(graphql: GraphQL, statements: Counting) -> None:
    ids = [f"{noun}_{number}" for number in range(1, 51) for noun in ("call", "graph")]
    await graphql(QUERY, {"ids": ids})

    with statements() as ran:
        answer = await graphql(QUERY, {"ids": ids})

    assert len(answer["data"]["nodes"]) == 100
    assert ran.count == 2


async def test_a_stranger_finds_none_of_them(
    graphql: GraphQL, stranger: dict[str, str], ids: list[str]
) -> None:
    assert await graphql(QUERY, {"ids": ids}, stranger) == {"data": {"nodes": [None] * len(ids)}}


async def test_one_node_is_asked_with_its_own_fields(graphql: GraphQL) -> None:
    query = """{ call: node(id: "call_101") { id ... on Call { duration cost { total } } }
        sms: node(id: "sms_conversation_102") { ... on CallRecord { callSid channel } }
        nothing: node(id: "call_102") { id } }"""

    assert await graphql(query) == {
        "data": {
            "call": {"id": "call_101", "duration": 180, "cost": {"total": "0.050000"}},
            "sms": {"callSid": "sms_102", "channel": "SMS"},
            "nothing": None,
        }
    }


@pytest.mark.parametrize(
    ("id", "message"),
    [
        ("101", "`101` has no type: a global id is written like `call_101`."),
        ("session_1", "`session_1` is not a global id: there are no `session` objects."),
        ("call__1", "`call__1` is not a global id: there are no `call_` objects."),
        ("CALL_1", "`CALL_1` is not a global id: there are no `CALL` objects."),
        ("call_x", "'call_x' is not an id: write it like `call_101` or `101`."),
        ("", "'' is not an id: write it like `call_101` or `101`."),
    ],
)
async def test_what_is_no_global_id_is_refused(graphql: GraphQL, id: str, message: str) -> None:
    one = await refusal(graphql, "query($id: ID!) { node(id: $id) { id } }", {"id": id})
    several = await refusal(graphql, QUERY, {"ids": ["graph_1", id]})

    assert one == several == ("BAD_USER_INPUT", message)


async def test_a_hundred_ids_and_no_more(graphql: GraphQL) -> None:
    ids = ["graph_1"] * 101

    assert len((await graphql(QUERY, {"ids": ids[:100]}))["data"]["nodes"]) == 100
    assert await graphql(QUERY, {"ids": []}) == {"data": {"nodes": []}}
    assert await refusal(graphql, QUERY, {"ids": ids}) == (
        "BAD_USER_INPUT",
        "`ids` has 101 ids, but may have at most 100.",
    )


BY_ID: list[tuple[str, str]] = [
    ("graph(id: %s)", "graph_1"),
    ("assistant(id: %s)", "assistant_1"),
    ("smsConversation(id: %s)", "sms_conversation_102"),
    ("call(id: %s)", "call_101"),
    ("graphSession(id: %s)", "graph_session_501"),
]


@pytest.mark.parametrize(("field", "id"), BY_ID)
async def test_roots_take_the_global_id_and_the_documented_integer(
    graphql: GraphQL, field: str, id: str
) -> None:
    number = id.rpartition("_")[2]
    for text in (f'"{id}"', f'"{number}"', number):
        answer = await graphql(f"{{ it: {field % text} {{ id }} }}")
        assert answer == {"data": {"it": {"id": id}}}


@pytest.mark.parametrize("field", [field for field, _ in BY_ID])
async def test_roots_refuse_what_is_no_id_of_theirs(graphql: GraphQL, field: str) -> None:
    for text in ('""', '"x"', '"transition_1"', "-1", "0", '"9223372036854775808"'):
        code, _ = await refusal(graphql, f"{{ it: {field % text} {{ id }} }}")
        assert code == "BAD_USER_INPUT"
    for text in ("999999", "9223372036854775807"):
        assert await graphql(f"{{ it: {field % text} {{ id }} }}") == {"data": {"it": None}}


BY_SID: list[tuple[str, str, str]] = [
    ("call", "CA" + "x" * 32, "call_101"),
    ("graphSession", "CA1234567890abcdef", "graph_session_501"),
    ("smsConversation", "sms_102", "sms_conversation_102"),
]


@pytest.mark.parametrize(("field", "sid", "id"), BY_SID)
async def test_conversations_are_found_by_sid(
    graphql: GraphQL, stranger: dict[str, str], field: str, sid: str, id: str
) -> None:
    query = f"query($sid: String) {{ it: {field}(callSid: $sid) {{ id }} }}"

    assert await graphql(query, {"sid": sid}) == {"data": {"it": {"id": id}}}
    for other in ("", sid.swapcase(), sid + " ", "101"):
        assert await graphql(query, {"sid": other}) == {"data": {"it": None}}
    assert await graphql(query, {"sid": sid}, stranger) == {"data": {"it": None}}


@pytest.mark.parametrize(("field", "sid", "id"), BY_SID)
async def test_a_lookup_takes_exactly_one_name(
    graphql: GraphQL, field: str, sid: str, id: str
) -> None:
    query = f"""query($id: ID, $sid: String) {{
        viewer {{ method }} it: {field}(id: $id, callSid: $sid) {{ id }} }}"""
    message = "Give `id` or `callSid`: exactly one of them."

    for one in ({"id": id}, {"sid": sid}, {"id": id, "sid": None}, {"id": None, "sid": sid}):
        assert (await graphql(query, one))["data"]["it"] == {"id": id}
    wrong: list[dict[str, Any]] = [{}, {"id": None}, {"id": id, "sid": sid}]
    for several in wrong:
        answer = await graphql(query, several)
        assert answer["data"] == {"viewer": {"method": "API_KEY"}, "it": None}
        assert answer["errors"][0]["message"] == message


async def test_the_former_argument_still_names_one(graphql: GraphQL) -> None:
    query = "query($by: CallBy) { call(by: $by) { id } }"
    wrong: list[dict[str, Any]] = [{}, {"id": None}, {"id": 101, "callSid": "CA"}]

    for by in wrong:
        assert (await refusal(graphql, query, {"by": by}))[0] == "BAD_USER_INPUT"
    for by in ({"callSid": "CA" + "x" * 32}, {"id": "101"}):
        assert await graphql(query, {"by": by}) == {"data": {"call": {"id": "call_101"}}}
    both = "{ call(id: 101, by: {id: 101}) { id } }"
    assert (await refusal(graphql, both))[0] == "BAD_USER_INPUT"
    assert await graphql("{ graphSession(by: {id: 501}) { id } }") == {
        "data": {"graphSession": {"id": "graph_session_501"}}
    }
