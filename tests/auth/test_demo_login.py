"""Logging in to demo data by one click: on this machine, and where `serve --local` offers it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx2
import pytest

from gql.auth.csrf import OTHER_SITE
from gql.cli.local import with_demo_logins
from tests.conftest import asker, start
from tests.databases import Copy, Databases, settings_for

VIEWER = "{ viewer { method permissions organization { name } } }"
NOBODY = (404, {"detail": "No demo data of this organization is served here."})


@pytest.fixture
async def copy(databases: Databases) -> AsyncIterator[Copy]:
    copy = await databases.copy("sqlite")
    yield copy
    await databases.drop(copy.url)


@asynccontextmanager
async def browser(
    copy: Copy, demo_keys: Path | None, *, address: str = "127.0.0.1", host: str = "127.0.0.1:8000"
) -> AsyncIterator[httpx2.AsyncClient]:
    """A client at an address that reaches the application by a name."""
    async with start(copy, settings_for(copy.url, demo_keys=demo_keys)) as running:
        transport = httpx2.ASGITransport(running.app, client=(address, 50_000))
        async with httpx2.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
            yield client


@pytest.fixture
def demo_keys(copy: Copy, tmp_path: Path) -> Path:
    path = tmp_path / "demo.json"
    path.write_text(json.dumps([asdict(each) for each in copy.organizations]))
    return path


async def answer(client: httpx2.AsyncClient, **more: Any) -> tuple[int, Any]:
    response = await client.post("/auth/demo", json={"organization": 1}, **more)
    return response.status_code, response.json()


async def test_each_organization_can_be_logged_in_to(copy: Copy, demo_keys: Path) -> None:
    first, second = copy.organizations
    async with browser(copy, demo_keys) as client:
        offered = await client.get("/auth/demo")
        logged_in = await answer(client)
        viewer = await asker(client, {"X-Requested-With": "test"})(VIEWER)

    assert offered.json() == {
        "organizations": [{"id": each.id, "name": each.name} for each in (first, second)]
    }
    assert first.api_key not in offered.text
    assert logged_in == (
        200,
        {
            "organization": {"id": 1, "name": first.name},
            "permissions": ["admin", "read", "write"],
        },
    )
    assert viewer["data"]["viewer"] == {
        "method": "DASHBOARD",
        "permissions": ["READ", "WRITE", "ADMIN"],
        "organization": {"name": first.name},
    }


@pytest.mark.parametrize(
    ("configured", "address", "host"),
    [
        (False, "127.0.0.1", "127.0.0.1:8000"),
        (True, "192.0.2.1", "127.0.0.1:8000"),
        (True, "127.0.0.1", "rebound.example:8000"),
        (True, "127.0.0.1", "gateway.example"),
    ],
)
async def test_nobody_else_gets_in(
    copy: Copy, demo_keys: Path, *, configured: bool, address: str, host: str
) -> None:
    async with browser(
        copy, demo_keys if configured else None, address=address, host=host
    ) as client:
        offered = await client.get("/auth/demo")
        refused = await answer(client)

    assert offered.json() == {"organizations": []}
    assert refused == NOBODY
    assert not client.cookies


@pytest.mark.parametrize("host", ["localhost:8000", "[::1]:8000"])
async def test_every_name_of_this_machine_will_do(copy: Copy, demo_keys: Path, host: str) -> None:
    async with browser(copy, demo_keys, address="::1", host=host) as client:
        assert (await answer(client))[0] == 200


async def test_other_sites_and_other_bodies_are_refused(copy: Copy, demo_keys: Path) -> None:
    async with browser(copy, demo_keys) as client:
        forged = await answer(client, headers={"Origin": "http://evil.example"})
        bodies = [
            await client.post("/auth/demo", content=body)
            for body in (b"", b"[]", b"{}", b'{"organization": "1"}', b"{" * 20_000)
        ]
        unknown = await client.post("/auth/demo", json={"organization": 99})

    assert forged == (403, {"detail": OTHER_SITE})
    assert {(each.status_code, each.json()["detail"]) for each in bodies} == {
        (400, 'Send a JSON object of the form {"organization": 1}.')
    }
    assert unknown.status_code == 404


async def test_a_server_that_other_machines_reach_offers_none(copy: Copy) -> None:
    offering = {
        host: with_demo_logins(settings_for(copy.url, host=host), copy.organizations).demo_keys
        for host in ("127.0.0.1", "localhost", "::1", "0.0.0.0", "192.0.2.7")  # noqa: S104
    }
    without_data = with_demo_logins(settings_for(copy.url), [])

    assert offering == {
        "127.0.0.1": Path("var/demo.json"),
        "localhost": Path("var/demo.json"),
        "::1": Path("var/demo.json"),
        "0.0.0.0": None,  # noqa: S104
        "192.0.2.7": None,
    }
    assert without_data.demo_keys is None
