"""Subscriptions in the playground: they run, go on after a lost connection, and stop."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.keys import Keys

from tests.browser.conftest import LOCAL, SCREEN
from tests.browser.driver import Page
from tests.browser.killable import Followed, followed
from tests.browser.test_pages_for_everybody import CUT, SCHEMES, SCREENS, script, serious
from tests.databases import Databases
from tests.playground_examples import SUBSCRIPTIONS

EVERYTHING = SUBSCRIPTIONS["live_events"].query


@pytest.fixture
async def gateway(databases: Databases, tmp_path: Path) -> AsyncIterator[Followed]:
    async with databases.lend("sqlite") as copy:
        with followed(copy, tmp_path) as gateway:
            yield gateway


@pytest.fixture
def playground(browser: webdriver.Chrome, gateway: Followed) -> Page:
    """The playground of somebody who has logged in."""
    page = Page(browser, gateway.server.url)
    page.forget_everything()
    page.resize(*SCREEN)
    page.open("/playground")
    page.find(".graphiql-query-editor .view-line")
    page.log_in(gateway.api_key)
    page.wait_removed("#login")
    return page


def events_of(page: Page) -> list[dict[str, Any]]:
    """What the response pane shows."""
    events: list[dict[str, Any]] = json.loads(page.read("response.json"))["events"]
    return events


def follow(page: Page, query: str) -> None:
    """Run a subscription; it has begun then."""
    page.write("operation.graphql", query)
    page.click(".graphiql-execute-button")
    page.wait_text(".result-bar .live", "Following")


def test_events_are_appended_until_it_is_stopped(playground: Page, gateway: Followed) -> None:
    follow(playground, EVERYTHING)
    assert events_of(playground) == []
    for number in (1, 2):
        gateway.write(number)
        playground.wait_text(".result-bar", f"{number} event")
    first, second = events_of(playground)
    playground.screenshot("playground-live.png")
    playground.click(".graphiql-execute-button")
    playground.wait_text(".result-bar .live", "Stopped")
    gateway.write(3)
    answer = gateway.graphql("{ call(by: {id: 101}) { meta } }")

    assert answer["call"]["meta"]["n"] == 3
    assert [each["data"]["events"]["changedId"] for each in (first, second)] == ["call_101"] * 2
    assert len(first["time"]) == len("12:30:01.123")
    assert first["time"] <= second["time"]
    assert [each["data"]["events"]["eventId"].partition("-")[0] for each in (first, second)] == [
        "1",
        "2",
    ]
    assert len(events_of(playground)) == 2
    assert playground.hosts() <= LOCAL
    assert playground.complaints() == []


def test_a_lost_connection_goes_on_behind_the_last_event(
    playground: Page, gateway: Followed
) -> None:
    follow(playground, EVERYTHING)
    gateway.write(1)
    playground.wait_text(".result-bar", "1 event")
    gateway.server.kill()
    playground.wait_text(".result-bar .live", "Connection lost")
    gateway.server.start()
    gateway.write(2)
    gateway.write(3)
    playground.wait_text(".result-bar", "3 events")

    ids = [each["data"]["events"]["eventId"] for each in events_of(playground)]
    assert [each.partition("-")[0] for each in ids] == ["1", "2", "3"]
    resumed = [
        request["headers"]["Last-Event-ID"]
        for request in playground.requests()
        if "Last-Event-ID" in request["headers"]
    ]
    assert set(resumed) == {ids[0]}


def test_a_refusal_is_shown_and_ends_it(playground: Page) -> None:
    playground.write("operation.graphql", 'subscription { events(after: "9-9") { eventId } }')
    playground.click(".graphiql-execute-button")
    playground.wait_text(".result-bar .live", "Ended by the gateway")
    (event,) = events_of(playground)

    assert event["errors"][0]["extensions"]["code"] == "RESYNC_REQUIRED"

    playground.write("operation.graphql", 'subscription { callChanged(id: "graph_1") { kind } }')
    playground.click(".graphiql-execute-button")
    playground.wait_text(".graphiql-response", "this needs `call_...`")


def test_a_query_after_it_is_answered_as_before(playground: Page) -> None:
    follow(playground, EVERYTHING)
    playground.click(".graphiql-execute-button")
    playground.wait_text(".result-bar .live", "Stopped")
    playground.write("operation.graphql", "{ graph(id: 1) { id } }")

    assert playground.execute() == {"data": {"graph": {"id": "graph_1"}}}
    assert playground.all(".result-bar .live") == []


def test_the_keyboard_runs_and_stops_it(playground: Page) -> None:
    playground.write("operation.graphql", EVERYTHING)
    button = playground.find(".graphiql-execute-button")
    assert button.get_attribute("aria-label")
    button.send_keys(Keys.ENTER)
    playground.wait_text(".result-bar .live", "Following")
    playground.find(".graphiql-execute-button").send_keys(Keys.ENTER)
    playground.wait_text(".result-bar .live", "Stopped")


def test_every_kind_has_an_example_in_the_menu(playground: Page) -> None:
    options = [option.text for option in playground.all(".examples option")]

    assert [each for each in options if each.startswith("Live: ")] == [
        "Live: calls that go on",
        "Live: transcripts",
        "Live: graph sessions",
        "Live: SMS messages",
        "Live: graphs",
        "Live: everything",
    ]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_it_is_for_everybody(playground: Page, gateway: Followed, scheme: str) -> None:
    playground.prefer(scheme)
    playground.driver.refresh()  # the editors ask once
    playground.find(".graphiql-query-editor .view-line")
    try:
        follow(playground, SUBSCRIPTIONS["live_events"].query)
        gateway.write(1)
        playground.wait_text(".result-bar", "1 event")
        assert serious(playground) == []
        for width, height in SCREENS:
            playground.resize(width, height)
            playground.screenshot(f"playground-live-{scheme}-{width}.png")
            assert script(playground, CUT) == []
    finally:
        playground.prefer("light")
