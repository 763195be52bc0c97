"""Requests that read, at both doors."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest
from sqlalchemy import text

from gql.database import Database
from tests.conftest import bearer
from tests.databases import Copy, settings_for

GRAPH = (
    "{ graph(id: 1) { name nodes { id assistant { name } } sessions(first: 2) { totalCount } } }"
)
PLAIN = {"Accept-Encoding": "identity"}
READS: dict[str, tuple[str, dict[str, Any]]] = {
    "GET": ("/graphql", {"params": {"query": GRAPH}}),
    "HEAD": ("/graphql", {"params": {"query": GRAPH}}),
    "QUERY": ("/graphql", {"json": {"query": GRAPH}}),
    "a graph": ("/api/v1/assistant-graphs/1", {}),
    "its sessions": ("/api/v1/assistant-graphs/1/sessions", {}),
    "calls": ("/api/v1/calls?limit=3", {}),
    "conversations": ("/api/v1/sms-conversations?limit=3", {}),
}


async def ask(
    client: httpx2.AsyncClient, copy: Copy, read: str, *, organization: int = 0, **headers: str
) -> httpx2.Response:
    path, arguments = READS[read]
    method = read if read.isupper() else "GET"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    more = {**bearer(copy.organizations[organization]), **PLAIN, **named}
    return await client.request(method, path, headers=more, **arguments)


async def run(copy: Copy, statement: str) -> None:
    database = Database(settings_for(copy.url))
    async with database.transaction() as connection:
        await connection.execute(text(statement))
    await database.close()


@contextmanager
def fetched(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The statements whose value a door fetched in the block."""
    texts: list[str] = []
    fetch_value = Database.fetch_value

    def noting(database: Database, sql: str, values: Any, **more: Any) -> Any:
        texts.append(sql)
        return fetch_value(database, sql, values, **more)

    with monkeypatch.context() as patch:
        patch.setattr(Database, "fetch_value", noting)
        yield texts


def only_stamps(texts: list[str]) -> bool:
    """Whether one statement ran, and read nothing but stamps."""
    (sql,) = texts
    return sql.count("FROM") == 2 and "FROM change_stamp" in sql and " call" not in sql


def points_left(answer: httpx2.Response) -> int:
    """How many points an answer says that its caller may still use; the only limit there is."""
    (usage,) = re.findall(r"r=(\d+)", answer.headers["ratelimit"])
    return int(usage)
