"""Replacing the structure of a graph."""

import asyncio
import itertools
import os
import signal
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from gql.database import Database
from gql.domain.writes.drafts import EdgeDraft, NodeDraft, ReplacedStructure
from gql.domain.writes.replacement import replace_structure
from gql.domain.writes.transaction import WriteContext
from gql.errors import NotFound, VersionConflict
from gql.models.audit_log import AuditLog
from gql.models.graph import AssistantGraph, GraphEdge, GraphNode
from gql.models.graph_session import GraphSession, GraphTransition
from gql.models.scope import table_of
from gql.query.context import Context
from tests.conftest import Counting
from tests.databases import Copy, without_settings
from tests.domain.writes.conftest import all_rows, caller, rows
from tests.domain.writes.drafts import LARGER_EDGES, LARGER_NODES, ROUTER_EDGES, ROUTER_NODES
from tests.domain.writes.executed_sql import verbs_and_tables

LARGE_NODES = [
    NodeDraft(1 + index % 4, "standard", {"x": index, "y": -index}) for index in range(500)
]
LARGE_EDGES = [
    EdgeDraft(index % 500, index * 7 % 500, "intent", intent_pattern=f"word {index}")
    for index in range(2_000)
]


async def test_every_node_and_edge_is_new_and_the_graph_keeps_the_rest(
    member: Context, fresh_database: Database
) -> None:
    unchanged = "id", "name", "description", "is_active", "configuration", "created_at"
    before = await rows(fresh_database, AssistantGraph, *unchanged, id=1)
    highest = max(row[0] for row in await rows(fresh_database, GraphNode, "id"))
    started = datetime.now(UTC)

    replaced = await replace_structure(member, 1, LARGER_NODES, LARGER_EDGES)

    assert replaced == ReplacedStructure(replaced.node_ids, replaced.edge_ids, 1, 2)
    assert len(replaced.node_ids) == len(replaced.edge_ids) == 4
    assert min(replaced.node_ids) > highest
    assert await rows(fresh_database, AssistantGraph, *unchanged, id=1) == before
    [(version, updated)] = await rows(fresh_database, AssistantGraph, "version", "updated_at", id=1)
    assert version == 2
    assert started <= updated <= datetime.now(UTC)
    names = "id", "assistant_id", "node_type", "position", "configuration", "created_at"
    assert await rows(fresh_database, GraphNode, *names, graph_id=1) == [
        (replaced.node_ids[0], 1, "entry", {"x": 0, "y": 0}, {}, updated),
        (replaced.node_ids[1], 2, "standard", {"x": 200, "y": -100}, {}, updated),
        (replaced.node_ids[2], 3, "standard", {"x": 200, "y": 100}, {}, updated),
        (replaced.node_ids[3], 4, "escalation", {"x": 400, "y": 0.5}, {"a": 1}, updated),
    ]
    columns = "id", "from_node_id", "to_node_id", "condition_type", "mathematical_expression"
    more = "natural_language_trigger", "state_variable_condition", "created_at", "updated_at"
    node = replaced.node_ids
    asks = "The customer asks for a person"
    assert await rows(fresh_database, GraphEdge, *columns, *more, graph_id=1) == [
        (replaced.edge_ids[0], node[0], node[1], "intent", None, None, None, updated, updated),
        (replaced.edge_ids[1], node[0], node[2], "intent", None, None, None, updated, updated),
        (
            *(replaced.edge_ids[2], node[1], node[3], "natural_language", None, asks),
            *(None, updated, updated),
        ),
        (
            *(replaced.edge_ids[3], node[2], node[3], "mathematical", "call_duration > 600"),
            *(None, None, updated, updated),
        ),
    ]


async def test_active_sessions_go_and_ended_ones_keep_their_names(
    member: Context, fresh_database: Database
) -> None:
    async with fresh_database.transaction() as connection:
        ended = table_of(GraphSession)
        await connection.execute(
            ended.update().where(ended.c.id == 500).values(current_assistant_name=None)
        )

    await replace_structure(member, 1, (), ())

    names = "id", "current_node_id", "current_assistant_name", "graph_name", "is_active"
    assert await rows(fresh_database, GraphSession, *names, graph_id=1) == [
        (500, None, "Support Agent", "Customer Service Router", False)
    ]
    assert await rows(fresh_database, GraphTransition, "id", graph_session_id=501) == []
    transition_names = "from_assistant_name", "to_assistant_name"
    assert await rows(fresh_database, GraphTransition, *transition_names, graph_session_id=500) == [
        ("Receptionist", "Support Agent")
    ]


async def test_it_leaves_one_row_in_the_audit_log(
    member: Context, fresh_database: Database
) -> None:
    await replace_structure(member, 1, LARGER_NODES, LARGER_EDGES)

    names = "user_id", "api_key_id", "method", "action", "object_type", "object_id"
    more = "before", "after", "request_id"
    logged = await rows(fresh_database, AuditLog, *names, *more, organization_id=1)
    assert logged == [
        (
            *(1, 1, "api_key", "graph.replace_structure", "graph", 1),
            {"version": 1, "nodes": 3, "edges": 2},
            {"version": 2, "nodes": 4, "edges": 4, "cleared_sessions": 1},
            "request-1",
        )
    ]


