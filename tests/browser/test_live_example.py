"""examples/live: a page that follows an organization, also past a gateway that is killed."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver

from gql.demo.conversations import conversations
from tests.browser.conftest import LOCAL, SCREEN
from tests.browser.driver import Page
from tests.browser.killable import Followed, files, followed
from tests.browser.test_pages_for_everybody import CUT, SCREENS, script, serious
from tests.databases import Databases

ROOT = Path(__file__).parents[2]
CALLS = "{ calls(first: 12) { nodes { id cost { total currency } } } }"
ONGOING = """{ calls(first: 12, filter: {status: {eq: ONGOING}}) {
    nodes { id callSid transcript(last: 100) { nodes { content } } } } }"""
SPOKEN = "query ($id: ID!) { call(id: $id) { transcript(last: 100) { nodes { content } } } }"
MESSAGES = "{ smsConversations(first: 5) { nodes { messages(last: 2) { nodes { content } } } } }"


@pytest.fixture
async def gateway(databases: Databases, tmp_path: Path) -> AsyncIterator[tuple[Followed, str]]:
    """A gateway that the page's origin may use, and that origin."""
    with files(ROOT / "examples/live") as origin:
        async with databases.lend("sqlite") as copy:
            with followed(copy, tmp_path, GQL_CORS_ORIGINS=origin) as gateway:
                yield gateway, origin


@pytest.fixture
def page(browser: webdriver.Chrome, gateway: tuple[Followed, str]) -> Page:
    """The page of somebody who has logged in."""
    followed, origin = gateway
    page = Page(browser, origin)
    page.forget_everything()
    page.resize(*SCREEN)
    page.open(f"/?gateway={followed.server.url}")
    page.find("#key").send_keys(followed.api_key)
    page.click("#login button")
    page.wait_text("#connection", "Connected")
    return page


def simulated(seed: int, number: int, *, until: float = 10_000) -> list[bytes]:
    """The requests of so many conversations that began now, as far as they have come."""
    began = datetime.now(UTC)
    due = [
        (happening.after, happening.item(began))
        for conversation in islice(conversations(seed), number)
        for happening in conversation.happenings
        if happening.after <= until
    ]
    return [json.dumps(item).encode() for _, item in sorted(due, key=lambda each: each[0])]


def send(gateway: Followed, items: list[bytes]) -> None:
    gateway.post("/api/v1/ingest", b"\n".join(items), "application/x-ndjson")


def shown(page: Page, selector: str) -> list[tuple[str, str]]:
    """The ids and the texts of rows, at one moment."""
    rows = f"[...document.querySelectorAll('{selector}')]"
    pairs = script(page, f"return {rows}.map((row) => [row.dataset.id, row.innerText])")
    return [tuple(pair) for pair in pairs]


def test_sessions_calls_and_messages_appear(page: Page, gateway: tuple[Followed, str]) -> None:
    followed, _ = gateway
    send(followed, simulated(3, 12, until=20))
    page.wait_text("#seen", "messages")
    page.find(".session")
    page.find("#messages li")
    calls = followed.graphql(CALLS)["calls"]["nodes"]
    page.wait_text("#calls", "ongoing")
    page.screenshot("live.png")
    assert serious(page) == []
    for width, height in SCREENS:
        page.resize(width, height)
        page.screenshot(f"live-{width}.png")
        assert script(page, CUT) == []
    page.resize(*SCREEN)
    send(followed, simulated(3, 12))
    page.wait_text("#calls", "completed")

    assert [row for row, _ in shown(page, "#calls tr")] == [call["id"] for call in calls]
    assert page.hosts() <= LOCAL
    assert page.complaints() == []


def test_the_transcript_of_a_call_is_shown_as_it_is_spoken(
    page: Page, gateway: tuple[Followed, str]
) -> None:
    followed, _ = gateway
    items = simulated(3, 12, until=20)
    send(followed, items)
    page.wait_text("#calls", "ongoing")
    begun = {item.get("externalId") for item in map(json.loads, items)}
    ongoing = followed.graphql(ONGOING)["calls"]["nodes"]
    ongoing = [each for each in ongoing if each["callSid"] in begun]
    call = max(ongoing, key=lambda each: len(each["transcript"]["nodes"]))
    before = spoken(call)
    page.click(f'#calls tr[data-id="{call["id"]}"] button')
    page.wait_text("#transcript", before[-1])
    at_once = lines(page)
    page.screenshot("live-transcript.png")
    assert serious(page) == []
    send(followed, simulated(3, 12))
    whole = spoken(followed.graphql(SPOKEN, id=call["id"])["call"])
    page.wait_text("#transcript", whole[-1])

    assert at_once == before[::-1]
    assert len(whole) > len(before) > 0
    assert lines(page) == whole[::-1]
    assert page.complaints() == []


def spoken(call: dict[str, Any]) -> list[str]:
    """What was said in a call, the oldest first."""
    return [segment["content"] for segment in call["transcript"]["nodes"]]


def lines(page: Page) -> list[str]:
    """What the page shows of that, the newest first."""
    return [text.rpartition("\n")[2] for _, text in shown(page, "#transcript li")]


def test_nothing_is_missing_after_the_gateway_was_killed(
    page: Page, gateway: tuple[Followed, str]
) -> None:
    followed, _ = gateway
    items = simulated(5, 16)
    third = len(items) // 3
    send(followed, items[:third])
    page.wait_text("#seen", "messages")
    followed.server.kill()
    page.wait_text("#connection", "Connecting")
    followed.server.start()
    send(followed, items[third : 2 * third])
    followed.server.kill()
    followed.server.start()
    send(followed, items[2 * third :])
    sent = list(map(json.loads, items))
    calls = {item["externalId"] for item in sent if item["kind"] == "call"}
    texts = [item["body"] for item in sent if item.get("body")]
    page.wait_text("#seen", f"{len(calls)} calls, {len(texts)} messages")
    page.wait_text("#connection", "Connected")

    listed = followed.graphql(CALLS)["calls"]["nodes"]
    costs = {
        call["id"]: f"{call['cost']['total']} {call['cost']['currency']}"
        for call in listed
        if call["cost"] and call["cost"]["total"]
    }
    for cost in costs.values():
        page.wait_text("#calls", cost)
    rows = dict(shown(page, "#calls tr"))
    assert list(rows) == [call["id"] for call in listed]
    assert costs
    assert {call: cost for call, cost in costs.items() if not rows[call].endswith(cost)} == {}
    messages = [text.rpartition("\n")[2] for _, text in shown(page, "#messages li")]
    assert len(messages) == min(14, len(texts))
    assert set(messages) <= set(texts)


def test_a_wrong_key_is_refused_in_words(
    browser: webdriver.Chrome, gateway: tuple[Followed, str]
) -> None:
    followed, origin = gateway
    page = Page(browser, origin)
    page.forget_everything()
    page.open(f"/?gateway={followed.server.url}")
    page.find("#key").send_keys("wrong")
    page.click("#login button")

    page.wait_text("#refusal", "Invalid API key")
