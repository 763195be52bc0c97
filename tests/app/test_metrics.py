"""`/metrics` tells the operator, and nobody else, what the process does."""

import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette

from gql.app import create_app
from gql.app.metric_definitions import METRICS
from gql.app.publishing import FOLDER, Publisher
from gql.app.request_counter import BOUNDS, RequestCounter, door_of
from gql.engine.fallback import AnswerCounts, Fallback, FallbackReason
from tests.conftest import bearer, connect
from tests.databases import Copy, Databases, settings_for, without_settings
from tests.lifespan import running
from tests.live import executing

TOKEN = "a metrics token of more than 32 characters"
OPERATOR = {"Authorization": f"Bearer {TOKEN}"}
NO_TOKEN = {"detail": "Send GQL_METRICS_TOKEN as `Authorization: Bearer ...`."}

Samples = dict[tuple[str, ...], float]


@pytest.fixture
async def measured(fresh: Copy) -> AsyncIterator[Starlette]:
    app = create_app(settings_for(fresh.url, metrics_token=TOKEN))
    async with running(app):
        yield app


async def samples(client: httpx2.AsyncClient, name: str) -> Samples:
    """The numbers of a family that are not zero, by the values of their labels."""
    response = await client.get("/metrics", headers=OPERATOR)
    assert response.status_code == 200
    return read(response.text, name)


