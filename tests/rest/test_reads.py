"""Routes that say what they read: their shapes are the documented ones, their plans one statement.

A shape is declared once, for the plan and for the reference way; `tests/engine/test_rest_fuzz.py`
compares the two.
"""

import sqlite3
from collections.abc import AsyncIterator
from typing import Any, get_args

import httpx2
import pytest
from pydantic import BaseModel

from gql.database.drivers import sqlite
from gql.engine.fields import ConnectionField, ConnectionSource, ManySource
from gql.engine.plan import PlanNode, Selection
from gql.engine.query_runner import QueryRunner
from gql.rest.routes import ROUTES
from tests.conftest import bearer, connect, start
from tests.databases import Copy, settings_for
from tests.engine.rest_fuzz import address_cache_of
from tests.statements import SqliteLog, StatementLog, count

READS = {route.path: route for route in ROUTES if route.reads is not None}

ADDRESSES = {
    "/api/v1/assistant-graphs": "?active_only=false&skip=1&limit=1000",
    "/api/v1/assistant-graphs/{graph_id}": "1",
    "/api/v1/assistant-graphs/{graph_id}/sessions": "1?active_only=true",
    "/api/v1/assistant-graphs/sessions/{call_sid}": "CA1234567890abcdef",
    "/api/v1/assistants": "?active_only=true&my_assistants_only=true",
    "/api/v1/assistants/{assistant_id}": "1",
    "/api/v1/calls": "?skip=0&limit=100&status=completed&assistant_id=123&call_sid=x",
    "/api/v1/calls/search": "?q=155",
    "/api/v1/calls/sid/{call_sid}": "CA" + "x" * 32,
    "/api/v1/calls/{call_id}": "101",
    "/api/v1/calls/{call_id}/messages": "101?role=user",
    "/api/v1/calls/{call_id}/transcripts": "101?speaker=user&include_interim=true",
    "/api/v1/calls/sid/{call_sid}/transcripts": "CA" + "x" * 32,
    "/api/v1/sms-conversations": "?status=active&date_from=2020-01-01&limit=2",
    "/api/v1/sms-conversations/{conversation_id}": "102",
    "/api/v1/sms-conversations/{conversation_id}/messages": "102",
}
"""By path: the parameter, if there is one, and the query string."""


class Planned:
    """An application that runs plans, and everything that its database is asked to do."""

    def __init__(self, client: httpx2.AsyncClient, reads: QueryRunner, log: StatementLog) -> None:
        self.client = client
        self.reads = reads
        self.log = log


@pytest.fixture
async def planned(shared: Copy, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Planned]:
    async with start(shared, settings_for(shared.url, compiled=True)) as running:
        _hear_direct_connections(running.log, monkeypatch)
        reads = address_cache_of(running.app).runner
        assert reads is not None
        async with connect(running.app) as client:
            client.headers.update(bearer(shared.organizations[0]))
            yield Planned(client, reads, running.log)


def _hear_direct_connections(log: StatementLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite has no log of its own, and plans run on connections that no engine knows."""
    if not isinstance(log, SqliteLog):
        return
    open_one = sqlite.connect_sqlite

    def connect_and_listen(path: str) -> sqlite3.Connection:
        connection = open_one(path)
        connection.set_trace_callback(log.texts.append)
        return connection

    monkeypatch.setattr(sqlite, "connect_sqlite", connect_and_listen)


def address_of(path: str) -> str:
    start, brace, rest = path.partition("{")
    if not brace:
        return path + ADDRESSES[path]
    key, mark, query = ADDRESSES[path].partition("?")
    return start + key + rest.partition("}")[2] + mark + query


@pytest.mark.parametrize("path", READS)
async def test_a_read_is_one_statement_whenever_it_is_asked(planned: Planned, path: str) -> None:
    address = address_of(path)
    for times in (1, 2, 3):
        with count(planned.log) as ran:
            answer = await planned.client.get(address)

        assert answer.status_code == 200, answer.text
        assert ran.count == 1, ran.texts
        assert planned.reads.counts.compiled == times
    assert not planned.reads.counts.resolved


async def test_what_is_not_there_is_worded_by_the_reference_way(planned: Planned) -> None:
    for address in ("calls/102", "calls/777/messages", "assistant-graphs/777/sessions"):
        answer = await planned.client.get(f"/api/v1/{address}")

        assert answer.status_code == 404
        assert "not found in your org" in answer.text or "There is no graph 777" in answer.text
    assert planned.reads.counts.failed == 0


async def test_a_known_address_still_belongs_to_whoever_asks(
    planned: Planned, shared: Copy
) -> None:
    """What is remembered of an address is what it asks for, not for whom."""
    graph, calls = "/api/v1/assistant-graphs/1", "/api/v1/calls?limit=5"
    mine = [(await planned.client.get(address)).status_code for address in (graph, graph, calls)]
    stranger = bearer(shared.organizations[1])

    theirs = await planned.client.get(graph, headers=stranger)
    others = (await planned.client.get(calls, headers=stranger)).json()
    nobody = await planned.client.get(graph, headers={"Authorization": "Bearer nobody"})

    assert mine == [200, 200, 200]
    assert theirs.status_code == 404
    assert others["items"]
    assert not {each["id"] for each in others["items"]} & set(range(101, 1201))
    assert nobody.status_code == 401


async def test_a_plan_that_fails_is_answered_by_the_reference_way(
    planned: Planned, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = "/api/v1/calls?limit=3&status=failed"
    expected = (await planned.client.get(address)).content

    async def fail(*_: Any) -> Any:
        raise ValueError("no plan today")

    monkeypatch.setattr("gql.database.Database.fetch_value", fail)
    answers = [await planned.client.get(address) for _ in range(5)]

    assert [answer.json() for answer in answers] == [
        httpx2.Response(200, content=expected).json()
    ] * 5
    # After three failures in a row it rests.
    assert planned.reads.counts.failed == 3


@pytest.mark.parametrize("path", READS)
def test_a_shape_has_the_keys_of_its_documented_model_in_order(path: str) -> None:
    route = READS[path]
    assert route.reads is not None
    node = route.reads.item
    model = route.answers[200].model

    if isinstance(node.source, ConnectionSource):
        assert list(model.model_fields) == [key for key, _ in selected(node).items]
        model = model.model_fields["items"].annotation
    agree(records_of(node), item_of(model))


def agree(selection: Selection, model: type[BaseModel]) -> None:
    """Compare keys, and those of lists of records; fields with a default come when asked for."""
    fields = model.model_fields
    assert [key for key, _ in selection.items] == [
        name for name, field in fields.items() if field.is_required()
    ]
    for key, node in selection.items:
        if isinstance(node.source, ManySource):
            agree(selected(node), item_of(fields[key].annotation))


def records_of(node: PlanNode) -> Selection:
    """What each record of a read is printed as."""
    if isinstance(node.source, ConnectionSource):
        _, node = next(
            item for item in selected(node).items if item[1].source is ConnectionField.NODES
        )
    return selected(node)


def selected(node: PlanNode) -> Selection:
    assert node.selection is not None
    return node.selection


def item_of(annotation: Any) -> Any:
    """The items of a list, or the thing itself."""
    arguments = get_args(annotation)
    return arguments[0] if getattr(annotation, "__origin__", None) is list else annotation
