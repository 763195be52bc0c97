"""What a person does in the browser, and what the browser did meanwhile."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

ARTIFACTS = Path(__file__).parents[2] / "var" / "artifacts"
PATIENCE = 30
MOST_STEPS = 300
"""Most presses of one key that lead to an element."""
NETWORK = frozenset({"http", "https", "ws", "wss", "ftp"})


class Page:
    """One tab, opened on the live server."""

    def __init__(self, driver: webdriver.Chrome, url: str) -> None:
        self.driver = driver
        self.url = url
        self._requests: list[dict[str, Any]] = []

    def open(self, path: str) -> None:
        self.driver.get(self.url + path)

    def forget_everything(self) -> None:
        """Leave whatever page is open, and drop what it stored, its cookies and the logs."""
        self.driver.get("about:blank")
        self.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
        stored = {"origin": self.url, "storageTypes": "all"}
        self.driver.execute_cdp_cmd("Storage.clearDataForOrigin", stored)
        for kind in ("browser", "performance"):
            self._log(kind)

    def resize(self, width: int, height: int) -> None:
        screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)

    def prefer(self, scheme: str) -> None:
        """Be the browser of somebody who prefers light or dark pages."""
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})

    def all(self, selector: str) -> list[WebElement]:
        """Every element of a kind, seen or not."""
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def find(self, selector: str) -> WebElement:
        """Wait until an element is there to be seen."""
        seen: list[WebElement] = self._wait().until(
            lambda _: self._seen(selector), f"no {selector}"
        )
        return seen[0]

    def click(self, selector: str) -> None:
        """Click an element, or the one that takes its place meanwhile."""

        def clicked(_: webdriver.Chrome) -> bool:
            self.find(selector).click()
            return True

        self._wait().until(clicked, f"{selector} was never there to be clicked")

    def walk_to(self, selector: str, key: str) -> None:
        """Press a key until an element of a kind has the focus, as somebody without a mouse."""
        for _ in range(MOST_STEPS):
            focused = self.driver.switch_to.active_element
            if focused in self.all(selector):
                return
            focused.send_keys(key)
        raise AssertionError(f"{selector} is not reached")

    def wait_text(self, selector: str, text: str) -> None:
        """Wait until an element shows a text."""
        self._wait().until(
            lambda _: any(text in element.text for element in self._seen(selector)),
            f"{selector} never said {text!r}",
        )

    def wait_removed(self, selector: str) -> None:
        """Wait until an element can no longer be seen."""
        self._wait().until(lambda _: not self._seen(selector), f"{selector} stayed")

    def log_in(self, api_key: str) -> None:
        field = self.find("#api-key")
        field.clear()
        field.send_keys(api_key)
        self.click("#login-button")

    def log_in_by_password(self, email: str, password: str) -> None:
        for selector, text in (("#email", email), ("#password", password)):
            self.find(selector).clear()
            self.find(selector).send_keys(text)
        self.click("#password-form button")

    def write(self, editor: str, text: str) -> None:
        """Replace the text of an editor: `operation.graphql`, `variables.json`, ..."""
        written = self.driver.execute_script(
            "const model = __MONACO.editor.getModels()"
            ".find(model => model.uri.path.endsWith(arguments[0]));"
            "model.setValue(arguments[1]); return model.getValue()",
            editor,
            text,
        )
        assert written == text

    def read(self, editor: str) -> str:
        """The text of an editor."""
        text: str = self.driver.execute_script(
            "return __MONACO.editor.getModels()"
            ".find(model => model.uri.path.endsWith(arguments[0])).getValue()",
            editor,
        )
        return text

    def stored(self) -> str:
        """Everything that the browser keeps for the page and lets it read."""
        text: str = self.driver.execute_script(
            "return JSON.stringify(localStorage) + JSON.stringify(sessionStorage) + document.cookie"
        )
        return text

    def run(self, tab: int) -> dict[str, Any]:
        """Run the query of a tab and hand back the answer in the response pane."""
        self.click(f"#graphiql-session-tab-{tab}")
        return self.execute()

    def execute(self) -> dict[str, Any]:
        """Run what is in the editor and hand back the answer in the response pane."""
        self.write("response.json", "")
        self.click(".graphiql-execute-button")
        text: str = self._wait().until(
            lambda _: self.read("response.json"),
            "no answer in the response pane",
        )
        answer: dict[str, Any] = json.loads(text)
        return answer

    def screenshot(self, name: str) -> None:
        ARTIFACTS.mkdir(parents=True, exist_ok=True)
        assert self.driver.save_screenshot(str(ARTIFACTS / name))

    def requests(self) -> list[dict[str, Any]]:
        """Every request that the browser sent so far."""
        for entry in self._log("performance"):
            event = json.loads(entry["message"])["message"]
            if event["method"] == "Network.requestWillBeSent":
                self._requests.append(event["params"]["request"])
            elif event["method"] == "Network.webSocketCreated":
                self._requests.append({"method": "GET", "headers": {}, **event["params"]})
        return self._requests

    def hosts(self) -> set[str]:
        """Every host that a request went to; chrome:, data: and blob: need no host."""
        urls = (urlsplit(request["url"]) for request in self.requests())
        return {url.hostname or "" for url in urls if url.scheme in NETWORK}

    def complaints(self) -> list[str]:
        """What the console says, but for refusals, which every login test provokes."""
        messages = (str(entry["message"]) for entry in self._log("browser"))
        return [message for message in messages if "status of 401" not in message]

    def _log(self, kind: str) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self.driver.get_log(kind)  # type: ignore[no-untyped-call]
        return entries

    def _seen(self, selector: str) -> list[WebElement]:
        by = By.XPATH if selector.startswith("//") else By.CSS_SELECTOR
        elements = self.driver.find_elements(by, selector)
        return [element for element in elements if element.is_displayed()]

    def _wait(self) -> "WebDriverWait[webdriver.Chrome]":
        """A page that was just reloaded has stale elements, which is worth another look."""
        stale = [StaleElementReferenceException]
        return WebDriverWait(self.driver, PATIENCE, poll_frequency=0.1, ignored_exceptions=stale)
