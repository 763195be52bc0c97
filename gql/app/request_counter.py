"""Counts requests while they are answered: plain numbers, which `metrics` publishes when asked."""

from bisect import bisect_left
from typing import Literal

Door = Literal["graphql", "rest", "pages"]

DOORS: tuple[Door, ...] = ("graphql", "rest", "pages")

BOUNDS = (
    0.0005,
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
    30.0,
)
"""Seconds, up to which requests are counted together."""

_GRAPHQL = ("/graphql", "/graphql/")

OTHER = "other"
"""Any method that nobody serves: clients may make up as many as they like."""

METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})


class LatencyHistogram:
    """How long requests took.

    Attributes:
        counts: How many took up to each bound, and not up to the one before; the last, longer.
        total: Seconds of all together.
    """

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.total = 0.0


class RequestCounter:
    """Requests of one process.

    The library's own counters lock, and with several processes write to a file, for each request;
    these are a few additions, and the library learns of them when somebody reads.

    Attributes:
        requests: How many, by door, method and status; status 0 when no answer was begun.
        seconds: How long they took, by door.
    """

    def __init__(self) -> None:
        self.requests: dict[tuple[Door, str, int], int] = {}
        self.seconds = {door: LatencyHistogram() for door in DOORS}

    def note(self, path: str, method: str, status: int, seconds: float) -> None:
        """Count one request."""
        door = door_of(path)
        try:
            self.requests[door, method, status] += 1
        except KeyError:
            known = (door, method if method in METHODS else OTHER, status)
            self.requests[known] = self.requests.get(known, 0) + 1
        spread = self.seconds[door]
        spread.counts[bisect_left(BOUNDS, seconds)] += 1
        spread.total += seconds


def door_of(path: str) -> Door:
    """Which door an address belongs to."""
    if path in _GRAPHQL:
        return "graphql"
    return "rest" if path.startswith("/api/") else "pages"