async def test_500_nodes_and_2000_edges_take_15_statements(
    member: Context, fresh_database: Database, fresh_statements: Counting
) -> None:
    await replace_structure(member, 1, LARGE_NODES, LARGE_EDGES)
    with fresh_statements() as ran:
        replaced = await replace_structure(member, 1, LARGE_NODES, LARGE_EDGES)

    assert verbs_and_tables(ran.texts) == [
        "SELECT assistant_graph",
        "SELECT assistant",
        "SELECT graph_node",
        "SELECT graph_edge",
        "SELECT assistant",
        "INSERT graph_version",
        "UPDATE assistant_graph",
        "UPDATE graph_session",
        "DELETE graph_session",
        "DELETE graph_edge",
        "DELETE graph_node",
        "INSERT graph_node",
        "INSERT graph_edge",
        "INSERT graph_edge",
        "INSERT audit_log",
    ]
    assert list(replaced.node_ids) == sorted(set(replaced.node_ids))
    assert list(replaced.edge_ids) == sorted(set(replaced.edge_ids))
    positions = await rows(fresh_database, GraphNode, "id", "position", graph_id=1)
    assert positions == [
        (node_id, {"x": index, "y": -index}) for index, node_id in enumerate(replaced.node_ids)
    ]
    names = "id", "from_node_id", "to_node_id", "intent_pattern"
    assert await rows(fresh_database, GraphEdge, *names, graph_id=1) == [
        (
            edge_id,
            replaced.node_ids[index % 500],
            replaced.node_ids[index * 7 % 500],
            f"word {index}",
        )
        for index, edge_id in enumerate(replaced.edge_ids)
    ]


async def test_two_at_once_both_succeed_one_after_the_other(fresh_database: Database) -> None:
    both = await asyncio.gather(
        replace_structure(caller(fresh_database), 1, LARGER_NODES, LARGER_EDGES),
        replace_structure(caller(fresh_database), 1, ROUTER_NODES, ROUTER_EDGES),
    )

    first, second = sorted(both, key=lambda replaced: replaced.version)
    assert (first.version, second.version) == (2, 3)
    nodes = [row[0] for row in await rows(fresh_database, GraphNode, "id", graph_id=1)]
    edges = [row[0] for row in await rows(fresh_database, GraphEdge, "id", graph_id=1)]
    assert (nodes, edges) == (list(second.node_ids), list(second.edge_ids))
    assert min(second.node_ids) > max(first.node_ids)
    logged = await rows(fresh_database, AuditLog, "before", "after", organization_id=1)
    assert [(before["version"], after["version"]) for before, after in logged] == [(1, 2), (2, 3)]


async def test_of_two_at_once_that_expect_the_same_version_one_is_refused(
    fresh_database: Database,
) -> None:
    results = await asyncio.gather(
        *(
            replace_structure(
                caller(fresh_database), 1, ROUTER_NODES, ROUTER_EDGES, expected_version=1
            )
            for _ in range(2)
        ),
        return_exceptions=True,
    )

    [refused] = [result for result in results if isinstance(result, VersionConflict)]
    assert str(refused) == (
        "The graph has version 2 now, and you expect 1: somebody changed its structure since you"
        " read it."
    )
    assert [result.version for result in results if isinstance(result, ReplacedStructure)] == [2]


async def test_a_stranger_changes_nothing(stranger: Context, fresh_database: Database) -> None:
    before = await all_rows(fresh_database)

    with pytest.raises(NotFound, match=r"^There is no graph 1 in your organization\.$"):
        await replace_structure(stranger, 1, (), ())

    assert await all_rows(fresh_database) == before


async def test_whichever_statement_fails_nothing_is_changed(
    fresh_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await all_rows(fresh_database)
    run = WriteContext.run
    for count in itertools.count():
        left = itertools.count(count, -1)

        async def failing(self: WriteContext, *arguments: Any, left: Any = left) -> Any:
            if next(left) == 0:
                raise ConnectionError
            return await run(self, *arguments)

        monkeypatch.setattr(WriteContext, "run", failing)
        try:
            await replace_structure(caller(fresh_database), 1, LARGER_NODES, LARGER_EDGES)
        except ConnectionError:
            assert await all_rows(fresh_database) == before
        else:
            break

    assert count == 11
    assert await all_rows(fresh_database) != before


KILLED = """
import asyncio, os, signal, sys
from gql.database import Database
from gql.domain.writes.replacement import replace_structure
from gql.domain.writes.transaction import transaction
from tests.databases import settings_for
from tests.domain.writes.conftest import caller
from tests.domain.writes.drafts import LARGER_EDGES, LARGER_NODES

async def main():
    async with transaction(caller(Database(settings_for(sys.argv[1])))) as write:
        await replace_structure(write, 1, LARGER_NODES, LARGER_EDGES)
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


async def test_a_process_killed_before_the_commit_leaves_nothing(
    fresh: Copy, fresh_database: Database
) -> None:
    before = await all_rows(fresh_database)

    environment = {**without_settings(), "PYTHONPATH": os.pathsep.join(sys.path)}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", KILLED, fresh.url), env=environment
    )
    status = await process.wait()

    assert status == -signal.SIGKILL
    assert await all_rows(fresh_database) == before
    again = await replace_structure(caller(fresh_database), 1, LARGER_NODES, LARGER_EDGES)
    assert again.version == 2


async def test_what_was_read_before_is_read_anew_after(member: Context) -> None:
    graphs = table_of(AssistantGraph)
    version = select(graphs.c.version).where(graphs.c.id == 1)
    assert (await member.snapshot.rows(version))[0][0] == 1

    await replace_structure(member, 1, (), ())

    assert (await member.snapshot.rows(version))[0][0] == 2
    await member.close()
