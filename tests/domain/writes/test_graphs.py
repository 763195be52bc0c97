"""Making, changing and deleting graphs."""

import asyncio
from typing import Any

import pytest

from gql.database import Database
from gql.domain.writes.graphs import (
    create_graph,
    delete_graph,
    update_graph,
)
from gql.errors import Forbidden, Invalid, NotFound
from gql.identity import Permission
from gql.models.audit_log import AuditLog
from gql.models.call import Call
from gql.models.graph import AssistantGraph, GraphEdge, GraphNode
from gql.models.graph_session import GraphSession
from gql.query.context import Context
from tests.conftest import Counting
from tests.domain.writes.conftest import all_rows, caller, rows
from tests.domain.writes.drafts import ROUTER, ROUTER_EDGES, ROUTER_NODES
from tests.domain.writes.executed_sql import verbs_and_tables

EDGE_COLUMNS = (
    *("condition_type", "intent_pattern", "natural_language_trigger", "mathematical_expression"),
    *("state_variable_condition", "condition_logic", "priority", "is_active"),
    *("handoff_sentence", "description"),
)


async def test_the_documented_request_makes_the_documented_graph(
    member: Context, fresh_database: Database
) -> None:
    """The demo data has it as graph 1, with the documents' own ids."""
    created = await create_graph(member, ROUTER, ROUTER_NODES, ROUTER_EDGES)

    one = await described(fresh_database, 1)
    other = await described(fresh_database, created.id)
    assert other == one
    [(name, version, created_at, updated_at)] = await rows(
        fresh_database,
        *(AssistantGraph, "name", "version", "created_at", "updated_at"),
        id=created.id,
    )
    assert (name, version) == ("Another Router", 1)
    assert created_at == updated_at
    ids = [row[0] for row in await rows(fresh_database, GraphNode, "id", graph_id=created.id)]
    assert ids == list(created.node_ids)
    for model in (GraphNode, GraphEdge):
        times = await rows(fresh_database, model, "created_at", graph_id=created.id)
        assert set(times) == {(created_at,)}


async def described(database: Database, graph_id: int) -> Any:
    """A graph but for its name, ids and times."""
    nodes = await rows(
        database,
        *(GraphNode, "id", "assistant_id", "node_type", "position", "configuration"),
        graph_id=graph_id,
    )
    edges = await rows(
        database, GraphEdge, "from_node_id", "to_node_id", *EDGE_COLUMNS, graph_id=graph_id
    )
    index_of = {node[0]: index for index, node in enumerate(nodes)}
    return (
        await rows(
            database, AssistantGraph, "description", "is_active", "configuration", id=graph_id
        ),
        [node[1:] for node in nodes],
        [(index_of[edge[0]], index_of[edge[1]], *edge[2:]) for edge in edges],
    )


async def test_creating_a_graph_takes_six_statements(
    member: Context, fresh_statements: Counting
) -> None:
    with fresh_statements() as ran:
        await create_graph(member, ROUTER, ROUTER_NODES, ROUTER_EDGES)

    assert verbs_and_tables(ran.texts) == [
        "SELECT assistant_graph",
        "SELECT assistant",
        "INSERT assistant_graph",
        "INSERT graph_node",
        "INSERT graph_edge",
        "INSERT audit_log",
    ]


async def test_an_empty_graph(member: Context, fresh_database: Database) -> None:
    created = await create_graph(member, {"name": "Empty", "is_active": False})

    names = "name", "description", "is_active", "configuration", "version"
    assert await rows(fresh_database, AssistantGraph, *names, id=created.id) == [
        ("Empty", None, False, {}, 1)
    ]


async def test_a_graph_without_a_name(member: Context) -> None:
    with pytest.raises(Invalid, match=r"^name is required$"):
        await create_graph(member, {"description": "Nameless"})


@pytest.mark.parametrize("name", ["", " \t", "x" * 256, "a\0b"])
async def test_a_name_that_cannot_be_stored(member: Context, name: str) -> None:
    with pytest.raises(Invalid, match=r"^name "):
        await create_graph(member, {"name": name})


async def test_the_same_name_is_free_in_another_organization(stranger: Context) -> None:
    assert (await create_graph(stranger, {"name": "Customer Service Router"})).id > 0


