"""Counts requests and how long they take, in plain numbers that `publishing` reads."""

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
"""The upper bounds of the histogram's buckets, in seconds."""

_GRAPHQL = ("/graphql", "/graphql/")

OTHER = "other"
"""Stands for a method that no route has: clients can send any number of them."""

METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "QUERY"})


class LatencyHistogram:
    """How long requests took.

    Attributes:
        counts: How many fell into each bucket; the last one is for those over every bound.
        total: The sum of all, in seconds.
    """

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.total = 0.0

    def observe(self, seconds: float) -> None:
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.total += seconds


class RequestCounter:
    """Requests of one process.

    The Prometheus library's own counters take a lock for each request and, with several processes,
    write to a file. These are a few additions, handed to the library when somebody reads.

    Attributes:
        requests: How many, by door, method and status; status 0 when no answer was begun.
        seconds: How long they took, by door.
    """

    def __init__(self) -> None:
        self.requests: dict[tuple[Door, str, int], int] = {}
        self.seconds = {door: LatencyHistogram() for door in DOORS}

    def record(self, path: str, method: str, status: int, seconds: float) -> None:
        """Count one request."""
        door = door_of(path)
        key = (door, method if method in METHODS else OTHER, status)
        self.requests[key] = self.requests.get(key, 0) + 1
        self.seconds[door].observe(seconds)


def door_of(path: str) -> Door:
    """Which door an address belongs to."""
    if path in _GRAPHQL:
        return "graphql"
    return "rest" if path.startswith("/api/") else "pages"
