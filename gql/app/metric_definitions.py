"""The metrics at `/metrics`, with their labels and meanings."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class MetricDefinition:
    """One metric.

    Attributes:
        name: In Prometheus.
        kind: A counter only grows, a gauge goes up and down.
        labels: Each has few values, and none names a tenant.
        meaning: For people, in Markdown.
    """

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    labels: tuple[str, ...]
    meaning: str


OPERATIONS = MetricDefinition(
    "jackfield_graphql_operations_total",
    "counter",
    ("way", "reason", "field"),
    "GraphQL operations that ran: by a `plan`, or by `resolvers` and for which reason.",
)
READS = MetricDefinition(
    "jackfield_rest_reads_total",
    "counter",
    ("way", "reason"),
    "REST reads, each by a `plan`; `reason` is `none` for an answer, `nothing` where the record is "
    "missing, and `failed` for an error.",
)
REQUESTS = MetricDefinition(
    "jackfield_requests_total",
    "counter",
    ("door", "method", "status"),
    "HTTP requests; `door` is `graphql`, `rest` (`/api/...`) or `pages`; "
    "`status` is `none` when the client went away before its answer.",
)
OVER_LIMIT = MetricDefinition(
    "jackfield_rate_limited_total",
    "counter",
    ("quota", "outcome"),
    "Requests over a rate limit: `refused`, or only `measured` with `GQL_RATE_LIMIT=measure`; and "
    "with the quota `heavy` operations that were refused as too many heavy ones waited.",
)
HEAVY = MetricDefinition(
    "jackfield_heavy_operations",
    "gauge",
    ("state",),
    "Heavy GraphQL operations that are `running` and `waiting`.",
)
SECONDS = MetricDefinition(
    "jackfield_request_seconds",
    "histogram",
    ("door",),
    "How long HTTP requests took, from their start to the end of the answer.",
)
CACHE_ENTRIES = MetricDefinition(
    "jackfield_cache_entries",
    "gauge",
    ("cache",),
    "What is cached: `documents` with their plans and statements, and `requests` with their "
    "values; of REST the `rest_statements`.",
)
CACHE_BYTES = MetricDefinition(
    "jackfield_cache_bytes",
    "gauge",
    ("cache",),
    "About how much memory that takes.",
)
CONNECTIONS = MetricDefinition(
    "jackfield_database_connections_in_use",
    "gauge",
    ("pool",),
    "Connections that run something: those of `plans`, and `the_rest`.",
)
CONNECTIONS_MOST = MetricDefinition(
    "jackfield_database_connections_most",
    "gauge",
    ("pool",),
    "How many there may be; 0 for `plans` until the first one runs.",
)

METRICS = (
    OPERATIONS,
    READS,
    REQUESTS,
    OVER_LIMIT,
    HEAVY,
    SECONDS,
    CACHE_ENTRIES,
    CACHE_BYTES,
    CONNECTIONS,
    CONNECTIONS_MOST,
)
"""In the order of the documentation."""
