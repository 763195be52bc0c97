"""Routes that declare what they read: one statement each, before a write, after it and inside it.

What they answer is worked out from rows by tests/engine/test_rest_fuzz.py.
"""

import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, get_args
from urllib.parse import parse_qsl

import httpx2
import pytest
from pydantic import BaseModel
from sqlalchemy import select

from gql.database import Database
from gql.database.drivers import sqlite
from gql.engine.fields import (
    ConnectionField,
    ConnectionSource,
    ManySource,
    MemberSource,
    UnionSource,
)
from gql.engine.plan import PlanNode, Selection
from gql.engine.query_runner import ReadOutcome
from gql.models.scope import parameters
from gql.rest.answering import RestServices
from gql.rest.parameters import query_strings
from gql.rest.routes import ROUTES
from tests.conftest import bearer, connect, start
from tests.databases import Copy, settings_for
from tests.engine.rest_fuzz import services_of
from tests.statements import SqliteLog, StatementLog, count

READS = {route.path: route for route in ROUTES if route.reads is not None and route.method == "GET"}

ADDRESSES = {
    "/api/v1/assistant-graphs": "?active_only=false&skip=1&limit=1000",
    "/api/v1/assistant-graphs/{graph_id}": "1",
    "/api/v1/assistant-graphs/{graph_id}/sessions": "1?active_only=true",
    "/api/v1/assistant-graphs/sessions/{call_sid}": "CA1234567890abcdef",
    "/api/calls/costs/summary": "?min_cost=0&limit=3",
    "/api/v1/assistants/count": "?active_only=true",
    "/api/v1/assistants": "?active_only=true&my_assistants_only=true",
    "/api/v1/assistants/{assistant_id}": "1",
    "/api/v1/calls": "?skip=0&limit=100&status=completed&assistant_id=123&call_sid=x",
    "/api/v1/calls/count": "?status=completed&date_from=2024-01-15",
    "/api/v1/calls/search": "?q=155",
    "/api/v1/calls/sid/{call_sid}": "CA" + "x" * 32,
    "/api/v1/calls/{call_id}": "101",
    "/api/v1/calls/{call_id}/messages": "101?role=user",
    "/api/v1/calls/{call_id}/transcripts": "101?speaker=user&include_interim=true",
    "/api/v1/calls/sid/{call_sid}/transcripts": "CA" + "x" * 32,
    "/api/v1/sms-conversations": "?status=active&date_from=2020-01-01&limit=2",
    "/api/v1/sms-conversations/{conversation_id}": "102",
    "/api/v1/sms-conversations/{conversation_id}/messages": "102",
    "/api/v1/sms-conversations/{conversation_id}/related": "102",
}
"""By path: the parameter, if there is one, and the query string.

A path that is not here is tried without a query string, for the first record that there is.
"""


@dataclass(frozen=True)
class Served:
    """An application, and every statement that its database runs."""

    client: httpx2.AsyncClient
    services: RestServices
    database: Database
    log: StatementLog


