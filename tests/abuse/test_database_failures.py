"""A database that cannot work is a 503 that says when to try again, at both doors and both ways."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import event, text

from gql.app import create_app
from gql.database import Database
from gql.models.types import LONGEST_TEXT
from tests.conftest import Running, bearer, connect, start
from tests.databases import Copy, Databases, settings_for
from tests.lifespan import running

GAVE_UP = "The database gave up on this request; try again."
READ_ONLY = "The database takes no writes right now; reads work. Try again later."
UNREACHABLE = "The database cannot be reached right now; try again."

CALLS = {"query": "{ viewer { organization { name } } calls(first: 1) { nodes { id } } }"}
FIRST = 'first: createAssistant(input: {name: "first"}) { assistant { name } }'
SECOND = 'second: createAssistant(input: {name: "second"}) { assistant { name } }'

Answers = dict[str, tuple[int, Any, str | None]]
"""Status, message and `Retry-After`, by door."""


async def ask_both(client: httpx2.AsyncClient) -> Answers:
    """Read calls at both doors."""
    graphql = await client.post("/graphql", json=CALLS)
    rest = await client.get("/api/v1/calls")
    return {
        "graphql": (graphql.status_code, graphql.json(), graphql.headers.get("retry-after")),
        "rest": (rest.status_code, rest.json(), rest.headers.get("retry-after")),
    }


def refused(status: int, code: str, message: str, retry_after: int | None) -> Answers:
    """What `ask_both` finds when both doors refuse."""
    extensions: dict[str, Any] = {"code": code}
    if retry_after is not None:
        extensions["retry_after"] = float(retry_after)
    header = None if retry_after is None else str(retry_after)
    graphql = {"errors": [{"message": message, "extensions": extensions}]}
    return {"graphql": (status, graphql, header), "rest": (status, {"detail": message}, header)}


def without_request_ids(answers: Answers) -> Answers:
    for error in answers["graphql"][1].get("errors", ()):
        del error["extensions"]["requestId"]
    return answers


async def execute(copy: Copy, *statements: str) -> None:
    """Run statements beside the gateway."""
    database = Database(settings_for(copy.url))
    try:
        async with database.engine.begin() as connection:
            for statement in statements:
                await connection.execute(text(statement))
    finally:
        await database.close()


@pytest.fixture(params=[True, False], ids=["plans", "resolvers"])
def compiled(request: pytest.FixtureRequest) -> bool:
    """Whether plans answer, or resolvers."""
    compiled: bool = request.param
    return compiled


@pytest.fixture
async def postgresql(databases: Databases) -> AsyncIterator[Copy]:
    """A PostgreSQL of the test's own."""
    copy = await databases.copy("postgresql")
    yield copy
    await databases.drop(copy.url)


@pytest.fixture
async def sqlite(databases: Databases) -> AsyncIterator[Copy]:
    """A SQLite file of the test's own."""
    copy = await databases.copy("sqlite")
    yield copy
    await databases.drop(copy.url)


FAIL = """
    CREATE FUNCTION fail(state text) RETURNS boolean LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = state; END $$
"""


@pytest.mark.parametrize("state", ["08006", "53100", "53200", "57P01", "58030"])
async def test_postgresql_that_cannot_work_is_a_503(
    postgresql: Copy, state: str, *, compiled: bool
) -> None:
    view = f"CREATE VIEW call AS SELECT * FROM stored_call WHERE fail('{state}')"  # noqa: S608
    settings = settings_for(postgresql.url, compiled=compiled)
    async with start(postgresql, settings) as served, connect(served.app) as client:
        client.headers.update(bearer(postgresql.organizations[0]))
        before = await ask_both(client)
        await execute(postgresql, FAIL, "ALTER TABLE call RENAME TO stored_call", view)
        during = await ask_both(client)
        await execute(postgresql, "DROP VIEW call", "ALTER TABLE stored_call RENAME TO call")
        after = await ask_both(client)

    assert {door: answer[0] for door, answer in before.items()} == {"graphql": 200, "rest": 200}
    assert without_request_ids(during) == refused(503, "UNAVAILABLE", GAVE_UP, 2)
    assert after == before


