"""Replicas that die, lag, end a statement or are none: the primary serves their reads."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from time import monotonic
from types import SimpleNamespace

import httpx2
import pytest
from sqlalchemy import text

from gql.app import create_app
from gql.app.health import READ_ONLY
from gql.cli.console import Failure
from gql.cli.doctor import _check_replicas
from gql.database import Database, Replicas, RoutedDatabase, read_again, replicas
from gql.database.replicas import Choice
from gql.migrations import head
from tests.conftest import connect
from tests.database.test_replicas import NAME, READS, name_by, owner_of, reading, settings_on
from tests.databases import name_of, settings_for
from tests.lifespan import running
from tests.live import free_port
from tests.streaming_replication import Replication, ask

READERS, TIMES = 6, 30


async def test_no_read_fails_when_a_replica_is_killed_under_load(level: Replication) -> None:
    owner = owner_of(level)
    halfway, killed = asyncio.Event(), asyncio.Event()
    statuses: list[int] = []

    async def read(client: httpx2.AsyncClient) -> None:
        for number in range(TIMES):
            if len(statuses) >= READERS * TIMES // 3:
                halfway.set()
            if number == TIMES - len(READS):
                await killed.wait()
            method, path, body = READS[number % len(READS)]
            response = await client.request(method, path, json=body, headers=owner)
            statuses.append(response.status_code)

    async def kill() -> None:
        await halfway.wait()
        await asyncio.to_thread(level.replicas[0].kill)
        killed.set()

    downloads = {"max_downloads": READERS, "max_downloads_per_organization": READERS}
    async with reading(level, **downloads) as app, connect(app) as client:
        group: Replicas = app.state.replicas
        try:
            await asyncio.gather(kill(), *(read(client) for _ in range(READERS)))
            dead, alive = (each.problem for each in group.replicas)
            counts = dict(group.counts)
        finally:
            level.replicas[0].start()
        while group.replicas[0].problem is not None:  # noqa: ASYNC110 -- its own task looks
            await asyncio.sleep(0.05)
        before = group.counts["replica_1", Choice.REPLICA]
        for _ in range(2):
            await name_by(client, owner)

    assert statuses == [200] * (READERS * TIMES)
    assert dead is not None
    assert alive is None
    assert 0 < counts["primary", Choice.FAILED] <= READERS * len(READS)
    assert counts["replica_1", Choice.REPLICA] > 0
    assert group.counts["replica_1", Choice.REPLICA] == before + 1


@pytest.mark.usefixtures("no_polling")
async def test_replicas_too_far_behind_are_not_used_until_they_catch_up(
    level: Replication, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = owner_of(level)
    async with reading(level) as app, connect(app) as client:
        group: Replicas = app.state.replicas
        for replica in level.replicas:
            await replica.pause()
        try:
            await ask(level.primary.url, "CHECKPOINT")
            at_once = await lags(group, monkeypatch, seconds=1)
            later = await lags(group, monkeypatch, seconds=12)
            await name_by(client, owner)
        finally:
            for replica in level.replicas:
                await replica.resume()
        for replica in level.replicas:
            await replica.catch_up(level.primary.url)
        afterwards = await lags(group, monkeypatch, seconds=13)
        await name_by(client, owner)

    assert at_once == [None, None]
    assert later == ["it is more than 10 seconds behind"] * 2
    assert afterwards == [None, None]
    assert group.counts["primary", Choice.NONE_USABLE] == 1
    assert sum(group.counts.values()) == 2


async def lags(
    group: Replicas, monkeypatch: pytest.MonkeyPatch, *, seconds: float
) -> list[str | None]:
    """Why replicas are not used, by a look some seconds later."""
    later = SimpleNamespace(monotonic=lambda: monotonic() + seconds)
    monkeypatch.setattr(replicas, "time", later)
    await group.look()
    return [replica.problem for replica in group.replicas]


CONFLICT = """
    SELECT (SELECT count(*) FROM conflict)::text
        || CASE WHEN pg_is_in_recovery() THEN pg_sleep(300)::text ELSE '' END