@pytest.fixture
async def served(shared: Copy, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    async with start(shared, settings_for(shared.url)) as running:
        _hear_runner_connections(running.log, monkeypatch)
        async with connect(running.app) as client:
            client.headers.update(bearer(shared.organizations[0]))
            yield Served(client, services_of(running.app), running.app.state.database, running.log)


def _hear_runner_connections(log: StatementLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite has no log of its own, and the statement runner's connections have no engine."""
    if not isinstance(log, SqliteLog):
        return
    connect_sqlite = sqlite.connect_sqlite

    def connect_and_listen(path: str, max_bytes: int) -> sqlite3.Connection:
        connection = connect_sqlite(path, max_bytes)
        connection.set_trace_callback(log.texts.append)
        return connection

    monkeypatch.setattr(sqlite, "connect_sqlite", connect_and_listen)


async def address_of(database: Database, path: str) -> str:
    start, brace, rest = path.partition("{")
    ending = ADDRESSES.get(path, "")
    if not brace:
        return path + ending
    key, mark, query = ending.partition("?")
    return start + (key or await _first_key(database, path)) + rest.partition("}")[2] + mark + query


async def _first_key(database: Database, path: str) -> str:
    read = READS[path].reads
    assert read is not None
    assert read.record is not None
    resource, table = read.record.resource, read.record.resource.table
    statement = (
        select(table.c[read.record.column]).where(*resource.conditions(table)).order_by(table.c.id)
    )
    async with database.engine.connect() as connection:
        return str(await connection.scalar(statement.limit(1), parameters(1)))


@pytest.mark.parametrize("path", READS)
async def test_a_read_is_one_statement_whenever_it_is_requested(served: Served, path: str) -> None:
    address = await address_of(served.database, path)
    for times in (1, 2, 3):
        with count(served.log) as ran:
            answer = await served.client.get(address)

        assert answer.status_code == 200, answer.text
        assert ran.count == 1, ran.texts
        assert served.services.queries.counts == {ReadOutcome.ANSWERED: times}


async def test_with_the_compiled_way_off_a_read_is_the_same_statement(shared: Copy) -> None:
    """The setting is about GraphQL; without it, a read runs on a connection of the pool."""
    answers = []
    for compiled in (True, False):
        async with (
            start(shared, settings_for(shared.url, compiled=compiled)) as running,
            connect(running.app) as client,
        ):
            client.headers.update(bearer(shared.organizations[0]))
            addresses = [await address_of(running.app.state.database, path) for path in READS]
            with count(running.log) as ran:
                answers.append([await client.get(address) for address in addresses])
    plans, pooled = [[answer.content for answer in each] for each in answers]

    assert pooled == plans
    assert ran.count == len(READS)


WRITES: dict[str, tuple[str, str, Any]] = {
    "an assistant": ("PUT", "/api/v1/assistants/1", {"name": "Renamed"}),
    "a status": ("PATCH", "/api/v1/assistants/1/status?is_active=false", None),
    "metadata": ("PATCH", "/api/v1/calls/101/metadata", {"metadata": {"seen": True}}),
    "a graph": ("PUT", "/api/v1/assistant-graphs/1", {"description": "Changed"}),
}


def _shown(answer: httpx2.Response) -> str:
    """What a tag says of what is shown, without the version: a write does not know its own yet."""
    tag: str = answer.headers["etag"]
    return tag.strip('"').removesuffix("-gzip").partition(".")[0]


@pytest.mark.parametrize("key", [None, "once"], ids=["alone", "inside its transaction"])
@pytest.mark.parametrize("name", WRITES)
async def test_a_write_is_answered_by_one_read_of_what_it_wrote(
    fresh: Copy, name: str, key: str | None
) -> None:
    method, address, body = WRITES[name]
    headers = {} if key is None else {"Idempotency-Key": key}
    async with (
        start(fresh, settings_for(fresh.url)) as running,
        connect(running.app) as client,
    ):
        client.headers.update(bearer(fresh.organizations[0]))
        path = address.partition("?")[0].removesuffix("/status").removesuffix("/metadata")
        before = await client.get(path)
        with count(running.log) as ran:
            written = await client.request(method, address, json=body, headers=headers)
        after = await client.get(path)

    assert written.status_code == 200, written.text
    assert (written.content, _shown(written)) == (after.content, _shown(after))
    assert written.content != before.content
    reads = [text for text in ran.texts if text.startswith("SELECT") and '"id":' in text]
    assert len(reads) == 1, ran.texts


async def test_a_missing_record_is_not_found_in_documented_words(served: Served) -> None:
    for address, detail in (
        ("calls/102", "Call with ID 102 not found in your organization"),
        ("calls/777/messages", "Call with ID 777 not found in your organization"),
        ("calls/sid/nope", "Call with SID nope not found in your organization"),
        ("assistant-graphs/777/sessions", "There is no graph 777 in your organization."),
    ):
        answer = await served.client.get(f"/api/v1/{address}")

        assert (answer.status_code, answer.json()) == (404, {"detail": detail})
    assert served.services.queries.counts == {ReadOutcome.MISSING: 4}


async def test_a_cached_address_still_belongs_to_the_caller(served: Served, shared: Copy) -> None:
    """What is cached of an address is what it reads, not for whom."""
    graph, calls = "/api/v1/assistant-graphs/1", "/api/v1/calls?limit=5"
    statuses = [(await served.client.get(address)).status_code for address in (graph, graph, calls)]
    stranger = bearer(shared.organizations[1])

    theirs = await served.client.get(graph, headers=stranger)
    others = (await served.client.get(calls, headers=stranger)).json()
    nobody = await served.client.get(graph, headers={"Authorization": "Bearer nobody"})

    assert statuses == [200, 200, 200]
    assert theirs.status_code == 404
    assert others["items"]
    assert not {each["id"] for each in others["items"]} & set(range(101, 1201))
    assert nobody.status_code == 401


@pytest.mark.parametrize(
    ("error", "status"), [(TimeoutError("no connection got free"), 503), (ValueError("bug"), 500)]
)
async def test_a_statement_that_fails_is_an_error(
    served: Served, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    async def fail(*_: Any, **__: Any) -> Any:
        raise error

    monkeypatch.setattr("gql.database.Database.fetch_value", fail)
    answer = await served.client.get("/api/v1/calls?limit=3&status=failed")

    assert answer.status_code == status
    assert served.services.queries.counts == {ReadOutcome.FAILED: 1}


async def test_new_values_take_no_new_statement(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    hot = "/api/v1/calls/101"
    for address in (hot, *(f"/api/v1/calls?skip={n}&limit=1" for n in range(60))):
        assert (await served.client.get(address)).status_code == 200

    # One statement for the call, one for the first page, one for the pages behind an offset.
    assert served.services.queries.size()[0] == 3
    monkeypatch.setattr("gql.engine.query_runner.compile_statement", None)
    assert (await served.client.get("/api/v1/calls?skip=61&limit=2")).status_code == 200
    assert (await served.client.get("/api/v1/calls?status=failed")).status_code == 500


@pytest.mark.parametrize(
    "query_string", ["a=1&b=&c&a=2&&=x&d=e=f", "a=%41+b&%C3%A9=%FF", "\xe9=\xff"]
)
def test_query_strings_are_read_alike_with_and_without_escapes(query_string: str) -> None:
    assert query_strings(query_string) == dict(parse_qsl(query_string, keep_blank_values=True))


@pytest.mark.parametrize("path", READS)
def test_a_shape_has_the_keys_of_its_documented_model_in_order(path: str) -> None:
    route = READS[path]
    assert route.reads is not None
    node = route.reads.item
    model = route.answers[200].model

    if isinstance(node.source, ConnectionSource):
        assert list(model.model_fields) == [key for key, _ in selected(node).items]
        if "items" not in model.model_fields:
            return
        model = model.model_fields["items"].annotation
    agree(records_of(node), item_of(model))


def agree(selection: Selection, model: type[BaseModel]) -> None:
    """Compare keys, and those of lists of records.

    Fields with a default come with a parameter, or where the record has such a member.
    """
    fields = model.model_fields
    printed = [item for item in selection.items if not isinstance(item[1].source, MemberSource)]
    assert [key for key, _ in printed] == [
        name for name, field in fields.items() if field.is_required()
    ]
    for key, node in printed:
        if isinstance(node.source, ManySource):
            agree(selected(node), item_of(fields[key].annotation))


def records_of(node: PlanNode) -> Selection:
    """What each record of a read is printed as."""
    if isinstance(node.source, ConnectionSource):
        _, node = next(
            item for item in selected(node).items if item[1].source is ConnectionField.NODES
        )
    if isinstance(node.source, UnionSource):
        return node.choices[0][1]
    return selected(node)


def selected(node: PlanNode) -> Selection:
    assert node.selection is not None
    return node.selection


def item_of(annotation: Any) -> Any:
    """The items of a list, or the one value."""
    arguments = get_args(annotation)
    return arguments[0] if getattr(annotation, "__origin__", None) is list else annotation
