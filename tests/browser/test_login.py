"""Logging in to the playground, and what of a credential the browser keeps: nothing."""

import json

import pytest

from tests.browser.driver import Page
from tests.live import LiveServer

QUERY = "query Mine { viewer { method user { email } } }"
OLD_HISTORY = [{"query": "{ a }", "headers": '{"X-API-Key": "burki_old"}', "variables": "{}"}]
OLD_TABS = {
    "activeTabIndex": 0,
    "tabs": [
        {
            "id": "1",
            "title": "Old",
            "query": "{ a }",
            "variables": '{"headers": "of a query"}',
            "headers": '{"X-API-Key": "burki_old"}',
            "hash": '{ a }||{"X-API-Key": "burki_old"}',
            "operationName": None,
            "response": None,
        }
    ],
}
OLD = {
    "graphiql:queries": json.dumps({"queries": OLD_HISTORY}),
    "graphiql:favorites": json.dumps({"favorites": OLD_HISTORY}),
    "graphiql:headers": '{"X-API-Key": "burki_old"}',
    "graphiql:tabState": json.dumps(OLD_TABS),
    "graphiql:shouldPersistHeaders": "true",
    "other": "another page's",
}


@pytest.fixture
def playground(page: Page) -> Page:
    page.open("/playground")
    page.find(".graphiql-query-editor .view-line")
    return page


def test_a_password_logs_in_and_a_wrong_one_is_refused(
    playground: Page, live_server: LiveServer
) -> None:
    playground.click("#password-form button")
    playground.wait_text("#login-message", "Email is missing.")
    playground.log_in_by_password(live_server.email, "not the password")
    playground.find("#login-message[role=alert]")
    playground.wait_text("#login-message", "password")
    playground.log_in_by_password(live_server.email, live_server.password)
    playground.wait_removed("#login")

    playground.write("operation.graphql", QUERY)
    answer = playground.execute()

    viewer = {"method": "DASHBOARD", "user": {"email": live_server.email}}
    assert answer == {"data": {"viewer": viewer}}
    assert live_server.password not in playground.stored()


def test_demo_data_is_one_click_away(playground: Page) -> None:
    playground.click("#demo-organizations button")
    playground.wait_removed("#login")

    assert playground.find("#who").text == "Larkspur Customer Care"


def test_credentials_typed_into_headers_are_kept_nowhere(
    playground: Page, live_server: LiveServer
) -> None:
    """Of this page, and of one from before it left them out."""
    playground.driver.execute_script(
        "for (const [key, value] of Object.entries(arguments[0])) localStorage.setItem(key, value)",
        OLD,
    )
    playground.driver.refresh()
    playground.find(".graphiql-query-editor .view-line")
    purged = playground.stored()
    tabs = json.loads(playground.driver.execute_script("return localStorage['graphiql:tabState']"))
    assert "burki_old" not in purged
    assert "another page's" in purged
    assert tabs["tabs"][0]["variables"] == '{"headers": "of a query"}'

    key = live_server.api_key
    playground.write("request-headers.json", json.dumps({"Authorization": f"Bearer {key}"}))
    playground.write("operation.graphql", QUERY)
    answer = playground.execute()
    playground.click("[aria-label='Show History']")
    playground.wait_text(".graphiql-history", "Mine")
    playground.click("[aria-label='Add favorite']")
    playground.click(".graphiql-tab-add")

    assert answer == {
        "data": {"viewer": {"method": "API_KEY", "user": {"email": live_server.email}}}
    }
    assert "Mine" in playground.stored()
    assert key not in playground.stored()
    # A working credential is no reason to say that nobody is logged in.
    assert playground.find("#who").text == "By the Headers tab"
    playground.wait_removed("#login")
