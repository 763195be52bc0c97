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
    "GraphQL operations that were answered: by a `plan`, by what one had printed before (`cache`),"
    " or by `resolvers` and for which reason.",
)
BINDERS_OFF = MetricDefinition(
    "jackfield_binders_off_total",
    "counter",
    ("reason",),
    "Plans whose own binder is not used any more, as what it bound was `different` from what the "
    "general one binds: a bug, logged with the document. Their answers are right, and slower.",
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
    "with the quotas `heavy` and `light` those that were refused as too many of them waited.",
)
LIGHT = MetricDefinition(
    "jackfield_light_operations",
    "gauge",
    ("state",),
    "All other requests that use a connection: `running`, and `waiting` for earlier ones of "
    "their tenant.",
)
LOOP_STEPS = MetricDefinition(
    "jackfield_event_loop_steps",
    "gauge",
    ("state",),
    "Steps of requests that are `waiting`: their tenant has used its allowance of the event "
    "loop's round.",
)
LOOP_POSTPONED = MetricDefinition(
    "jackfield_event_loop_postponed_total",
    "counter",
    ("what",),
    "Work that had to wait so: `steps` of requests.",
)
HEAVY = MetricDefinition(
    "jackfield_heavy_operations",
    "gauge",
    ("state",),
    "Heavy operations of both doors that are `running` and `waiting`.",
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
    "What is cached: `documents` with their plans and statements, `answers` to expensive queries;"
    " of REST the `rest_statements`.",
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
    "Connections that run something: those of `plans`, and `the_rest`; of a replica "
    "`replica_1_plans` and `replica_1_the_rest`.",
)
CONNECTIONS_MOST = MetricDefinition(
    "jackfield_database_connections_most",
    "gauge",
    ("pool",),
    "How many there may be; 0 for `plans` until the first one runs.",
)

WEBHOOKS = MetricDefinition(
    "jackfield_webhook_attempts_total",
    "counter",
    ("outcome",),
    "Deliveries to webhook subscriptions that were tried: `delivered`, or `failed` and tried again "
    "unless `given_up`; `postponed` are those whose answer could not be made up, as while the "
    "database is down.",
)
WEBHOOK_ATTEMPTS = MetricDefinition(
    "jackfield_webhook_deliveries",
    "gauge",
    ("state",),
    "Of them, those that are `running` and `waiting`.",
)

CHOICES = MetricDefinition(
    "jackfield_reads_by_server_total",
    "counter",
    ("server", "reason"),
    "With `GQL_READ_DATABASE_URLS`, requests by the server that they read on: `replica_1`, ... and "
    "`primary`, which serves those whose client wrote what no replica has (`behind`), all while no "
    "replica can be used (`none_usable`), and those whose replica failed (`failed`).",
)
REPLICA_LAG = MetricDefinition(
    "jackfield_replica_lag_seconds",
    "gauge",
    ("server",),
    "How far a replica was behind the primary when it was looked at last, once per second.",
)
REPLICA_USED = MetricDefinition(
    "jackfield_replica_used",
    "gauge",
    ("server",),
    "1 while a replica is used; 0 while it is dead, too far behind, or has other tables.",
)

METRICS = (
    OPERATIONS,
    BINDERS_OFF,
    READS,
    REQUESTS,
    OVER_LIMIT,
    HEAVY,
    LIGHT,
    LOOP_STEPS,
    LOOP_POSTPONED,
    SECONDS,
    CACHE_ENTRIES,
    CACHE_BYTES,
    CONNECTIONS,
    CONNECTIONS_MOST,
    WEBHOOKS,
    WEBHOOK_ATTEMPTS,
    CHOICES,
    REPLICA_LAG,
    REPLICA_USED,
)
"""In the order of the documentation."""
