"""An application on many rows, whose statements are explained, and every documented request."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import asyncpg
import httpx2
from sqlalchemy import String, case, cast, func, insert, literal, select, update
from starlette.applications import Starlette

from gql.app import create_app
from gql.database import Database
from gql.demo import load_demo
from gql.demo import scale as demo_scale
from gql.events.numbering import number_events
from gql.events.reading import last_event
from gql.migrations.runner import migrate
from gql.models.audit_log import AuditLog
from gql.models.call import Call
from gql.models.enums import TransitionCondition
from gql.models.graph_session import GraphSession, GraphTransition
from gql.models.recording import Recording
from gql.models.scope import owned, table_of
from gql.query.filters import ColumnCriterion
from gql.query.resource import Resource
from gql.rest.routes import ROUTES
from gql.schema.schema import schema
from tests.conftest import bearer
from tests.databases import Databases, Kind, settings_for
from tests.explained.documented_requests import (
    PAGE,
    Request,
    Values,
    addresses,
    filters_of,
    list_fields,
    middle_of,
    nested_lists,
    pages_of,
)
from tests.explained.machine_steps import machine_steps
from tests.lifespan import running

GRAPHQL = schema._schema  # noqa: SLF001 -- Strawberry has no other way to it
HOW_MANY_CALLS: dict[Kind, int] = {"sqlite": 5_000, "postgresql": 50_000}
"""SQLite's steps tell apart on few what they do on many; PostgreSQL reads a small table whole,
rightly."""
MOST_STEPS = 30_000
"""Of SQLite's machine. A page of 20 rows takes some 3,000; a walk of all calls 50,000 and more."""


@dataclass
class Explained:
    """An application on many rows, whose statements are explained.

    Attributes:
        app: It.
        key: Of a member of the organization that has the rows.
        statements: What the requests would have run.
        reads: Whether statements run, and are not only recorded.
    """

    app: Starlette
    key: dict[str, str]
    statements: list[tuple[str, Sequence[Any], bool]] = field(default_factory=list)
    reads: bool = False

    async def answer(self, client: httpx2.AsyncClient, request: Request) -> dict[str, Any]:
        """What a document's list has."""
        self.reads = True
        body = {"query": request.document, "variables": request.variables}
        response = await client.post("/graphql", json=body, headers=self.key)
        self.reads = False
        listed: dict[str, Any] = response.json()["data"]["list"]
        return listed

    async def statements_of(
        self, client: httpx2.AsyncClient, request: Request
    ) -> list[tuple[str, Sequence[Any], bool]]:
        """The statements that a request would run, with their values and how they are planned."""
        self.statements.clear()
        if request.address is not None:
            response = await client.get(request.address, headers=self.key)
        else:
            body = {"query": request.document, "variables": request.variables}
            response = await client.post("/graphql", json=body, headers=self.key)
        assert response.status_code < 300 or response.status_code == 404, response.text
        assert "errors" not in response.text[:20], (request, response.text)
        return list(self.statements)

    async def accounts(self, client: httpx2.AsyncClient, request: Request) -> list[list[str]]:
        """The database's account of each statement that a request runs."""
        return [
            await account(self.app.state.database, sql, values, custom_plan=custom)
            for sql, values, custom in await self.statements_of(client, request)
        ]


async def account(
    database: Database, sql: str, values: Sequence[Any], *, custom_plan: bool = False
) -> list[str]:
    """A statement's plan, and what running it took: PostgreSQL's buffers or SQLite's steps."""
    lines = await database.explain(sql, values, custom_plan=custom_plan)
    if not database.embedded:
        return lines
    steps = await asyncio.to_thread(machine_steps, str(database.engine.url.database), sql, values)
    return [*lines, f"Steps: {steps}"]


@asynccontextmanager
async def many_rows(databases: Databases, kind: Kind) -> AsyncIterator[Explained]:
    """An application on demo data with many calls, vacuumed as a server would in time."""
    url = await databases.empty(kind)
    app = create_app(settings_for(url))
    database: Database = app.state.database
    await migrate(database.engine)
    with patch.object(demo_scale, "MEDIUM_CALLS", HOW_MANY_CALLS[kind]):
        owner, *_ = await load_demo(database, organizations=1, scale="medium", seed=7)
    await add_rows(database)
    if kind == "postgresql":
        await _vacuum(url)
    explained = Explained(app, bearer(owner))
    fetch_value = database.fetch_value

    async def recorded(
        sql: str, values: Sequence[Any], *, custom_plan: bool = False
    ) -> bytes | None:
        """What is explained need not run as well."""
        if explained.reads:
            return await fetch_value(sql, values, custom_plan=custom_plan)
        explained.statements.append((sql, values, custom_plan))
        return b'{"data":null}'

    database.fetch_value = recorded  # type: ignore[method-assign]
    async with running(app):
        yield explained
    await databases.drop(url)


async def _vacuum(url: str) -> None:
    connection: Any = await asyncpg.connect(url)
    await connection.execute("VACUUM (ANALYZE)")
    await connection.close()


