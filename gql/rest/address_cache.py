"""Cached reads by address: path and query string of a request, which are not parsed again."""

from starlette.types import Scope

from gql.engine.cache import SegmentedCache
from gql.engine.query_runner import BoundQuery
from gql.rest.route import RestRoute

ADDRESSES_BYTES = 8_000_000
"""How much memory the cached reads may take, roughly."""

_LONGEST = 300
"""Longer addresses are seldom requested again."""

_BYTES_AT_LEAST = 2_000


class AddressCache:
    """The bound read of each address, without an organization: each request fills in its own."""

    def __init__(self) -> None:
        self._reads: SegmentedCache[BoundQuery] = SegmentedCache(ADDRESSES_BYTES, _weight)

    def get(self, route: RestRoute, scope: Scope) -> BoundQuery | None:
        address = _address(route, scope)
        return None if address is None else self._reads.get(address)

    def put(self, route: RestRoute, scope: Scope, read: BoundQuery) -> None:
        address = _address(route, scope)
        if address is not None:
            self._reads.put(address, read)


def _address(route: RestRoute, scope: Scope) -> tuple[str, bytes] | None:
    """What equal requests have in common; None when the address alone does not say what is read."""
    path, query_string = scope["path"], scope["query_string"]
    if not route.is_read_by_address or len(path) + len(query_string) > _LONGEST:
        return None
    return path, query_string


def _weight(read: BoundQuery) -> float:
    return _BYTES_AT_LEAST + read.statement.weight
