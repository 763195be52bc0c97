"""Asking the REST door, as a member of the first organization unless said otherwise."""

from collections.abc import Mapping
from typing import Any, Protocol

import httpx2
import pytest

from tests.conftest import bearer
from tests.databases import Copy


class Rest(Protocol):
    """Sends one request; without `headers` it comes from the owner."""

    async def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
        more: Mapping[str, str] | None = None,
    ) -> httpx2.Response:
        """The answer; `more` headers come on top of the owner's."""
        ...


def asking(client: httpx2.AsyncClient, owner: Mapping[str, str]) -> Rest:
    """A function that sends requests."""

    async def ask(
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
        more: Mapping[str, str] | None = None,
    ) -> httpx2.Response:
        sent = {**(owner if headers is None else headers), **(more or {})}
        if body is not None:
            return await client.request(method, path, json=body, headers=sent)
        return await client.request(method, path, content=raw, headers=sent)

    return ask


@pytest.fixture
def rest(client: httpx2.AsyncClient, owner: dict[str, str]) -> Rest:
    """Asks the shared application, which must not be changed."""
    return asking(client, owner)


@pytest.fixture
def fresh_rest(fresh_client: httpx2.AsyncClient, fresh: Copy) -> Rest:
    """Asks an application on the test's own database."""
    return asking(fresh_client, bearer(fresh.organizations[0]))