async def test_of_two_at_once_with_one_name_one_is_refused(fresh_database: Database) -> None:
    results = await asyncio.gather(
        *(create_graph(caller(fresh_database), {"name": "Same"}) for _ in range(2)),
        return_exceptions=True,
    )

    [refused] = [result for result in results if isinstance(result, Invalid)]
    assert str(refused) == "Assistant graph with name 'Same' already exists in your organization"
    assert len(await rows(fresh_database, AssistantGraph, "id", name="Same")) == 1


async def test_only_the_columns_of_the_request_change(
    member: Context, fresh_database: Database
) -> None:
    names = "name", "description", "is_active", "configuration", "version", "created_at"
    [(name, _, _, configuration, version, created)] = await rows(
        fresh_database, AssistantGraph, *names, id=1
    )
    nodes = await rows(fresh_database, GraphNode, "id", "created_at", graph_id=1)

    await update_graph(member, 1, {"description": None, "is_active": False})

    assert await rows(fresh_database, AssistantGraph, *names, id=1) == [
        (name, None, False, configuration, version, created)
    ]
    [(changed,)] = await rows(fresh_database, AssistantGraph, "updated_at", id=1)
    assert changed > created
    assert await rows(fresh_database, GraphNode, "id", "created_at", graph_id=1) == nodes
    logged = await rows(fresh_database, AuditLog, "action", "before", "after", organization_id=1)
    assert logged == [
        (
            "graph.update",
            {"description": "Routes customers to the appropriate department", "is_active": True},
            {"description": None, "is_active": False},
        )
    ]


async def test_setting_what_is_there_changes_nothing(
    member: Context, fresh_database: Database
) -> None:
    before = await all_rows(fresh_database)

    await update_graph(member, 1, {"name": "Customer Service Router", "configuration": {}})
    await update_graph(member, 1, {})

    assert await all_rows(fresh_database) == before


async def test_what_cannot_be_set(member: Context, fresh_database: Database) -> None:
    await create_graph(member, {"name": "Taken"})
    before = await all_rows(fresh_database)
    wrong: dict[str, Any] = {"name": "Taken", "is_active": None, "configuration": [], "version": 5}

    with pytest.raises(Invalid) as refused:
        await update_graph(member, 1, wrong)

    assert [problem.message for problem in refused.value.problems] == [
        "is_active must be true or false",
        "configuration must be a JSON object",
        "version cannot be set",
        "Assistant graph with name 'Taken' already exists in your organization",
    ]
    assert await all_rows(fresh_database) == before


async def test_a_deleted_graph_leaves_its_calls_and_their_names(
    member: Context, fresh_database: Database
) -> None:
    async with fresh_database.transaction() as connection:
        calls = Call.__table__  # type: ignore[attr-defined]
        await connection.execute(
            calls.update().where(calls.c.id == 101).values(graph_id=1, graph_name=None)
        )
    assistants = (await all_rows(fresh_database))["assistant"]

    assert await delete_graph(member, 1) == "Customer Service Router"

    assert await rows(fresh_database, AssistantGraph, "id", id=1) == []
    for model in (GraphNode, GraphEdge, GraphSession):
        assert await rows(fresh_database, model, "id", graph_id=1) == []
    assert await rows(fresh_database, Call, "graph_id", "graph_name", id=101) == [
        (1, "Customer Service Router")
    ]
    assert (await all_rows(fresh_database))["assistant"] == assistants
    logged = await rows(fresh_database, AuditLog, "action", "before", "after", organization_id=1)
    assert logged == [
        (
            "graph.delete",
            {"name": "Customer Service Router", "sessions": 2, "edges": 2, "nodes": 3},
            None,
        )
    ]


async def test_the_id_of_a_deleted_graph_is_not_used_again(member: Context) -> None:
    first = await create_graph(member, {"name": "First"})
    await delete_graph(member, first.id)

    second = await create_graph(member, {"name": "Second"})

    assert second.id > first.id


async def test_a_stranger_changes_nothing(stranger: Context, fresh_database: Database) -> None:
    before = await all_rows(fresh_database)

    with pytest.raises(NotFound):
        await update_graph(stranger, 1, {"name": "Mine"})
    with pytest.raises(NotFound):
        await delete_graph(stranger, 1)
    with pytest.raises(NotFound):
        await delete_graph(stranger, 2**63)

    assert await all_rows(fresh_database) == before


async def test_a_reader_changes_nothing(fresh_database: Database) -> None:
    reader = caller(fresh_database, 1, Permission.READ)

    with pytest.raises(Forbidden, match="write permission"):
        await create_graph(reader, {"name": "Mine"})
