"""`GQL_PUBLIC_URL` decides what is this site, and not what a request claims."""

from collections.abc import AsyncIterator, Sequence

import httpx2
import pytest
from pydantic import ValidationError

from gql.demo import DemoOrganization
from tests.conftest import connect, start
from tests.databases import Copy, settings_for

PUBLIC = "https://gateway.example.com"
QUERY = {"query": "{ viewer { permissions } }"}


@pytest.fixture
async def browser(shared: Copy) -> AsyncIterator[httpx2.AsyncClient]:
    """A client whose requests come without TLS, from a proxy that names another host."""
    settings = settings_for(shared.url, public_url=PUBLIC)
    async with start(shared, settings) as running, connect(running.app) as client:
        yield client


async def log_in(browser: httpx2.AsyncClient, api_key: str, origin: str) -> httpx2.Response:
    return await browser.post("/auth/login", json={"api_key": api_key}, headers={"Origin": origin})


async def test_cookies_are_for_tls_only_however_the_request_came(
    browser: httpx2.AsyncClient, demo: Sequence[DemoOrganization]
) -> None:
    logged_in = await log_in(browser, demo[0].api_key, PUBLIC)
    logged_out = await browser.post("/auth/logout", headers={"Origin": PUBLIC})

    assert logged_in.status_code == logged_out.status_code == 200
    assert logged_in.headers["set-cookie"].endswith("; SameSite=lax; Secure")
    assert logged_out.headers["set-cookie"].endswith("; SameSite=lax; Secure")


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (PUBLIC, 200),
        ("https://GATEWAY.example.com:443", 200),
        ("http://gateway.example.com", 403),
        ("https://gateway.example.com:8443", 403),
        ("http://127.0.0.1", 403),
        ("https://127.0.0.1", 403),
        ("https://gateway.example.com.evil.example", 403),
        ("null", 403),
    ],
)
async def test_that_origin_alone_is_this_site(
    browser: httpx2.AsyncClient, demo: Sequence[DemoOrganization], origin: str, status: int
) -> None:
    """The `Host` of the request is 127.0.0.1."""
    logged_in = await log_in(browser, demo[0].api_key, PUBLIC)
    cookie = logged_in.headers["set-cookie"].partition(";")[0]

    another = await log_in(browser, demo[0].api_key, origin)
    answered = await browser.post(
        "/graphql", json=QUERY, headers={"Origin": origin, "Cookie": cookie}
    )

    assert (another.status_code, answered.status_code) == (status, status)


@pytest.mark.parametrize(
    "url",
    [
        "gateway.example.com",
        "ftp://gateway.example.com",
        "https://gateway.example.com/graphql",
        "https://gateway.example.com?x=1",
        "https://user@gateway.example.com",
        "https://gateway.example.com#x",
    ],
)
def test_a_url_with_more_than_an_origin_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        settings_for("sqlite:///unused.db", public_url=url)


@pytest.mark.parametrize("proxies", ["*", "proxy.example.com", "10.0.0.1/8", "127.0.0.1;::1"])
def test_a_proxy_is_an_address_or_a_network(proxies: str) -> None:
    with pytest.raises(ValidationError):
        settings_for("sqlite:///unused.db", trusted_proxies=proxies)
