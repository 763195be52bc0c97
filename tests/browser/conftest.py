"""A real headless Chromium whose network ends at this machine."""

import shutil
from collections.abc import Iterator

import pytest
from selenium import webdriver

from tests.browser.driver import Page
from tests.live import LiveServer

LOCAL = frozenset({"127.0.0.1"})
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


SCREEN = (1280, 800)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """One Chromium for all tests: it starts for seconds."""
    chromium, driver_path = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver_path is None:
        pytest.skip("no chromium here: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver_path))
    try:
        yield driver
    finally:
        driver.quit()


@pytest.fixture
def page(browser: webdriver.Chrome, live_server: LiveServer) -> Iterator[Page]:
    """A browser at 1280x800 that was nowhere yet; it must send nothing to another machine."""
    page = Page(browser, live_server.url)
    page.forget_everything()
    page.resize(*SCREEN)
    yield page
    assert page.hosts() <= LOCAL
    assert page.complaints() == []
