"""Downloads that nobody reads: they hold no connection, and there are only a few of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.types import ASGIApp, Message, Scope

from tests.conftest import Running, bearer, connect, start
from tests.databases import Copy, Databases, Kind, settings_for
from tests.rest.demo_rows import add_calls, new_call

ADDRESSES = {"calls": "/api/v1/calls/export", "assistants": "/api/v1/assistants/export"}
MOST, MOST_PER_ORGANIZATION = 3, 2
ONE_CONNECTION = {"pool_size": 1, "pool_timeout": 60}
"""A request that finds the connection taken waits until the guard of the test run ends it."""


@dataclass
class UnreadDownload:
    """A download whose reader takes one part and no more, until it goes.

    Attributes:
        status: Of the answer; None before it has begun.
        headers: Of the answer.
        body: What was sent so far.
        stuck: Set when a part is not taken, or everything has been sent.
    """

    status: int | None = None
    headers: dict[bytes, bytes] = field(default_factory=dict)
    body: bytes = b""
    stuck: asyncio.Event = field(default_factory=asyncio.Event)
    disconnected: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, app: ASGIApp, path: str, headers: dict[str, str]) -> None:
        scope: Scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "method": "GET",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "scheme": "http",
            "query_string": b"",
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
            "http_version": "1.1",
        }
        try:
            await app(scope, self._receive, self._send)
        finally:
            self.stuck.set()

    async def _receive(self) -> Message:
        await self.disconnected.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], dict(message["headers"])
        elif self.body and message["more_body"]:
            self.stuck.set()
            await self.disconnected.wait()
        else:
            self.body += message["body"]


@asynccontextmanager
async def unread(
    app: ASGIApp, path: str, headers: dict[str, str], number: int
) -> AsyncIterator[list[UnreadDownload]]:
    """Downloads that have begun and are not read on; their readers go at the end."""
    downloads = [UnreadDownload() for _ in range(number)]
    tasks = [asyncio.create_task(each.run(app, path, headers)) for each in downloads]
    try:
        for download in downloads:
            await download.stuck.wait()
        yield downloads
    finally:
        for download in downloads:
            download.disconnected.set()
        await asyncio.gather(*tasks)


@pytest.fixture
async def served(databases: Databases, kind: Kind) -> AsyncIterator[tuple[Running, Copy]]:
    """An application with one connection, and with calls for several pages."""
    copy = await databases.copy(kind)
    settings = settings_for(
        copy.url,
        max_downloads=MOST,
        max_downloads_per_organization=MOST_PER_ORGANIZATION,
        **ONE_CONNECTION,
    )
    async with start(copy, settings) as running:
        await add_calls(running.app.state.database, many_calls())
        yield running, copy
    await databases.drop(copy.url)


def many_calls() -> list[dict[str, Any]]:
    """Calls for three pages of each organization; the second one's have ids of their own."""
    started = datetime(2026, 7, 1, tzinfo=UTC)
    return [
        {
            **new_call(100_000 * organization + n, started + timedelta(seconds=n)),
            "organization_id": organization,
        }
        for organization in (1, 2)
        for n in range(2_500)
    ]


async def test_unread_downloads_take_nothing_from_others(served: tuple[Running, Copy]) -> None:
    """Neither from readiness, nor from an organization, nor from an unknown key."""
    running, copy = served
    first, second = map(bearer, copy.organizations)
    pool: Any = running.app.state.database.engine.pool
    async with connect(running.app) as client:
        query = {"query": "{ calls(first: 1) { totalCount } }"}
        quiet = await client.post("/graphql", json=query, headers=second)
        async with unread(running.app, ADDRESSES["calls"], first, 24) as downloads:
            ready = await client.get("/readyz")
            unknown = await client.get(
                "/api/v1/calls/1", headers={"Authorization": "Bearer burki_" + "a" * 43}
            )
            by_rest = await client.get("/api/v1/calls?limit=1", headers=second)
            by_graphql = await client.post("/graphql", json=query, headers=second)
            # Until what is read ahead has been read, of which the pool tells nobody.
            while pool.checkedout():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        after = await client.get(ADDRESSES["calls"], headers=first)

    assert sorted(each.status or 0 for each in downloads) == [200] * 2 + [429] * 22
    assert (ready.status_code, unknown.status_code, by_rest.status_code) == (200, 401, 200)
    assert by_graphql.json() == quiet.json()
    assert after.status_code == 200
    assert len(after.text.splitlines()) > 2_500


async def test_an_organization_has_a_few_downloads_and_the_process_a_few_more(
    served: tuple[Running, Copy],
) -> None:
    running, copy = served
    first, second = map(bearer, copy.organizations)
    calls = ADDRESSES["calls"]
    async with connect(running.app) as client:
        async with unread(running.app, calls, first, 2):
            own = [await client.get(each, headers=first) for each in ADDRESSES.values()]
            async with unread(running.app, calls, second, 1) as others:
                full = await client.get(ADDRESSES["assistants"], headers=second)
        freed = [await client.get(each, headers=first) for each in ADDRESSES.values()]

    assert [each.status for each in others] == [200]
    for answer in own:
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "2")
        assert answer.json() == {
            "detail": "Your organization has 2 downloads running, the most at a time;"
            " try again when one of them has ended."
        }
    assert (full.status_code, full.headers["retry-after"]) == (503, "2")
    assert full.json() == {"detail": "3 downloads are running, the most at a time; try again."}
    assert [each.status_code for each in freed] == [200, 200]


async def test_a_refused_download_gives_its_slot_back(served: tuple[Running, Copy]) -> None:
    running, copy = served
    first = bearer(copy.organizations[0])
    async with connect(running.app) as client:
        statuses = [
            (await client.get(f"{ADDRESSES['calls']}?{query}", headers=first)).status_code
            for query in ["format=xml"] * 3 + ["format=json"] * 3
        ]

    assert statuses == [422] * 3 + [200] * 3
