"""A page on another port uses both doors, in a browser that decides what it may read."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.browser.driver import Page
from tests.live import LiveServer, another_site

VIEWER = json.dumps({"query": "{ viewer { method } }"})


@pytest.fixture
def untrusted_origin() -> Iterator[str]:
    with another_site() as origin:
        yield origin


def fetch(page: Page, path: str, options: Mapping[str, Any] | None = None) -> Any:
    """What a script of the page gets: status, body and the headers it may read, or the error."""
    return page.driver.execute_async_script(
        """
        const [url, options, done] = arguments;
        fetch(url, options).then(
          async answer => done({
            status: answer.status,
            body: await answer.json(),
            headers: [...answer.headers.keys()],
          }),
          error => done(String(error)),
        );
        """,
        page.url + path,
        dict(options or {}),
    )


def test_a_trusted_page_uses_both_doors_and_reads_their_headers(
    page: Page, live_server: LiveServer
) -> None:
    page.driver.get(live_server.other_origin)
    owner = {"Authorization": f"Bearer {live_server.api_key}"}
    post = {"method": "POST", "body": VIEWER}

    by_graphql = fetch(
        page,
        "/graphql",
        {**post, "headers": {**owner, "Content-Type": "application/json", "Jackfield-Cost": "1"}},
    )
    by_rest = fetch(page, "/api/v1/assistant-graphs/1", {"headers": owner})
    refused = fetch(page, "/api/v1/calls", {"headers": {"Authorization": "Bearer burki_wrong"}})

    assert by_graphql["body"]["data"] == {"viewer": {"method": "API_KEY"}}
    assert by_graphql["body"]["extensions"]["cost"]["points"] >= 1
    assert (by_rest["status"], by_rest["body"]["id"]) == (200, 1)
    assert {"etag", "ratelimit", "ratelimit-policy", "x-request-id"} <= set(by_rest["headers"])
    assert (refused["status"], refused["body"]) == (401, {"detail": "Invalid API key"})


def test_a_trusted_page_logs_in_and_writes_with_the_cookie(
    page: Page, live_server: LiveServer
) -> None:
    """Another port is another origin and the same site, so the cookie is sent along."""
    page.driver.get(live_server.other_origin)
    with_cookie = {
        "method": "POST",
        "credentials": "include",
        "headers": {"Content-Type": "application/json"},
    }

    login = {"body": json.dumps({"api_key": live_server.api_key})}
    logged_in = fetch(page, "/auth/login", {**with_cookie, **login})
    read = fetch(page, "/graphql", {**with_cookie, "body": VIEWER})
    logged_out = fetch(page, "/auth/logout", with_cookie)
    read_after = fetch(page, "/graphql", {**with_cookie, "body": VIEWER})

    assert [logged_in["status"], logged_out["status"]] == [200, 200]
    assert read["body"] == {"data": {"viewer": {"method": "DASHBOARD"}}}
    assert read_after["status"] == 401


def test_an_untrusted_page_gets_nothing(
    page: Page, live_server: LiveServer, untrusted_origin: str
) -> None:
    page.driver.get(untrusted_origin)
    owner = {"Authorization": f"Bearer {live_server.api_key}"}

    answers = [fetch(page, "/api/v1/calls", {"headers": owner}), fetch(page, "/healthz")]

    assert answers == ["TypeError: Failed to fetch"] * 2
    complaints = page.complaints()
    assert sum("has been blocked by CORS policy" in each for each in complaints) == 2
