"""Routes that say what they read: answered by a plan where there is one, else by resolvers."""

from dataclasses import dataclass

from starlette.responses import Response
from starlette.types import Scope

from gql.engine.cache import SegmentedCache
from gql.engine.query_runner import QueryRunner
from gql.engine.rest_query import RestArguments, RestQuery
from gql.engine.rest_resolvers import answer
from gql.engine.statement import BoundStatement
from gql.http.media_types import JSON
from gql.query.context import Context
from gql.rest.json_output import json_response
from gql.rest.preconditions import version_headers
from gql.rest.route import RestRoute

ADDRESSES_BYTES = 8_000_000
"""How much memory the addresses that are asked for again may take, roughly."""

_LONGEST = 300
"""Longer addresses do not come again."""

_BYTES_AT_LEAST = 2_000

Address = tuple[str, bytes]
"""Path and query string."""


@dataclass(frozen=True)
class CachedAddress:
    """What the path and query string of a request mean.

    Attributes:
        query: What the route reads.
        arguments: What the request reads of it.
        bound: The statement that prints the answer, if there is one.
    """

    query: RestQuery
    arguments: RestArguments
    bound: BoundStatement | None


class AddressCache:
    """Answers what a route reads.

    Args:
        runner: Answers by plans; None when settings say so.

    Attributes:
        runner: The same.
    """

    def __init__(self, runner: QueryRunner | None) -> None:
        self.runner = runner
        self._addresses: SegmentedCache[CachedAddress] = SegmentedCache(ADDRESSES_BYTES, _weight)

    def get(self, route: RestRoute, scope: Scope) -> CachedAddress | None:
        """What an address means, when it has come before; whoever sent it."""
        address = _address(route, scope)
        return None if address is None else self._addresses.get(address)

    async def prepare(
        self, route: RestRoute, query: RestQuery, arguments: RestArguments, scope: Scope
    ) -> CachedAddress:
        """Bind a request, and keep it by its address."""
        if self.runner is None:
            return CachedAddress(query, arguments, None)
        cached = CachedAddress(query, arguments, await self.runner.bind(query, arguments))
        address = _address(route, scope)
        if address is not None:
            self._addresses.put(address, cached)
        return cached

    async def respond(self, context: Context, cached: CachedAddress) -> Response:
        """The answer.

        Raises:
            NotFound: when what is looked up is not there.
        """
        if self.runner is not None:
            body = await self.runner.answer(context, cached.bound)
            if isinstance(body, bytes):
                return _printed(cached.query, body)
        answered = await answer(context, cached.query, cached.arguments)
        return json_response(answered.value, headers=version_headers(answered.version))


def _printed(query: RestQuery, body: bytes) -> Response:
    """What a plan printed."""
    if not query.versioned:
        return Response(body, media_type=JSON)
    version, _, body = body.partition(b"\n")
    return Response(body, headers=version_headers(version.decode()), media_type=JSON)


def _address(route: RestRoute, scope: Scope) -> Address | None:
    """What equal requests have in common; None when more than the address says what is asked."""
    path, query = scope["path"], scope["query_string"]
    if not route.by_address or len(path) + len(query) > _LONGEST:
        return None
    return path, query


def _weight(address: CachedAddress) -> float:
    return _BYTES_AT_LEAST + (address.bound.weight if address.bound else 0)
