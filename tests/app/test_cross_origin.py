"""Pages of other origins: who may call, with what, and what they may read.

The right values are those of the Fetch standard: https://fetch.spec.whatwg.org/#http-cors-protocol
"""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from pydantic import ValidationError
from starlette.applications import Starlette

from tests.conftest import bearer, connect, start
from tests.databases import Copy, Databases, settings_for
from tests.http_server import listening
from tests.statements import count

APP = "https://app.example.com"
STRANGER = "https://evil.example"
PREFLIGHT = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type,jackfield-cost",
}
EXPOSED = (
    "Accept-Query, Allow, Content-Disposition, Content-Location, ETag, Idempotent-Replayed,"
    " Jackfield-Write-Position, Location, RateLimit, RateLimit-Policy, Retry-After,"
    " WWW-Authenticate, X-Request-ID"
)
VIEWER = {"query": "{ viewer { permissions } }"}
ADDRESSES = ("/graphql", "/graphql/", "/api/v1/calls", "/api/auth/login", "/auth/login", "/nowhere")


@pytest.fixture(scope="module")
async def copy(databases: Databases) -> AsyncIterator[Copy]:
    """One database will do: nothing here depends on it."""
    copy = await databases.copy("sqlite")
    yield copy
    await databases.drop(copy.url)


