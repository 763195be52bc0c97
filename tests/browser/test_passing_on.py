"""An operation is explained, shared, copied as a program and built by clicks."""

import json
import os
import shutil
import subprocess
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from selenium.webdriver.common.keys import Keys

from tests.browser.driver import Page
from tests.live import LiveServer

TWO = """query Names($first: Int) { graphs(first: $first) { nodes { name } } }
query Ids { graphs(first: 1) { nodes { id } } }"""
QUOTED = """query Quoted($phrase: String!) {
  calls(first: 1, filter: {assistantName: {contains: $phrase}}) { totalCount }
}"""
COUNTED = {"data": {"calls": {"totalCount": 0}}}


@pytest.fixture
def playground(page: Page, live_server: LiveServer) -> Page:
    page.open("/playground")
    page.find(".graphiql-query-editor .view-line")
    page.log_in_by_password(live_server.email, live_server.password)
    page.wait_removed("#login")
    page.wait_text(".graphiql-doc-explorer", "Root Types")
    return page


def copied(page: Page, button: str) -> str:
    page.driver.execute_cdp_cmd(
        "Browser.grantPermissions",
        {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"], "origin": page.url},
    )
    page.click(f"//button[text()='{button}']")
    page.wait_text(".copies", f"{button} copied")
    text: str = page.driver.execute_async_script(
        "navigator.clipboard.readText().then(arguments[0])"
    )
    return text


def test_an_answer_comes_with_time_size_cost_and_explanation(playground: Page) -> None:
    playground.write("operation.graphql", "{ graphs(first: 2) { nodes { name } } }")
    answer = playground.execute()

    assert list(answer) == ["data"]
    figures = playground.find(".figures").text
    size = len(json.dumps(answer, separators=(",", ":")))
    assert " ms" in figures
    assert f"{size} B" in figures or f"{size / 1000:.1f} kB" in figures
    assert " points" in figures
    playground.click(".result-bar .explain")
    playground.wait_text(".explain-panel", "Answered by a plan, in one statement.")
    panel = playground.find(".explain-panel").text
    assert "graphs: Connection(resource=graph" in panel
    assert "graphs.nodes 2" in panel
    assert "FROM assistant_graph" in panel
    assert all(f"\n{step} " in panel for step in ("parse", "plan", "compile", "run"))
    assert "Database" not in panel


def test_who_is_no_administrator_is_not_offered_explanations(
    page: Page, live_server: LiveServer
) -> None:
    page.open("/playground")
    page.find(".graphiql-query-editor .view-line")
    page.log_in_by_password(live_server.colleague, live_server.password)
    page.wait_removed("#login")

    assert page.execute()["data"]["graph"]
    page.find(".figures")
    page.wait_removed(".result-bar .explain")


def test_a_link_opens_the_operation_and_its_variables(playground: Page) -> None:
    playground.write("operation.graphql", TWO)
    playground.write("variables.json", '{"first": 0}')
    link = copied(playground, "Link")

    parts = parse_qs(urlsplit(link).query)
    assert parts == {"query": [TWO], "variables": ['{"first": 0}'], "operationName": ["Names"]}
    playground.forget_everything()
    playground.driver.get(link)
    playground.find("#demo-organizations button").click()
    playground.wait_removed("#login")
    assert playground.read("operation.graphql") == TWO
    assert playground.driver.current_url == f"{playground.url}/playground"
    tabs = [tab.text for tab in playground.all("[id^=graphiql-session-tab-]")]
    assert tabs == ["Names", "Graph", "Calls", "Inbox"]


def test_programs_that_are_copied_run_and_have_no_credential_in_them(
    playground: Page, live_server: LiveServer
) -> None:
    key = live_server.api_key
    playground.write("operation.graphql", QUOTED)
    playground.write("variables.json", json.dumps({"phrase": 'it\'s `$HOME` \\ "ü"'}))
    playground.write("request-headers.json", json.dumps({"X-API-Key": key, "X-Trace": "a'b"}))
    curl, fetch = copied(playground, "curl"), copied(playground, "fetch")

    assert key not in curl + fetch
    assert "X-Trace: a" in curl
    assert '"X-Trace": "a\'b"' in fetch
    body = f"(async () => {{ {fetch} return {{data, errors}}; }})().then(done, e => done(`${{e}}`))"
    answer: Any = playground.driver.execute_async_script(
        f"const done = arguments[1]; const JACKFIELD_KEY = arguments[0]; {body}", key
    )
    assert answer["data"] == COUNTED["data"]
    if shutil.which("curl") is None:
        pytest.skip("no curl here: its command was not run")
    environment = {**os.environ, "JACKFIELD_KEY": key}
    output = subprocess.check_output(["bash", "-c", curl], env=environment, stderr=subprocess.PIPE)
    assert json.loads(output) == COUNTED


def test_every_example_opens_from_the_menu(playground: Page) -> None:
    titles = [option.text for option in playground.all(".examples option")]
    assert titles[1:4] == ["A graph with sessions", "Calls and their cost", "SMS inbox"]
    assert titles[-1] == "Restore the first tabs"
    for title in titles[4:-1]:
        playground.click(f"//select//option[text()='{title}']")
        if title.startswith("Live: "):
            playground.click(".graphiql-execute-button")
            playground.wait_text(".result-bar .live", "Following")
            playground.click(".graphiql-execute-button")
            playground.wait_text(".result-bar .live", "Stopped")
            continue
        answer = playground.execute()
        assert "errors" not in answer, title
        assert None not in answer["data"].values(), title


def test_a_query_is_built_by_clicks(playground: Page) -> None:
    playground.write("operation.graphql", "query Built { __typename }")
    playground.click("[aria-label='Show Query Builder']")
    playground.click("//span[@class='graphiql-explorer-field-view' and text()='viewer']")
    playground.click("//span[@class='graphiql-explorer-field-view' and text()='method']")

    answer = playground.execute()

    assert answer["data"]["viewer"] == {"method": "DASHBOARD"}


def test_a_query_is_built_by_the_keyboard_alone(playground: Page) -> None:
    playground.write(
        "operation.graphql", "query Built { __typename calls(first: 1) { totalCount } }"
    )
    playground.find("[aria-label='Show Query Builder']").send_keys(Keys.ENTER)
    opened = playground.find("[aria-label='Hide Query Builder']")
    assert playground.driver.switch_to.active_element == opened  # and no field far below

    for name, keys in (("viewer", [Keys.SPACE]), ("method", [Keys.ENTER, Keys.SPACE, Keys.ENTER])):
        playground.walk_to(box(name), Keys.TAB)
        for key in keys:
            playground.driver.switch_to.active_element.send_keys(key)

    answer = playground.execute()

    assert answer["data"]["viewer"] == {"method": "DASHBOARD"}


def box(field: str) -> str:
    """What chooses a field in the query builder."""
    return f"[role='checkbox'][data-field-name='{field}']"