async def test_a_mutation_of_several_fields_tells_which_one_failed(postgresql: Copy) -> None:
    settings = settings_for(postgresql.url)
    async with start(postgresql, settings) as served, connect(served.app) as client:
        client.headers.update(bearer(postgresql.organizations[0]))
        await execute(
            postgresql,
            FAIL.replace("boolean", "trigger")
            .replace("(state text)", "()")
            .replace("= state", "= '53100'"),
            "CREATE TRIGGER full_disk BEFORE INSERT ON assistant FOR EACH ROW"
            " WHEN (NEW.name = 'second') EXECUTE FUNCTION fail()",
        )
        both = {"query": f"mutation {{ {FIRST} {SECOND} }}"}
        half = await client.post("/graphql", json=both)
        whole = await client.post("/graphql", json={"query": f"mutation {{ {SECOND} }}"})
        names = await client.get("/api/v1/assistants")
        rest = await client.post("/api/v1/assistants", json={"name": "second"})

    assert half.status_code == 200
    assert [each["name"] for each in names.json() if each["name"] in {"first", "second"}] == [
        "first"
    ]
    (error,) = half.json()["errors"]
    assert (error["path"], error["extensions"]["code"]) == (["second"], "UNAVAILABLE")
    assert (whole.status_code, whole.headers["retry-after"]) == (503, "2")
    assert "data" not in whole.json()
    assert (rest.status_code, rest.json(), rest.headers["retry-after"]) == (
        503,
        {"detail": GAVE_UP},
        "2",
    )


@asynccontextmanager
async def refusing_postgresql(state: str) -> AsyncIterator[str]:
    """The address of a server that answers every connection with an error.

    https://www.postgresql.org/docs/current/protocol-message-formats.html
    """
    fields = f"SFATAL\0C{state}\0Mnot now\0\0".encode()
    error = b"E" + (len(fields) + 4).to_bytes(4, "big") + fields

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        length = int.from_bytes(await reader.readexactly(4), "big")
        await reader.readexactly(length - 4)
        writer.write(error)
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield f"postgresql://someone@127.0.0.1:{port}/nothing"


@pytest.mark.parametrize("state", ["57P03", "53300", "28P01"])
async def test_postgresql_that_takes_no_connection_is_a_503(state: str) -> None:
    async with refusing_postgresql(state) as url:
        app = create_app(settings_for(url, database_tls="disable"))
        async with running(app), connect(app) as client:
            client.headers["Authorization"] = "Bearer burki_" + "a" * 43
            answers = await ask_both(client)
            ready = await client.get("/readyz")

    assert without_request_ids(answers) == refused(503, "UNAVAILABLE", GAVE_UP, 2)
    assert (ready.status_code, ready.json()) == (
        503,
        {"status": "not ready", "detail": "The database cannot be reached."},
    )


def pragma(served: Running, statement: str) -> Callable[[], None]:
    """Run a PRAGMA on each connection that the gateway opens from now on; returns the end."""
    engine = served.app.state.database.engine.sync_engine

    def prepare(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(statement)
        cursor.close()

    event.listen(engine, "connect", prepare)
    return lambda: event.remove(engine, "connect", prepare)


@pytest.mark.parametrize(
    ("statement", "message"),
    [("PRAGMA max_page_count = 1", GAVE_UP), ("PRAGMA query_only = ON", READ_ONLY)],
)
async def test_sqlite_that_cannot_be_written_is_a_503_and_still_read(
    sqlite: Copy, statement: str, message: str
) -> None:
    """A full disk, and a file that may only be read: permissions do not hold for root."""
    big = {"name": "big", "description": "x" * LONGEST_TEXT}
    async with start(sqlite, settings_for(sqlite.url)) as served, connect(served.app) as client:
        client.headers.update(bearer(sqlite.organizations[0]))
        before = await ask_both(client)
        database: Database = served.app.state.database
        await database.engine.dispose()
        end = pragma(served, statement)
        query = """
            mutation ($description: String!) {
              createAssistant(input: {name: "big", description: $description}) {
                userErrors { code }
              }
            }
        """
        body = {"query": query, "variables": {"description": big["description"]}}
        graphql = await client.post("/graphql", json=body)
        rest = await client.post("/api/v1/assistants", json=big)
        during = await ask_both(client)
        end()
        await database.engine.dispose()
        after = await client.post("/api/v1/assistants", json=big)

    answers: Answers = {
        "graphql": (graphql.status_code, graphql.json(), graphql.headers["retry-after"]),
        "rest": (rest.status_code, rest.json(), rest.headers["retry-after"]),
    }
    assert without_request_ids(answers) == refused(503, "UNAVAILABLE", message, 2)
    assert during == before
    assert after.status_code == 201


async def test_sqlite_that_cannot_be_opened_is_a_503(sqlite: Copy, tmp_path: Path) -> None:
    app = create_app(settings_for(f"sqlite:///{tmp_path}"))
    async with running(app), connect(app) as client:
        client.headers.update(bearer(sqlite.organizations[0]))
        answers = await ask_both(client)

    assert without_request_ids(answers) == refused(503, "UNAVAILABLE", GAVE_UP, 2)
