"""A client of the GraphQL endpoint, without a network between."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
from starlette.types import ASGIApp, Message, Receive


@dataclass(frozen=True)
class HttpClient:
    """A client of the endpoint, with one credential.

    Attributes:
        app: For what only raw ASGI can say.
        http: The client, with the `Authorization` header set.
    """

    app: ASGIApp
    http: httpx2.AsyncClient

    async def post(self, body: Any = None, /, **options: Any) -> httpx2.Response:
        """Send `body` as JSON."""
        return await self.http.post("/graphql", json=body, **options)

    async def send(self, content: bytes, **headers: str) -> httpx2.Response:
        """Send these bytes, as JSON unless a header says otherwise."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.post(
            "/graphql", content=content, headers={"content-type": "application/json"} | named
        )

    async def get(self, **parameters: str) -> httpx2.Response:
        """Send a query string."""
        return await self.http.get("/graphql", params=parameters)

    async def query(self, document: str, **variables: Any) -> httpx2.Response:
        """Send a document, and accept the media type that tells statuses apart."""
        return await self.post(
            {"query": document, "variables": variables},
            headers={"accept": "application/graphql-response+json"},
        )

    async def raw(self, receive: Receive, path: str = "/graphql", **headers: str) -> list[Message]:
        """POST through ASGI itself, and collect what is sent back."""
        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named["authorization"] = self.http.headers["authorization"]
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in named.items()],
        }
        await self.app(scope, receive, send)
        return sent


@asynccontextmanager
async def door(app: ASGIApp, token: str | None) -> AsyncIterator[HttpClient]:
    """A client of an application, with a bearer token or with nothing."""
    transport = httpx2.ASGITransport(app)
    headers = {"authorization": f"Bearer {token}"} if token else {}
    async with httpx2.AsyncClient(
        transport=transport, base_url="http://127.0.0.1", headers=headers
    ) as http:
        yield HttpClient(app, http)
