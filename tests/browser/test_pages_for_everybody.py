"""Every page in light and dark, by axe-core, and on screens of three widths, by what is cut."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.driver import Page
from tests.live import LiveServer

AXE = Path(__file__).parents[1] / "clients/node_modules/axe-core/axe.min.js"
SCHEMES = ("light", "dark")
SCREENS = ((375, 812), (768, 1024), (1440, 900))
PANELS = ("Query Builder", "History", "Documentation Explorer")
FEWEST_LINES = 15

RUN_AXE = """
const done = arguments[0];
const describe = ({id, nodes}) =>
  nodes.map(({target, html}) => `${id}: ${target.join(" ")} ${html}`.slice(0, 300));
axe.run(document, {resultTypes: ["violations"]}).then(({violations}) => done(
  violations.filter(({impact}) => ["serious", "critical"].includes(impact)).flatMap(describe)));
"""
CUT = """
const inner = (element) => {
  for (let each = element.parentElement; each; each = each.parentElement) {
    if (["auto", "scroll", "hidden"].includes(getComputedStyle(each).overflowX)) return true;
  }
  return false;
};
const kinds = "h1, h2, p, button, select, input, textarea, nav a, pre, td";
const cut = [...document.querySelectorAll(kinds)]
  .filter((element) => element.checkVisibility() && !inner(element))
  .filter((element) => {
    const {left, right} = element.getBoundingClientRect();
    return left < -1 || right > document.documentElement.clientWidth + 1;
  });
const words = [...document.querySelectorAll("button, select")]
  .filter((element) => element.checkVisibility() && element.scrollWidth > element.clientWidth + 1);
const page = document.scrollingElement;
const wide = page.scrollWidth > page.clientWidth + 1 ? ["the page scrolls sideways"] : [];
return [...wide, ...[...cut, ...words].map((element) => element.outerHTML.slice(0, 200))];
"""
CODE = """
const rect = (selector) => document.querySelector(selector).getBoundingClientRect();
const code = rect(".graphiql-query-editor .graphiql-editor");
const toolbar = rect(".graphiql-toolbar");
const line = rect(".graphiql-query-editor .view-line").height;
const apart = toolbar.left >= code.right || toolbar.top >= code.bottom
  || toolbar.bottom <= code.top;
return {apart, lines: Math.floor(code.height / line)};
"""
ROWS = """
const middle = ({top, bottom}) => Math.round((top + bottom) / 2);
const parts = [...document.querySelectorAll(".result-bar > *")];
return new Set(parts.map((part) => middle(part.getBoundingClientRect()))).size;
"""


def serious(page: Page) -> list[str]:
    """What axe-core finds serious or critical on the page as it is now."""
    if not AXE.exists():
        pytest.skip("axe-core DID NOT LOOK AT THE PAGES: run `make clients` first")
    page.driver.execute_script(AXE.read_text())
    problems: list[str] = page.driver.execute_async_script(RUN_AXE)
    return problems


def script(page: Page, text: str) -> Any:
    return page.driver.execute_script(text)


@pytest.fixture(params=SCHEMES)
def scheme(page: Page, request: pytest.FixtureRequest) -> Iterator[str]:
    name: str = request.param
    page.prefer(name)
    yield name
    page.prefer("light")


def open_playground(page: Page, live_server: LiveServer) -> None:
    page.open("/playground")
    page.find(".graphiql-query-editor .view-line")
    page.log_in_by_password(live_server.email, live_server.password)
    page.wait_removed("#login")
    page.execute()


def test_axe_finds_nothing_serious(page: Page, live_server: LiveServer, scheme: str) -> None:
    page.open("/")
    assert serious(page) == []
    page.open("/docs")
    page.find("#operations-Calls-list_calls")
    assert serious(page) == []
    page.click("#operations-Calls-list_calls .opblock-summary-control")
    page.find("#operations-Calls-list_calls .execute")
    assert serious(page) == []
    page.screenshot(f"reference-{scheme}.png")

    page.open("/playground")
    page.find(".graphiql-query-editor .view-line")
    assert serious(page) == []
    open_playground(page, live_server)
    page.click(".result-bar .explain")
    page.wait_text(".explain-panel", "SQL")
    for panel in PANELS:
        page.click(f"[aria-label='Show {panel}']")
        page.find(f"[aria-label='Hide {panel}']")
        page.screenshot(f"playground-{scheme}-{panel.split()[0].lower()}.png")
        assert serious(page) == []


@pytest.mark.parametrize(("width", "height"), SCREENS)
def test_nothing_is_cut(page: Page, live_server: LiveServer, width: int, height: int) -> None:
    """The screenshots are for people to look at."""
    page.resize(width, height)
    for path, selector in (("/", "h1"), ("/docs", "#operations-Calls-list_calls")):
        page.open(path)
        page.find(selector)
        page.screenshot(f"{path.strip('/') or 'landing'}-{width}.png")
        assert script(page, CUT) == []
    page.click("#operations-Calls-list_calls .opblock-summary-control")
    page.find("#operations-Calls-list_calls .responses-table")
    page.screenshot(f"operation-{width}.png")
    assert script(page, CUT) == []
    page.open("/playground")
    page.find(".graphiql-query-editor .view-line")
    page.screenshot(f"login-{width}.png")
    assert script(page, CUT) == []
    open_playground(page, live_server)
    page.screenshot(f"playground-{width}.png")
    assert script(page, CUT) == []
    code = script(page, CODE)
    assert code["apart"]
    assert code["lines"] >= FEWEST_LINES


def test_what_is_below_an_answer_is_one_row_beside_the_query_builder(
    page: Page, live_server: LiveServer, scheme: str
) -> None:
    page.resize(1440, 900)
    open_playground(page, live_server)
    page.click("[aria-label='Show Query Builder']")
    page.find("[aria-label='Hide Query Builder']")
    page.find(".result-bar .explain")
    page.screenshot(f"builder-1440-{scheme}.png")

    assert script(page, ROWS) == 1
