"""The pages for people, used as a person would, in a browser that reaches no other machine."""

from typing import Any

import pytest
from selenium.webdriver.common.by import By

from tests.browser.driver import Page

GRAPH, CALLS, INBOX = 0, 1, 2


@pytest.fixture
def playground(page: Page) -> Page:
    page.open("/playground")
    page.find(".graphiql-query-editor .view-line")
    return page


@pytest.fixture
def logged_in(playground: Page, live_server: Any) -> Page:
    playground.log_in(live_server.api_key)
    playground.wait_removed("#login")
    playground.wait_text(".graphiql-doc-explorer", "Root Types")
    return playground


def test_opens_without_credentials_and_says_how_to_get_in(playground: Page) -> None:
    assert "not logged in" in playground.find("#login").text
    assert playground.find("#who").text == "Not logged in"
    assert "API key" in playground.find("#login-form").text
    tabs = playground.driver.find_elements(By.CSS_SELECTOR, "[id^=graphiql-session-tab-]")
    assert [tab.text for tab in tabs] == ["Graph", "Calls", "Inbox"]


def test_without_credentials_a_query_points_at_the_login(playground: Page) -> None:
    answer = playground.run(GRAPH)

    assert "data" not in answer or answer["data"] is None
    assert answer["errors"]
    assert playground.find("#login-form").is_displayed()


def test_a_wrong_key_is_refused_in_words(playground: Page) -> None:
    playground.log_in("not-a-key")

    assert playground.find("#login-message").text
    assert playground.find("#who").text == "Not logged in"


def test_runs_the_nested_graph_example(logged_in: Page) -> None:
    assert logged_in.find("#who").text

    answer = logged_in.run(GRAPH)
    logged_in.screenshot("playground.png")

    assert "errors" not in answer
    graph = answer["data"]["graph"]
    assert any(node["assistant"] for node in graph["nodes"])
    assert graph["edges"]
    assert graph["sessions"]["nodes"]


@pytest.mark.parametrize(("tab", "field"), [(CALLS, "calls"), (INBOX, "smsConversations")])
def test_runs_the_other_examples(logged_in: Page, tab: int, field: str) -> None:
    answer = logged_in.run(tab)

    assert "errors" not in answer
    assert answer["data"][field]["nodes"]


def test_every_post_carries_the_header_against_forgery(logged_in: Page) -> None:
    logged_in.run(GRAPH)

    posts = [request for request in logged_in.requests() if request["method"] == "POST"]

    assert posts
    assert all(post["headers"].get("X-Requested-With") == "jackfield" for post in posts)


def test_the_key_stays_out_of_the_page_and_of_its_storage(
    logged_in: Page, live_server: Any
) -> None:
    stored = logged_in.driver.execute_script(
        "return JSON.stringify(localStorage) + JSON.stringify(sessionStorage)"
        " + document.cookie + document.querySelector('#api-key').value"
    )

    assert live_server.api_key not in stored


def test_a_session_outlives_a_reload_and_ends_with_logging_out(logged_in: Page) -> None:
    organization = logged_in.find("#who").text

    logged_in.driver.refresh()
    logged_in.wait_text("#who", organization)
    logged_in.click("#logout")
    logged_in.wait_text("#who", "Not logged in")

    assert logged_in.find("#login-form").is_displayed()


def test_landing_page_leads_everywhere(page: Page) -> None:
    page.open("/")
    page.find("h1")
    page.screenshot("landing.png")

    links = page.driver.find_elements(By.CSS_SELECTOR, ".cards a")
    targets = {(link.get_attribute("href") or "").removeprefix(page.url) for link in links}

    assert targets == {"/playground", "/docs", "/graphql", "/healthz", "/readyz"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_picture_in_the_answer_is_shown_below_it(logged_in: Page, scheme: str) -> None:
    logged_in.prefer(scheme)
    logged_in.click("//select//option[text()='Picture of a graph']")

    answer = logged_in.execute()
    picture = logged_in.find(".picture-panel img")
    logged_in.screenshot(f"picture-{scheme}.png")

    drawn = answer["data"]["graph"]["diagram"]
    assert picture.get_attribute("alt") == "Customer Service Router"
    width = logged_in.driver.execute_script("return arguments[0].naturalWidth", picture)
    assert f'width="{width}"' in drawn
    logged_in.run(CALLS)
    logged_in.wait_removed(".picture-panel")
