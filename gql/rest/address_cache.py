"""Routes that say what they read: answered by a plan where there is one, else the reference way."""

from dataclasses import dataclass

from starlette.responses import Response
from starlette.types import Scope

from gql.engine.cache import SegmentedCache
from gql.engine.query_runner import BoundQuery, QueryRunner
from gql.engine.rest_query import RestArguments, RestQuery
from gql.engine.rest_resolvers import answer
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
    """A request that is ready to be answered.

    Attributes:
        read: What its route reads.
        asked: What it asks for.
        ready: The statement that prints the answer, if there is one.
    """

    read: RestQuery
    asked: RestArguments
    ready: BoundQuery | None


class AddressCache:
    """Answers what a route reads.

    Args:
        reads: The plans; None when settings say so.

    Attributes:
        reads: The same.
    """

    def __init__(self, reads: QueryRunner | None) -> None:
        self.reads = reads
        self._prepared: SegmentedCache[CachedAddress] = SegmentedCache(
            ADDRESSES_BYTES, _weight, on_promote=self._prove
        )

    def _prove(self, prepared: CachedAddress) -> None:
        """Who asks for an address again never asks for its statement: that proves itself here."""
        if self.reads is not None and prepared.ready is not None:
            self.reads.statements.get(prepared.ready.key)

    def known(self, route: RestRoute, scope: Scope) -> CachedAddress | None:
        """What an address was found to ask for, when it was asked before; whoever asks now."""
        address = _address(route, scope)
        prepared = None if address is None else self._prepared.get(address)
        if prepared is None or prepared.ready is None:
            return prepared
        return None if prepared.ready.bound.statement() is None else prepared

    async def prepare(
        self, route: RestRoute, read: RestQuery, asked: RestArguments, scope: Scope
    ) -> CachedAddress:
        """Make a request ready, and remember it by its address."""
        if self.reads is None:
            return CachedAddress(read, asked, None)
        prepared = CachedAddress(read, asked, await self.reads.bind(read, asked))
        address = _address(route, scope)
        if address is not None:
            self._prepared.put(address, prepared)
        return prepared

    async def respond(self, context: Context, prepared: CachedAddress) -> Response:
        """The answer.

        Raises:
            NotFound: when what is looked up is not there.
        """
        if self.reads is not None:
            body = await self.reads.answer(context, prepared.ready)
            if isinstance(body, bytes):
                return _printed(prepared.read, body)
        found = await answer(context, prepared.read, prepared.asked)
        return json_response(found.value, headers=version_headers(found.version))


def _printed(read: RestQuery, body: bytes) -> Response:
    """What a plan printed."""
    if not read.versioned:
        return Response(body, media_type=JSON)
    version, _, body = body.partition(b"\n")
    return Response(body, headers=version_headers(version.decode()), media_type=JSON)


def _address(route: RestRoute, scope: Scope) -> Address | None:
    """What equal requests have in common; None when more than the address says what is asked."""
    path, query = scope["path"], scope["query_string"]
    if not route.by_address or len(path) + len(query) > _LONGEST:
        return None
    return path, query


def _weight(prepared: CachedAddress) -> float:
    return _BYTES_AT_LEAST + (prepared.ready.bound.weight if prepared.ready else 0)
