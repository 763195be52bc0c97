"""One request, answered by resolvers and by a compiled plan, on the same rows."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import httpx2
from graphql import GraphQLError, parse
from starlette.applications import Starlette
from starlette.routing import Route

from gql.app import create_app
from gql.engine.answer_cache import AnswerCache
from gql.engine.cache import SegmentedCache
from gql.engine.document import Document as ValidDocument
from gql.engine.document import Request
from gql.engine.engine import Engine
from gql.engine.fallback import Fallback, NoPlan, fallback_of
from gql.engine.statement import Statement
from gql.schema.documents import choose_operation
from gql.schema.endpoint import GraphQLEndpoint
from gql.schema.schema import schema
from tests.databases import Copy, settings_for
from tests.engine.random_documents import Document
from tests.lifespan import running

ROOMY = {
    "max_tokens": 50_000,
    "max_depth": 60,
    "max_aliases": 5_000,
    "max_root_fields": 100,
    "max_cost": 10**30,
    "max_resolver_cost": 10**30,
    "log_level": "error",
}
"""Limits are decided before an operation runs; here they would only refuse documents."""

GRAPHQL = schema._schema  # noqa: SLF001 -- Strawberry has no other way to it


@dataclass(frozen=True)
class Answers:
    """Two answers; objects are lists of pairs, so that the order of keys counts.

    Attributes:
        resolved: Status and body, by resolvers.
        compiled: Status and body, by the engine where it can.
        planned: Whether the engine answered.
        data: The body of `resolved` as plain JSON.
    """

    resolved: tuple[int, Any]
    compiled: tuple[int, Any]
    planned: bool
    data: Any

    @property
    def alike(self) -> bool:
        """Whether both are the same to the letter of JSON."""
        return self.resolved == self.compiled


@dataclass(frozen=True)
class DifferentialClient:
    """Asks one application with its engine and without, so that documents are validated once."""

    client: httpx2.AsyncClient
    endpoint: GraphQLEndpoint
    engine: Engine

    async def ask(self, document: Document, *, times: int = 1) -> Answers:
        """Both answers to a document; that of the engine is the last of so many.

        From the third time on the binder of the document's plan may have bound it. The last of
        several is never an answer that was kept, since its plan would not run.
        """
        for number in range(times):
            before = self._by_plans()
            with patch.object(AnswerCache, "has", return_value=False) if number else nullcontext():
                compiled = await self._post(document, self.engine)
            planned = self._by_plans() > before
        resolved = await self.ask_resolvers(document)
        return Answers(
            (resolved.status_code, ordered(resolved.content)),
            (compiled.status_code, ordered(compiled.content)),
            planned,
            json.loads(resolved.content),
        )

    def _by_plans(self) -> int:
        return self.engine.counts.compiled + self.engine.counts.cached

    async def ask_resolvers(self, document: Document) -> httpx2.Response:
        """What the resolvers alone answer to a document."""
        return await self._post(document, None)

    async def plan_of(self, document: Document) -> str:
        """The plan of a document, or why it has none."""
        valid = ValidDocument(document.text, parse(document.text))
        request = Request(valid, choose_operation(valid.node, None), document.variables)
        try:
            plan, _ = await self.engine.plan(request, self.engine.coerce(request), 0)
            return str(plan)
        except (NoPlan, GraphQLError) as error:
            return str(fallback_of(error))

    def statements(self) -> list[Statement]:
        """Every statement that is cached."""
        return [
            statement
            for document in cached(self.endpoint._documents.cache)  # noqa: SLF001
            for plan in document.plans.values()
            if not isinstance(plan, Fallback)
            for statement in plan.statements.values()
        ]

    async def _post(self, document: Document, engine: Engine | None) -> httpx2.Response:
        body = json.dumps({"query": document.text, "variables": document.variables})
        self.endpoint.runner.engine = engine
        return await self.client.post(
            "/graphql", content=body, headers={"content-type": "application/json"}
        )


@asynccontextmanager
async def differential_client(copy: Copy) -> AsyncIterator[DifferentialClient]:
    """The production application over a copy, for a member of its first organization."""
    app = create_app(settings_for(copy.url, compiled=True, rate_limit="off", **ROOMY))
    endpoint = endpoint_of(app)
    assert endpoint.runner.engine is not None
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(running(app))
        client = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app, raise_app_exceptions=False),
            base_url="http://127.0.0.1",
            headers={"Authorization": f"Bearer {copy.organizations[0].api_key}"},
        )
        await stack.enter_async_context(client)
        yield DifferentialClient(client, endpoint, endpoint.runner.engine)


def cached(cache: SegmentedCache[Any]) -> list[Any]:
    """Every value of a cache, read without being used."""
    return [*cache._probation.values(), *cache._protected.values()]  # noqa: SLF001


def endpoint_of(app: Starlette) -> GraphQLEndpoint:
    """What serves an application's GraphQL address."""
    endpoints = [route.endpoint for route in app.routes if isinstance(route, Route)]
    return next(item for item in endpoints if isinstance(item, GraphQLEndpoint))


def ordered(body: bytes) -> Any:
    """JSON with objects as lists of pairs and no request id; what is no JSON stays text."""
    try:
        return json.loads(
            body,
            object_pairs_hook=lambda pairs: [
                ("", pair[0], pair[1]) for pair in pairs if pair[0] != "requestId"
            ],
        )
    except ValueError:
        return body.decode(errors="replace")