@pytest.fixture
async def browser(copy: Copy) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of a gateway that trusts two origins."""
    settings = settings_for(copy.url, cors_origins=f"{APP}, http://localhost:5173")
    async with start(copy, settings) as running, connect(running.app) as client:
        yield client


def cors_of(response: httpx2.Response) -> dict[str, str]:
    start = "access-control-"
    return {
        name.removeprefix(start): value
        for name, value in response.headers.items()
        if name.startswith(start)
    }


@pytest.mark.parametrize("path", ADDRESSES)
async def test_a_preflight_is_answered_before_anybody_is_asked_who_they_are(
    browser: httpx2.AsyncClient, path: str
) -> None:
    response = await browser.options(path, headers={"Origin": APP, **PREFLIGHT})

    assert response.status_code == 200
    assert cors_of(response) == {
        "allow-origin": APP,
        "allow-credentials": "true",
        "allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE, QUERY",
        "allow-headers": "authorization,content-type,jackfield-cost",
        "max-age": "7200",
    }
    assert "Origin" in response.headers["vary"]
    assert response.headers["x-request-id"]


async def test_a_preflight_reads_nothing(copy: Copy) -> None:
    settings = settings_for(copy.url, cors_origins=APP)
    async with start(copy, settings) as running, connect(running.app) as client:
        with count(running.log) as ran:
            for path in ADDRESSES:
                await client.options(path, headers={"Origin": APP, **PREFLIGHT})

    assert ran.count == 0


@pytest.mark.parametrize(
    "origin", [STRANGER, "null", "http://app.example.com", f"{APP}:8443", f"{APP}.evil.example"]
)
async def test_other_origins_are_told_no(browser: httpx2.AsyncClient, origin: str) -> None:
    preflight = await browser.options("/graphql", headers={"Origin": origin, **PREFLIGHT})
    answer = await browser.post("/graphql", json=VIEWER, headers={"Origin": origin})

    assert (preflight.status_code, preflight.text) == (400, "Disallowed CORS origin")
    assert "allow-origin" not in cors_of(preflight)
    assert "allow-origin" not in cors_of(answer)
    assert "Origin" in answer.headers["vary"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/assistant-graphs/1", 200),
        ("GET", "/api/v1/calls/export?format=csv", 200),
        ("GET", "/api/v1/assistant-graphs/999999", 404),
        ("GET", "/api/v1/calls?limit=0", 422),
        ("DELETE", "/api/v1/calls", 405),
        ("POST", "/api/v1/assistant-graphs", 400),
        ("GET", "/nowhere", 404),
        ("GET", "/graphql?query={__typename}", 200),
        ("GET", "/graphql?query={", 200),
        ("GET", "/openapi.json", 200),
    ],
)
async def test_every_answer_may_be_read(
    browser: httpx2.AsyncClient, copy: Copy, method: str, path: str, status: int
) -> None:
    headers = {"Origin": APP, **bearer(copy.organizations[0])}
    response = await browser.request(method, path, headers=headers)

    assert response.status_code == status
    assert cors_of(response) == {
        "allow-origin": APP,
        "allow-credentials": "true",
        "expose-headers": EXPOSED,
    }
    assert response.headers["vary"].split(", ")[-1] == "Origin"


@pytest.mark.parametrize("path", ["/graphql?query={__typename}", "/api/v1/calls"])
async def test_refusals_may_be_read_too(copy: Copy, path: str) -> None:
    settings = settings_for(copy.url, cors_origins=APP, rate_limit_requests=1)
    owner = {"Origin": APP, **bearer(copy.organizations[0])}
    async with start(copy, settings) as running, connect(running.app) as client:
        unknown = await client.get(path, headers={"Origin": APP})
        await client.get(path, headers=owner)
        limited = await client.get(path, headers=owner)

    assert [unknown.status_code, limited.status_code] == [401, 429]
    assert [cors_of(each)["allow-origin"] for each in (unknown, limited)] == [APP, APP]
    assert int(limited.headers["retry-after"]) > 0


async def test_a_bug_may_be_read_too(copy: Copy, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError

    async with start(copy, settings_for(copy.url, cors_origins=APP)) as running:
        monkeypatch.setattr("starlette.middleware.exceptions.ExceptionMiddleware.__call__", fail)
        async with connect(running.app) as client:
            response = await client.get("/nowhere", headers={"Origin": APP})

    assert response.status_code == 500
    assert cors_of(response)["allow-origin"] == APP


async def test_a_page_of_a_trusted_origin_logs_in_and_writes_with_the_cookie(
    browser: httpx2.AsyncClient, copy: Copy
) -> None:
    login = {"api_key": copy.organizations[0].api_key}
    refused = await browser.post("/auth/login", json=login, headers={"Origin": STRANGER})
    logged_in = await browser.post("/auth/login", json=login, headers={"Origin": APP})
    forged = await browser.post("/graphql", json=VIEWER, headers={"Origin": STRANGER})
    written = await browser.post("/graphql", json=VIEWER, headers={"Origin": APP})

    assert [refused.status_code, logged_in.status_code] == [403, 200]
    assert [forged.status_code, written.status_code] == [403, 200]
    assert written.json() == {"data": {"viewer": {"permissions": ["READ", "WRITE", "ADMIN"]}}}


async def test_any_origin_may_call_with_a_key_and_never_with_a_cookie(copy: Copy) -> None:
    """Browsers send no cookie, and show no answer to one, without `Allow-Credentials`."""
    login = {"api_key": copy.organizations[0].api_key}
    from_elsewhere = {"Origin": STRANGER}
    settings = settings_for(copy.url, cors_origins="*")
    async with start(copy, settings) as running, connect(running.app) as client:
        preflight = await client.options("/graphql", headers={**from_elsewhere, **PREFLIGHT})
        headers = {**from_elsewhere, **bearer(copy.organizations[0])}
        with_key = await client.post("/graphql", json=VIEWER, headers=headers)
        logging_in = await client.post("/auth/login", json=login, headers=from_elsewhere)
        await client.post("/auth/login", json=login)
        with_cookie = await client.post("/graphql", json=VIEWER, headers=from_elsewhere)

    assert cors_of(preflight)["allow-origin"] == "*"
    assert cors_of(with_key) == {"allow-origin": "*", "expose-headers": EXPOSED}
    assert "allow-credentials" not in cors_of(preflight)
    assert "data" in with_key.json()
    assert [logging_in.status_code, with_cookie.status_code] == [403, 403]


async def test_by_default_nobody_else_may_call(client: httpx2.AsyncClient) -> None:
    preflight = await client.options("/graphql", headers={"Origin": APP, **PREFLIGHT})
    answer = await client.post("/graphql", json=VIEWER, headers={"Origin": APP})

    assert cors_of(preflight) == cors_of(answer) == {}


@pytest.mark.parametrize(("origins", "allows"), [(APP, True), (None, False)])
async def test_what_the_front_refuses_may_be_read(
    app: Starlette, origins: str | None, allows: bool
) -> None:
    """Before a request is read nobody knows its origin."""
    settings = settings_for("sqlite:///unused.db", cors_origins=origins, max_header_bytes=1_024)
    async with listening(app, settings) as server:
        answer = await server.ask(b"GET / HTTP/1.1\r\n", b"X-A: " + b"a" * 2_000)

    assert answer.startswith(b"HTTP/1.1 431 ")
    assert (b"\r\naccess-control-allow-origin: *\r\n" in answer) is allows


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        ("", set()),
        ("*", set()),
        (" https://App.Example.com:443/ ,", {"https://app.example.com"}),
        ("http://localhost:80,http://[::1]:5173", {"http://localhost", "http://[::1]:5173"}),
        ("capacitor://localhost", {"capacitor://localhost"}),
    ],
)
def test_origins_are_read_as_browsers_write_them(text: str, origins: set[str]) -> None:
    assert settings_for("sqlite:///unused.db", cors_origins=text).trusted_origins == origins


@pytest.mark.parametrize(
    "text",
    [
        "app.example.com",
        "https://app.example.com/page",
        "https://*.example.com",
        "https://user@app.example.com",
        "https://app.example.com,*",
        "null",
    ],
)
def test_what_is_no_origin_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="an origin is a scheme, a host"):
        settings_for("sqlite:///unused.db", cors_origins=text)


def test_the_page_about_it_lists_what_may_be_read() -> None:
    page = (Path(__file__).parents[2] / "docs" / "cors.md").read_text()

    *names, last = (f"`{name}`" for name in EXPOSED.split(", "))
    assert f"with the headers {', '.join(names)} and {last}." in page
