"""`/metrics`: numbers about the process for Prometheus, behind the operator's token."""

import hmac
from collections.abc import Iterator

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gql.app.metric_definitions import (
    BINDERS_OFF,
    CACHE_BYTES,
    CACHE_ENTRIES,
    CHOICES,
    CONNECTIONS,
    CONNECTIONS_MOST,
    HEAVY,
    LIGHT,
    LOOP_POSTPONED,
    LOOP_STEPS,
    OPERATIONS,
    OVER_LIMIT,
    READS,
    REPLICA_LAG,
    REPLICA_USED,
    REQUESTS,
    WEBHOOK_ATTEMPTS,
    WEBHOOKS,
    MetricDefinition,
)
from gql.app.publishing import Numbers, Publisher
from gql.app.request_counter import RequestCounter
from gql.app.webhook_sender import WebhookSender
from gql.auth.credential_source import read_presented
from gql.database import Database, Replicas
from gql.engine.fallback import FallbackReason
from gql.engine.query_runner import QueryRunner, ReadOutcome
from gql.errors import Unauthenticated
from gql.fair_queue import FairQueue
from gql.loop_shares import LoopShares
from gql.schema.endpoint import GraphQLEndpoint
from gql.settings import Settings
from gql.stores import RateLimits

SHORTEST_TOKEN = 32


class Metrics:
    """Collects the numbers where they are counted, and publishes them.

    They are about the whole process, so no tenant's credential opens this address, and no label
    names an organization.

    Args:
        settings: For the token.
        endpoint: Counts how operations were answered, and what it has cached.
        database: Counts its connections.
        queries: Counts how REST reads ended.
        rate_limits: Counts what was over them.
        shares: Counts the steps that wait for the event loop.
        webhooks: Counts the deliveries to webhook subscriptions.
        replicas: Count where requests read.

    Attributes:
        requests: Counts the requests.

    Raises:
        ValueError: when the token is short.
    """

    def __init__(
        self,
        settings: Settings,
        endpoint: GraphQLEndpoint,
        database: Database,
        queries: QueryRunner,
        rate_limits: RateLimits,
        shares: LoopShares,
        webhooks: WebhookSender,
        replicas: Replicas | None = None,
    ) -> None:
        self.requests = RequestCounter()
        self._token = _token(settings)
        self._endpoint = endpoint
        self._database = database
        self._queries = queries
        self._rate_limits = rate_limits
        self._shares = shares
        self._webhooks = webhooks
        self._replicas = replicas
        self._outcome = "refused" if settings.rate_limit == "enforce" else "measured"
        self._publisher = Publisher(self._counters, self._gauges, self.requests.seconds)
        self.publishing = self._publisher.publishing

    async def answer(self, request: Request) -> Response:
        """Every number, in Prometheus' text format.

        Raises:
            Unauthenticated: unless the request presents the token.
        """
        token = read_presented(request.scope).token
        if token is None or not hmac.compare_digest(token.encode(), self._token):
            raise Unauthenticated("Send GQL_METRICS_TOKEN as `Authorization: Bearer ...`.")
        headers = {"Cache-Control": "no-store", "Content-Type": CONTENT_TYPE_PLAIN_0_0_4}
        return Response(self._publisher.text(), headers=headers)

    def _counters(self) -> Numbers:
        counts = self._endpoint.runner.counts
        yield OPERATIONS, ("plan", "none", ""), counts.compiled
        yield OPERATIONS, ("cache", "none", ""), counts.cached
        resolved = {(reason, ""): 0 for reason in FallbackReason} | counts.resolved
        for (reason, field), number in resolved.items():
            yield OPERATIONS, ("resolvers", reason, field), number
        yield BINDERS_OFF, ("different",), counts.binders_off
        for outcome in ReadOutcome:
            yield READS, ("plan", outcome), self._queries.counts[outcome]
        for (door, method, status), number in self.requests.requests.items():
            yield REQUESTS, (door, method, str(status) if status else "none"), number
        for quota, number in self._rate_limits.over.items():
            yield OVER_LIMIT, (quota, self._outcome), number
        for name, _, queue in self._queues():
            yield OVER_LIMIT, (name, "refused"), queue.refused
        yield LOOP_POSTPONED, ("steps",), self._shares.postponed
        for ending in ("delivered", "failed", "given_up", "postponed"):
            yield WEBHOOKS, (ending,), self._webhooks.counts[ending]
        if self._replicas is not None:
            for choice, number in self._replicas.counts.items():
                yield CHOICES, choice, number

    def _queues(self) -> Iterator[tuple[str, MetricDefinition, FairQueue]]:
        queues = self._endpoint.queues
        yield "heavy", HEAVY, queues.heavy
        yield "light", LIGHT, queues.light

    def _gauges(self) -> Numbers:
        for _, metric, queue in self._queues():
            yield metric, ("running",), queue.running
            yield metric, ("waiting",), queue.waiting
        yield LOOP_STEPS, ("waiting",), self._shares.waiting
        yield WEBHOOK_ATTEMPTS, ("running",), self._webhooks.attempts.running
        yield WEBHOOK_ATTEMPTS, ("waiting",), self._webhooks.attempts.waiting
        sizes = self._endpoint.sizes()
        sizes["rest_statements"] = self._queries.size()
        for cache, (entries, size) in sizes.items():
            yield CACHE_ENTRIES, (cache,), entries
            yield CACHE_BYTES, (cache,), size
        for pool, (busy, most) in self._database.connections().items():
            yield CONNECTIONS, (pool,), busy
            yield CONNECTIONS_MOST, (pool,), most
        for replica in () if self._replicas is None else self._replicas.replicas:
            if replica.lag is not None:
                yield REPLICA_LAG, (replica.name,), replica.lag
            yield REPLICA_USED, (replica.name,), replica.problem is None
            for pool, (busy, most) in replica.database.connections().items():
                yield CONNECTIONS, (f"{replica.name}_{pool}",), busy
                yield CONNECTIONS_MOST, (f"{replica.name}_{pool}",), most


def metrics_routes(metrics: Metrics | None) -> tuple[Route, ...]:
    """The address; none, when no token is set that opens it."""
    if metrics is None:
        return ()
    return (Route("/metrics", metrics.answer, methods=["GET"]),)


def _token(settings: Settings) -> bytes:
    token = settings.metrics_token
    plain = b"" if token is None else token.get_secret_value().encode()
    if len(plain) < SHORTEST_TOKEN:
        raise ValueError(f"GQL_METRICS_TOKEN needs at least {SHORTEST_TOKEN} characters.")
    return plain