ROWS = 6_000
"""Of each table that the demo data has few rows of: PostgreSQL reads those whole, rightly."""


async def add_rows(database: Database) -> None:
    """More sessions, transitions and entries of the audit log, and what sources tell of calls."""
    session, entry = table_of(GraphSession), table_of(AuditLog)
    transition = table_of(GraphTransition)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    times = [start + timedelta(minutes=number) for number in range(ROWS)]
    sessions: list[dict[str, Any]] = [
        {
            "organization_id": 1,
            "call_sid": f"CAmany{number}",
            "graph_id": 1,
            "graph_name": "many",
            "conversation_context": {},
            "is_active": number % 50 == 0,
            "started_at": time,
            "ended_at": None if number % 50 == 0 else time,
        }
        for number, time in enumerate(times)
    ]
    entries = [
        {
            "organization_id": 1,
            "action": f"graph.{'update' if number % 3 else 'create'}",
            "object_type": "graph",
            "object_id": number,
            "request_id": f"request-{number}",
            "user_id": number % 40,
            "api_key_id": number % 30,
            "method": "api_key",
            "created_at": time,
        }
        for number, time in enumerate(times)
    ]
    call, recording = table_of(Call), table_of(Recording)
    number = cast(call.c.id, String)
    of_source = update(call).values(
        source=case((call.c.id % 40 == 0, "few"), (call.c.id % 3 == 0, "many"), else_="most"),
        external_id="external-" + number,
        ended_reason=case((call.c.id % 200 == 0, "rare"), else_="usual"),
        ended_reason_kind=case((call.c.id % 200 == 0, "silence"), else_="customer_hangup"),
        received_at=call.c.started_at,
    )
    recorded = select(call.c.organization_id, call.c.id, number).where(call.c.id % 200 == 0)
    async with database.transaction() as connection:
        await connection.execute(insert(session), sessions)
        await connection.execute(insert(entry), entries)
        await connection.execute(
            insert(transition).from_select(
                ["organization_id", "graph_session_id", "condition_type"],
                select(
                    session.c.organization_id, session.c.id, literal(TransitionCondition.INTENT)
                ).where(session.c.call_sid.startswith("CAmany")),
            )
        )
        await connection.execute(
            insert(recording).from_select(["organization_id", "call_id", "external_id"], recorded)
        )
    for part in range(10):  # each within the time that a statement may take
        async with database.transaction() as connection:
            await connection.execute(of_source.where(call.c.id % 10 == part))


async def values_of(database: Database, resources: Iterable[Resource]) -> Values:
    """A value of each column that lists are filtered by: one that is neither first nor last.

    Of the events it is the last one, as of who polls.
    """
    values: Values = {}
    if not database.embedded:
        await number_events(database.engine)
    cursor = str(await last_event(database, 1))
    async with database.engine.connect() as connection:
        for resource in resources:
            table = resource.table
            values[resource.name, "changedSince"] = cursor
            for criterion in resource.filters.values():
                if not isinstance(criterion, ColumnCriterion):
                    continue
                column = table.c[criterion.column]
                having = select(column).where(owned(table, 1), column.is_not(None))
                if column.name == "call_meta":
                    continue
                middle = having.order_by(column).offset(
                    select(func.count() // 2)
                    .where(owned(table, 1), column.is_not(None))
                    .scalar_subquery()
                )
                values[resource.name, column.name] = await connection.scalar(middle.limit(1))
    return values


async def documented(explained: Explained, client: httpx2.AsyncClient) -> list[Request]:
    """Every request."""
    lists = list(list_fields(GRAPHQL))
    filtered = {
        id(route.models["query"].resource): route.models["query"].resource
        for route in ROUTES
        if "query" in route.models and hasattr(route.models["query"], "resource")
    }
    values = await values_of(
        explained.app.state.database, [*(each.resource for each in lists), *filtered.values()]
    )
    requests = [
        request
        for route in ROUTES
        if route.method == "GET" and route.reads is not None
        for request in addresses(route, values)
    ]
    for each in lists:
        counted = await explained.answer(client, each.read("total", "totalCount"))
        requests.append(each.read("total", "totalCount"))
        requests += nested_lists(GRAPHQL, each)
        length = counted["totalCount"]
        for order in each.orders:
            edges = (await explained.answer(client, middle_of(each, order, length)))["edges"]
            cursor = edges[0]["cursor"] if edges else ""
            requests += pages_of(each, order, cursor, None)
        for name, criteria in filters_of(each, values):
            requests.append(each.read(f"total, {name}", "totalCount", filter=criteria))
            requests.append(
                each.read(f"page, {name}", "nodes { __typename }", first=PAGE, filter=criteria)
            )
            if name.endswith((" eq", " in")):
                for order in each.other_orders:
                    named = f"by {order['field']} {order['direction']}, {name}"
                    requests.append(
                        each.read(
                            named, "nodes { __typename }", first=PAGE, order=order, filter=criteria
                        )
                    )
    return requests
