"""The API reference as a person sees it, offline and under its content security policy."""

from tests.browser.driver import Page
from tests.live import LiveServer


def test_the_reference_lists_the_routes_and_opens_one(page: Page, live_server: LiveServer) -> None:
    page.open("/docs")

    page.wait_text("#reference .title", "Jackfield")
    page.wait_text("#reference", "/api/v1/assistant-graphs/{graph_id}/structure")
    page.click("#operations-Assistant_graphs-list_graphs .opblock-summary-control")
    page.wait_text("#operations-Assistant_graphs-list_graphs", "active_only")
    page.screenshot("reference.png")

    assert live_server.url == page.url


def test_a_request_can_be_tried_with_a_key(page: Page, live_server: LiveServer) -> None:
    page.open("/docs")

    page.click(".auth-wrapper .authorize")
    page.find("#auth-bearer-value").send_keys(live_server.api_key)
    page.click(".auth-btn-wrapper .authorize")
    page.click(".btn-done")
    page.click("#operations-Assistant_graphs-list_graphs .opblock-summary-control")
    page.click("#operations-Assistant_graphs-list_graphs .execute")

    page.wait_text("#operations-Assistant_graphs-list_graphs .live-responses-table", "200")
    page.wait_text(
        "#operations-Assistant_graphs-list_graphs .live-responses-table", "Customer Service Router"
    )