"""


@pytest.mark.usefixtures("no_polling")
@pytest.mark.parametrize("read_by", ["statement", "snapshot"])
async def test_what_stands_in_the_way_of_the_replay_is_read_on_the_primary(
    level: Replication, read_by: str
) -> None:
    primary, server = level.primary.url, level.replicas[0]
    await ask(primary, "DROP TABLE IF EXISTS conflict")
    await ask(primary, "CREATE TABLE conflict AS SELECT 1 AS number")
    await server.catch_up(primary)
    one = replace(level, replicas=(server, server))
    await server.execute("ALTER SYSTEM SET max_standby_streaming_delay = 0")
    await server.execute("SELECT pg_reload_conf()")

    async with reading(one) as app:
        group: Replicas = app.state.replicas
        routed = RoutedDatabase(group, 0)

        async def read() -> object:
            if read_by == "statement":
                return await routed.fetch_value(CONFLICT, ())
            async with routed.snapshot() as snapshot:
                await snapshot.rows(text("SELECT 1"))
                return (await snapshot.rows(text(CONFLICT)))[0][0].encode()

        running_read = asyncio.create_task(read_again(routed, read))
        sleeps = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
        while not await server.execute(sleeps):  # noqa: ASYNC110 -- a server sends no event
            await asyncio.sleep(0.01)
        await ask(primary, "ALTER TABLE conflict ADD COLUMN another integer")
        value = await running_read
        usable = [replica.problem for replica in group.replicas]

    assert value == b"1"
    assert routed.served_by == "primary"
    assert group.counts["primary", Choice.FAILED] == 1
    assert usable == [None, None], "a statement was ended, and the replica lives"


@pytest.mark.usefixtures("no_polling")
async def test_a_statement_at_fault_is_not_tried_again(level: Replication) -> None:
    async with reading(level) as app:
        routed = RoutedDatabase(app.state.replicas, 0)
        for sql in ("SELECT (1 / 0)::text", "SELECT no_such_column"):
            with pytest.raises(Exception, match=r"division by zero|no_such_column"):
                await routed.fetch_value(sql, ())

    assert routed.served_by is not None
    assert routed.served_by.startswith("replica_")


async def test_what_is_no_replica_of_the_primary_is_not_used(
    level: Replication,
) -> None:
    server = level.replicas[0]
    url = server.url
    urls = (
        level.primary.url,
        url.replace(f"/{server.database}?", f"/{name_of(template_of(level))}?"),
        f"postgresql://postgres@127.0.0.1:{free_port()}/none",
        url,
    )
    problems = await problems_of(level, urls, head())
    outdated = await problems_of(level, (url,), "0000")

    no_replica = "it is no replica: it does not follow another server"
    assert problems[:2] == [no_replica, "it is no replica of the primary's database"]
    assert problems[2] is not None
    assert "ConnectionRefusedError" in problems[2]
    assert problems[3] is None
    assert outdated == [f"its tables are at {head()}, not at 0000"]


def template_of(replication: Replication) -> str:
    """Another database with tables on the same servers."""
    templates = replication.databases._templates  # noqa: SLF001 -- it has no other name
    return templates["postgresql", 7].url


async def problems_of(
    replication: Replication, urls: Sequence[str], revision: str
) -> list[str | None]:
    settings = settings_for(replication.primary.url, read_database_urls=",".join(urls))
    app = create_app(settings_for(replication.primary.url))
    group = Replicas(settings, app.state.database, revision)
    try:
        await group.look()
        return [replica.problem for replica in group.replicas]
    finally:
        await group.close()
        await app.state.database.close()


async def test_a_gateway_on_a_replica_alone_answers_writes_with_503(level: Replication) -> None:
    owner = owner_of(level)
    document = 'mutation { updateAssistant(input: {id: "1", name: "Ada"}) { __typename } }'
    app = create_app(settings_for(level.replicas[0].url))
    async with running(app), connect(app) as client:
        read = await client.post("/graphql", json={"query": NAME}, headers=owner)
        mutation = await client.post("/graphql", json={"query": document}, headers=owner)
        write = await client.post("/api/v1/assistant-graphs", json={"name": "New"}, headers=owner)
        ready = await client.get("/readyz")

    assert read.status_code == 200
    assert [each.status_code for each in (mutation, write)] == [503, 503]
    assert [each.headers["retry-after"] for each in (mutation, write)] == ["2", "2"]
    assert mutation.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
    assert (ready.status_code, ready.json()["detail"]) == (503, READ_ONLY)


async def test_doctor_tells_which_replicas_are_used(
    level: Replication, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replicas, "INTERVAL", 0.0)
    database = Database(settings_for(level.primary.url))
    dead = f"postgresql://postgres:s3cret@127.0.0.1:{free_port()}/none"
    urls = f"{level.replicas[0].url},{dead}"
    try:
        await _check_replicas(database, settings_on(level))
        healthy = capsys.readouterr().out
        with pytest.raises(Failure, match="Not all replicas can be used"):
            await _check_replicas(
                database, settings_for(level.primary.url, read_database_urls=urls)
            )
    finally:
        await database.close()
    unhealthy = capsys.readouterr().out

    assert healthy.count("used; 0.0 seconds behind") == 2
    assert unhealthy.count("used; 0.0 seconds behind") == 1
    assert "ConnectionRefusedError" in unhealthy
    assert "s3cret" not in unhealthy