def read(text: str, name: str) -> Samples:
    return {
        tuple(sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and sample.value
    }


async def test_without_a_token_the_address_does_not_exist(client: httpx2.AsyncClient) -> None:
    for method in ("GET", "HEAD", "POST", "OPTIONS"):
        there = await client.request(method, "/metrics", headers=OPERATOR)
        nowhere = await client.request(method, "/nowhere", headers=OPERATOR)

        assert (there.status_code, there.content) == (404, nowhere.content)


async def test_only_the_token_opens_it(measured: Starlette, fresh: Copy) -> None:
    async with connect(measured) as client:
        right = await client.get("/metrics", headers=OPERATOR)
        wrong = [
            await client.get("/metrics", headers={b"Authorization": value})
            for value in (
                TOKEN.encode(),
                f"Bearer {TOKEN}x".encode(),
                "Bearer \xe9".encode("latin-1"),
                f"Bearer {fresh.organizations[0].api_key}".encode(),
            )
        ]
        wrong.append(await client.get("/metrics"))

    assert right.status_code == 200
    assert right.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert right.headers["cache-control"] == "no-store"
    assert [response.status_code for response in wrong] == [401] * 5
    assert [response.headers["www-authenticate"] for response in wrong] == ["Bearer"] * 5
    assert [response.json() for response in wrong[1:]] == [NO_TOKEN] * 4


def test_a_short_token_is_refused_at_the_start(shared: Copy) -> None:
    with pytest.raises(ValueError, match=r"^GQL_METRICS_TOKEN needs at least 32 characters\.$"):
        create_app(settings_for(shared.url, metrics_token=""))


async def test_operations_are_counted_by_way_and_reason(measured: Starlette, fresh: Copy) -> None:
    documents = (
        "{ graph(id: 1) { name } }",
        "{ graph(id: 1) { name } }",
        "{ __typename }",
        "{ __schema { queryType { name } } }",
        "{ __schema { queryType { name } } call(id: 1) { id } }",
        "{ smsSessions { __typename } }",
        "{ calls(first: -1) { totalCount } }",
        'mutation { deleteGraph(input: {id: "graph_999"}) { deletedId } }',
        "{ nonsense }",
    )
    async with connect(measured) as client:
        for document in documents:
            headers = bearer(fresh.organizations[0])
            await client.post("/graphql", json={"query": document}, headers=headers)
        numbers = await samples(client, "jackfield_graphql_operations_total")
        again = await samples(client, "jackfield_graphql_operations_total")

    assert numbers == again
    assert numbers == {
        ("", "none", "plan"): 4,
        ("", "introspection", "resolvers"): 1,
        ("smsSessions", "unsupported", "resolvers"): 1,
        ("", "arguments", "resolvers"): 1,
        ("", "mutation", "resolvers"): 1,
    }


async def test_with_the_engine_off_that_is_counted(fresh: Copy) -> None:
    app = create_app(settings_for(fresh.url, metrics_token=TOKEN, compiled=False))
    async with running(app), connect(app) as client:
        await client.post(
            "/graphql", json={"query": "{ __typename }"}, headers=bearer(fresh.organizations[0])
        )
        numbers = await samples(client, "jackfield_graphql_operations_total")
        caches = await samples(client, "jackfield_cache_entries")

    assert numbers == {("", "off", "resolvers"): 1}
    assert caches == {("documents",): 1}


def test_only_names_of_the_schema_are_counted() -> None:
    counts = AnswerCounts(fields=frozenset({"smsSessions"}))
    for detail in ("smsSessions", "smsSessions", "what a client wrote"):
        counts.record_fallback(Fallback(FallbackReason.UNSUPPORTED, detail))
    counts.record_fallback(Fallback(FallbackReason.ARGUMENTS, "smsSessions"))

    assert counts.resolved == {
        (FallbackReason.UNSUPPORTED, "smsSessions"): 2,
        (FallbackReason.UNSUPPORTED, ""): 1,
        (FallbackReason.ARGUMENTS, ""): 1,
    }
    assert counts.failed == 0


async def test_requests_are_counted_by_door_method_and_status(
    measured: Starlette, fresh: Copy
) -> None:
    owner = bearer(fresh.organizations[0])
    async with connect(measured) as client:
        await client.post("/graphql", json={"query": "{ __typename }"}, headers=owner)
        await client.post("/graphql/", json={"query": "{ __typename }"})
        await client.get("/api/v1/calls", headers=owner)
        await client.get("/healthz")
        await client.request("BREW", "/nowhere")
        numbers = await samples(client, "jackfield_requests_total")
        seconds = await samples(client, "jackfield_request_seconds_count")

    assert numbers == {
        ("graphql", "POST", "200"): 1,
        ("graphql", "POST", "401"): 1,
        ("rest", "GET", "200"): 1,
        ("pages", "GET", "200"): 1,
        ("pages", "other", "404"): 1,
    }
    assert seconds == {("graphql",): 2, ("rest",): 1, ("pages",): 3}


def test_times_are_counted_up_to_their_bounds() -> None:
    counter = RequestCounter()
    for seconds in (0.0, BOUNDS[0], BOUNDS[0] + 1e-9, BOUNDS[-1], 1_000):
        counter.record("/graphql", "POST", 200, seconds)

    counts = counter.seconds["graphql"].counts
    assert (counts[0], counts[1], counts[-2], counts[-1]) == (2, 1, 1, 1)
    assert counter.seconds["graphql"].total == pytest.approx(1_000 + 2 * BOUNDS[0] + BOUNDS[-1])
    assert sum(counts) == 5


@pytest.mark.parametrize(
    ("path", "door"),
    [
        ("/graphql", "graphql"),
        ("/graphql/", "graphql"),
        ("/graphql/x", "pages"),
        ("/api/v1/calls", "rest"),
        ("/", "pages"),
    ],
)
def test_every_address_has_a_door(path: str, door: str) -> None:
    assert door_of(path) == door


async def test_caches_and_connections_are_gauges(measured: Starlette, fresh: Copy) -> None:
    async with connect(measured) as client:
        await client.post(
            "/graphql",
            json={"query": "{ graph(id: 1) { name } }"},
            headers=bearer(fresh.organizations[0]),
        )
        entries = await samples(client, "jackfield_cache_entries")
        sizes = await samples(client, "jackfield_cache_bytes")
        most = await samples(client, "jackfield_database_connections_most")

    names = [("documents",)]
    assert entries == dict.fromkeys(names, 1.0)
    assert list(sizes) == names
    assert all(size >= 500 for size in sizes.values())
    expected = {"sqlite": (4, 20), "postgresql": (10, 10)}[fresh.kind]
    assert most == {("plans",): expected[0], ("the_rest",): expected[1]}


async def test_no_label_names_a_tenant(measured: Starlette) -> None:
    async with connect(measured) as client:
        text = (await client.get("/metrics", headers=OPERATOR)).text

    labels = {
        name for label in re.findall(r"\{(.*)\}", text) for name in re.findall(r"(\w+)=", label)
    }
    assert labels <= {"le", *(label for metric in METRICS for label in metric.labels)}
    assert "organization" not in text


@pytest.fixture
async def counted_gateway(databases: Databases) -> AsyncIterator[dict[str, str]]:
    """The environment of a gateway whose processes are counted together."""
    copy = await databases.copy("sqlite")
    yield {
        **without_settings(),
        "GQL_DATABASE_URL": copy.url,
        "GQL_METRICS_TOKEN": TOKEN,
    }
    await databases.drop(copy.url)


def until(true: Callable[[], bool]) -> None:
    """Wait until something is true: another process, on a busy machine, may take its time."""
    while not true():
        time.sleep(0.1)


def test_workers_serve_the_same_are_added_up_and_leave_nothing_behind(
    counted_gateway: dict[str, str], tmp_path: Path
) -> None:
    """Each request has a connection of its own, so that both processes get some."""
    command = (sys.executable, "-m", "gql", "serve", "--workers", "2")
    environment = {**counted_gateway, "TMPDIR": str(tmp_path)}
    with executing(*command, environment=environment) as url:
        (folder,) = tmp_path.glob("jackfield-metrics-*")
        until(lambda: len(list(folder.glob("counter_*.db"))) >= 2)

        def counted() -> float:
            text = httpx2.get(f"{url}/metrics", headers=OPERATOR, timeout=None).text
            return read(text, "jackfield_requests_total").get(("rest", "GET", "401"), 0)

        for _ in range(40):
            assert httpx2.get(f"{url}/api/v1/calls", timeout=None).status_code == 401
        ready = [httpx2.get(f"{url}/readyz", timeout=None).json() for _ in range(10)]
        assert ready == [{"status": "ready"}] * 10
        until(lambda: counted() == 40)  # a process tells within a second

        text = httpx2.get(f"{url}/metrics", headers=OPERATOR, timeout=None).text
        assert counted() == 40
        assert folder.stat().st_mode & 0o777 == 0o700

    pools = read(text, "jackfield_database_connections_most")
    assert pools == {("the_rest",): 40}
    assert list(tmp_path.glob("jackfield-metrics-*")) == []


ENDED = """
from prometheus_client import Counter, Gauge
Counter("asked_total", "x").inc(3)
Gauge("busy", "x", multiprocess_mode="livesum").set(5)
"""


def test_what_was_true_of_an_ended_process_is_forgotten_and_its_counts_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER, str(tmp_path))
    subprocess.run([sys.executable, "-c", ENDED], check=True)
    assert len(list(tmp_path.iterdir())) == 2

    text = Publisher(lambda: iter(()), lambda: iter(()), {}).text().decode()

    assert (read(text, "asked_total"), read(text, "busy")) == ({(): 3}, {})
