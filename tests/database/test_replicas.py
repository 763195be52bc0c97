"""Reads go to a replica that has what the client wrote; tried with PostgreSQL's own replication."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import httpx2
import pytest
from starlette.applications import Starlette

from gql.app import create_app
from gql.app.replica_reads import COOKIE, HEADER
from gql.database.replicas import Replicas
from gql.database.write_position import LARGEST, RecentWrites, parse_position
from gql.settings import Settings
from tests.conftest import bearer, connect
from tests.databases import settings_for
from tests.lifespan import running
from tests.statements import PostgresqlLog, Statements, count
from tests.streaming_replication import Replication

pytestmark = pytest.mark.usefixtures("no_polling")

NAME = "{ assistant(id: 1) { name } }"
POSITION = HEADER.decode()


@asynccontextmanager
async def reading(replication: Replication, **changes: object) -> AsyncIterator[Starlette]:
    """The gateway, once it has looked at the servers."""
    app = create_app(settings_on(replication, **changes))
    async with running(app):
        while any(each.problem for each in app.state.replicas.replicas):
            await app.state.replicas.look()
        yield app


def settings_on(replication: Replication, **changes: object) -> Settings:
    urls = ",".join(replica.url for replica in replication.replicas)
    return settings_for(replication.primary.url, read_database_urls=urls, **changes)


@contextmanager
def counting(replication: Replication) -> Iterator[dict[str, Statements]]:
    """The statements of each server."""
    database = replication.replicas[0].database
    assert replication.primary.log is not None
    logs = {"primary": replication.primary.log}
    logs |= {f"replica_{i}": each.log for i, each in enumerate(replication.replicas, start=1)}
    with (
        count(PostgresqlLog(logs["primary"], database)) as primary,
        count(PostgresqlLog(logs["replica_1"], database)) as first,
        count(PostgresqlLog(logs["replica_2"], database)) as second,
    ):
        yield {"primary": primary, "replica_1": first, "replica_2": second}


def owner_of(replication: Replication) -> dict[str, str]:
    return bearer(replication.primary.organizations[0])


async def name_by(client: httpx2.AsyncClient, headers: dict[str, str]) -> str:
    response = await client.post("/graphql", json={"query": NAME}, headers=headers)
    name: str = response.json()["data"]["assistant"]["name"]
    return name


async def rename(client: httpx2.AsyncClient, name: str, headers: dict[str, str]) -> httpx2.Response:
    document = (
        "mutation($name: String!) { updateAssistant(input: {id: 1, name: $name}) { __typename } }"
    )
    body = {"query": document, "variables": {"name": name}}
    response = await client.post("/graphql", json=body, headers=headers)
    assert "errors" not in response.json(), response.text
    return response


READS = (
    ("POST", "/graphql", {"query": "{ calls(first: 2) { nodes { id } } }"}),
    ("POST", "/graphql", {"query": "{ smsSessions { activeSessions } }"}),
    ("GET", "/api/v1/calls?limit=2", None),
    ("GET", "/api/v1/assistants?include_stats=true", None),
    ("GET", "/api/v1/assistants/export", None),
)
"""By a plan and by resolvers; one statement, several in one snapshot, and several snapshots."""


@pytest.mark.parametrize("compiled", [True, False])
async def test_reads_of_both_doors_go_to_the_replicas_in_turn(
    level: Replication, *, compiled: bool
) -> None:
    owner = owner_of(level)
    alone = create_app(settings_for(level.primary.url, compiled=compiled))
    async with (
        running(alone),
        reading(level, compiled=compiled) as app,
        connect(alone) as without,
        connect(app) as client,
    ):
        for method, path, body in READS:
            # The first time the statement is compiled, and connections are opened.
            for each in (without, client, client):
                await each.request(method, path, json=body, headers=owner)
            with counting(level) as usual:
                expected = await without.request(method, path, json=body, headers=owner)
            with counting(level) as ran:
                first = await client.request(method, path, json=body, headers=owner)
                second = await client.request(method, path, json=body, headers=owner)

            assert expected.status_code == first.status_code == second.status_code == 200
            assert expected.text == first.text == second.text
            assert POSITION not in first.headers
            number = usual["primary"].count
            counts = {server: statements.count for server, statements in ran.items()}
            assert counts == {"primary": 0, "replica_1": number, "replica_2": number}, path


async def test_a_client_reads_what_it_wrote(level: Replication) -> None:
    owner = owner_of(level)
    async with (
        reading(level) as app,
        reading(level) as other,
        connect(app) as here,
        connect(other) as elsewhere,
    ):
        before = await name_by(elsewhere, owner)
        for replica in level.replicas:
            await replica.pause()
        try:
            written = await rename(here, "Written", owner)
            position = {POSITION: written.headers[POSITION]}
            in_this_process = await name_by(here, owner)
            elsewhere_without = await name_by(elsewhere, owner)
            elsewhere_with = await name_by(elsewhere, owner | position)
            stranger = await here.post(
                "/graphql", json={"query": NAME}, headers=bearer(level.primary.organizations[1])
            )
        finally:
            for replica in level.replicas:
                await replica.resume()
        for replica in level.replicas:
            await replica.catch_up(level.primary.url)
        # One question shows that the replica has it now; the next read needs none.
        with counting(level) as first:
            after_a_look = await name_by(elsewhere, owner | position)
        with counting(level) as second:
            without_a_look = await name_by(elsewhere, owner | position)
        without = await name_by(elsewhere, owner)

    assert before != "Written"
    assert (in_this_process, elsewhere_without, elsewhere_with) == ("Written", before, "Written")
    assert stranger.status_code == 200
    assert (after_a_look, without_a_look, without) == ("Written", "Written", "Written")
    assert first["primary"].count == second["primary"].count == 0
    assert sorted((first["replica_1"].count, first["replica_2"].count)) == [0, 2]
    assert sorted((second["replica_1"].count, second["replica_2"].count)) == [0, 1]
    chosen = other.state.replicas.counts
    assert chosen["primary", "behind"] == 1
    assert sum(number for (_, reason), number in chosen.items() if reason == "replica") == 5
    assert app.state.replicas.counts["primary", "behind"] == 1
    assert sum(app.state.replicas.counts.values()) == 2  # and the stranger's, on a replica


async def test_a_read_waits_for_a_replica_that_is_a_little_behind(level: Replication) -> None:
    owner = owner_of(level)
    async with reading(level, replica_wait=10) as app, connect(app) as client:
        for replica in level.replicas:
            await replica.pause()
        try:
            await rename(client, "Waited for", owner)
            with counting(level) as ran:
                read = asyncio.create_task(name_by(client, owner))
                while not ran["replica_1"].count + ran["replica_2"].count:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)  # until it has asked how far a replica is
        finally:
            for replica in level.replicas:
                await replica.resume()
        name = await read

    assert name == "Waited for"
    assert sum(app.state.replicas.counts.values()) == 1
    assert not app.state.replicas.counts["primary", "behind"]


async def test_browsers_send_the_position_back_by_cookie(level: Replication) -> None:
    key = level.primary.organizations[0].api_key
    async with reading(level) as app, reading(level) as other, connect(app) as browser:
        await browser.post("/auth/login", json={"api_key": key})
        for replica in level.replicas:
            await replica.pause()
        try:
            written = await rename(browser, "By cookie", {"Origin": "http://127.0.0.1"})
            async with connect(other) as elsewhere:
                elsewhere.cookies.update(browser.cookies)
                with_cookie = await name_by(elsewhere, {"Origin": "http://127.0.0.1"})
                elsewhere.cookies.delete(COOKIE)
                without = await name_by(elsewhere, {"Origin": "http://127.0.0.1"})
        finally:
            for replica in level.replicas:
                await replica.resume()

    position = written.headers[POSITION]
    attributes = f"{COOKIE}={position}; HttpOnly; Max-Age=10810; Path=/; SameSite=lax"
    assert written.headers["set-cookie"] == attributes
    assert with_cookie == "By cookie"
    assert without != "By cookie"


async def test_rest_writes_answer_with_their_position_too(level: Replication) -> None:
    owner = owner_of(level)
    alone = create_app(settings_for(level.primary.url))

    async def create(client: httpx2.AsyncClient, name: str) -> httpx2.Response:
        path = "/api/v1/assistant-graphs"
        return await client.post(path, json={"name": name}, headers=owner)

    async with (
        running(alone),
        reading(level) as app,
        connect(alone) as without,
        connect(app) as client,
    ):
        for each in (without, client):  # so that connections are open
            await create(each, f"First {id(each)}")
        with counting(level) as usual:
            other = await create(without, "Without")
        with counting(level) as ran:
            created = await create(client, "Positioned")
        for replica in level.replicas:
            await replica.catch_up(level.primary.url)
        graph = created.json()["id"]
        read = await client.get(f"/api/v1/assistant-graphs/{graph}", headers=owner)

    assert (created.status_code, read.status_code, other.status_code) == (201, 200, 201)
    assert int(created.headers[POSITION], 16) > 0
    assert POSITION not in other.headers
    extra = Counter(ran["primary"].texts) - Counter(usual["primary"].texts)
    assert extra == {"SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn": 1}
    assert (ran["replica_1"].count, ran["replica_2"].count) == (0, 0)


async def test_a_forged_position_means_the_primary_at_worst(level: Replication) -> None:
    forged = ("f" * 16, "f" * 15, "7" + "f" * 15, "none", "-1", "", "1" * 99)
    async with reading(level, replica_wait=0.01) as app, connect(app) as client:
        for position in forged:
            headers = owner_of(level) | {POSITION: position}
            response = await client.post("/graphql", json={"query": NAME}, headers=headers)
            assert response.status_code == 200

    assert app.state.replicas.counts == {("primary", "behind"): len(forged)}


def test_positions_are_parsed_safely() -> None:
    assert parse_position("16b3748") == 0x16B3748
    assert parse_position("0") == 0
    malformed = ("", "x", "1" * 17, "-5", "1_0", "F", "f" * 16)
    assert {parse_position(each) for each in malformed} == {LARGEST}


def test_the_largest_position_of_a_writer_counts_for_a_while() -> None:
    writes = RecentWrites(60)
    writes.record("ada", 7)
    writes.record("ada", 5)

    assert (writes.position("ada"), writes.position("grace")) == (7, 0)


async def test_metrics_and_the_log_name_the_server(
    level: Replication, caplog: pytest.LogCaptureFixture
) -> None:
    token = "m" * 32
    async with reading(level, metrics_token=token, log_level="info") as app, connect(app) as client:
        with caplog.at_level(logging.INFO, logger="gql.app.requests"):
            await name_by(client, owner_of(level))
            await rename(client, "In the log", owner_of(level))
        metrics = (await client.get("/metrics", headers={"Authorization": f"Bearer {token}"})).text

    lines = [record.fields for record in caplog.records if hasattr(record, "fields")]
    assert [line["database"] for line in lines] == ["replica_2", "primary"]
    assert 'jackfield_reads_by_server_total{reason="replica",server="replica_2"} 1.0' in metrics
    assert 'jackfield_replica_used{server="replica_1"} 1.0' in metrics
    assert 'jackfield_replica_lag_seconds{server="replica_1"} 0.0' in metrics
    assert 'jackfield_database_connections_most{pool="replica_1_the_rest"} 10.0' in metrics


def test_replicas_need_a_postgresql() -> None:
    with pytest.raises(ValueError, match="GQL_DATABASE_URL is no PostgreSQL"):
        settings_for("sqlite:///var/some.db", read_database_urls="postgresql://replica/db")
    with pytest.raises(ValueError, match="must start with postgresql://"):
        settings_for("postgresql://primary/db", read_database_urls="postgresql://a/db,mysql://b/db")


def test_replicas_are_not_looked_at_without_any() -> None:
    app = create_app(settings_for("postgresql://nobody@127.0.0.1:1/none"))

    replicas: Replicas | None = app.state.replicas
    assert replicas is None
