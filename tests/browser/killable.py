"""A gateway for a browser to follow, which the test kills and starts again."""

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from tests.databases import Copy, settings_for, without_settings
from tests.live import KilledServer

META = """mutation ($id: ID!, $n: Int!) {
    updateCallMeta(input: {id: $id, meta: {n: $n}}) { call { id } } }"""


@dataclass
class Followed:
    """The gateway, and somebody who writes to it.

    Attributes:
        server: The gateway.
        api_key: Of the first organization.
    """

    server: KilledServer
    api_key: str

    def graphql(self, query: str, **variables: Any) -> Any:
        """The data of an operation."""
        body = {"query": query, "variables": variables}
        answer = json.loads(self.post("/graphql", json.dumps(body).encode(), "application/json"))
        assert "errors" not in answer, answer
        return answer["data"]

    def post(self, path: str, body: bytes, media_type: str) -> bytes:
        request = urllib.request.Request(  # noqa: S310 -- loopback
            self.server.url + path,
            body,
            {"Authorization": f"Bearer {self.api_key}", "Content-Type": media_type},
        )
        with urllib.request.urlopen(request) as response:  # noqa: S310 -- the same
            return bytes(response.read())

    def write(self, number: int, call: str = "call_101") -> None:
        """Change a call."""
        self.graphql(META, id=call, n=number)

    def restart(self) -> None:
        self.server.kill()
        self.server.start()


@contextmanager
def followed(copy: Copy, folder: Path, **environment: str) -> Iterator[Followed]:
    """A gateway on a copy of the demo data, until the block ends."""
    settings = settings_for(copy.url)
    assert settings.secret_key is not None
    own = {
        **without_settings(),
        "GQL_DATABASE_URL": copy.url,
        "GQL_SECRET_KEY": settings.secret_key.get_secret_value(),
        **environment,
    }
    server = KilledServer(own, folder / "output")
    server.start()
    try:
        yield Followed(server, copy.organizations[0].api_key)
    finally:
        server.kill()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def files(folder: Path) -> Iterator[str]:
    """The origin of a server of this process with the files of a folder."""
    handler = partial(_Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
