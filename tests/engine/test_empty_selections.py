"""Whatever `@skip` and `@include` leave empty is an empty object, and never nothing."""

from collections.abc import AsyncIterator

import pytest

from tests.databases import Copy
from tests.engine.differential import DifferentialClient, differential_client
from tests.engine.test_regressions import alike


@pytest.fixture
async def differential(fresh: Copy) -> AsyncIterator[DifferentialClient]:
    async with differential_client(fresh) as differential:
        yield differential


@pytest.mark.parametrize(
    "query",
    [
        "{ graph(id: 1) @skip(if: $no) { id } }",
        "{ graph(id: 1) { name @skip(if: $no) } }",
        "{ graph(id: 1) { __typename @skip(if: $no) id @include(if: $no) } }",
        "{ calls(first: 2) { nodes { id @skip(if: $no) } } }",
        "{ calls(first: 2) { edges { cursor @skip(if: $no) } } }",
        "{ calls(first: 2) { pageInfo { hasNextPage @skip(if: $no) } } }",
        "{ calls(first: 2) { totalCount @skip(if: $no) } }",
        "{ viewer { method @skip(if: $no) } __typename @skip(if: $no) }",
        "{ graph(id: 1) { nodes { position { x @skip(if: $no) } } } }",
        '{ nodes(ids: ["graph_1", "call_9"]) { id @skip(if: $no) } }',
        "{ smsConversations { nodes { related { id @skip(if: $no) } } } }",
        "{ auditLog { nodes { id @skip(if: $no) } } }",
        '{ graphSessions { nodes { a: contextValue(path: "") @skip(if: $no) } } }',
    ],
)
async def test_what_is_left_empty_by_skip_is_an_empty_object(
    differential: DifferentialClient, query: str
) -> None:
    for no in (True, False):
        await alike(differential, f"query($no: Boolean!) {query}", no=no)
