"""Puts the gateway together: services, middleware, routes and lifespan."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext

from starlette.applications import Starlette
from starlette.datastructures import State
from starlette.middleware import Middleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp

from gql import pages
from gql.app.budget_watch import BudgetWatch
from gql.app.compression import Compression
from gql.app.cross_origin import cross_origin
from gql.app.event_numbering import EventNumbering
from gql.app.exception_handlers import HANDLERS
from gql.app.folding import Folding
from gql.app.frozen_heap import FROZEN_HEAP
from gql.app.health import Health
from gql.app.inbox_worker import InboxWorker
from gql.app.metrics import Metrics, metrics_routes
from gql.app.replica_reads import ReplicaReads
from gql.app.request_counter import RequestCounter
from gql.app.requests import RequestMiddleware
from gql.app.short_path import ShortPath
from gql.app.shortcut import Shortcut
from gql.app.shutdown import end_on_sigterm
from gql.app.webhook_sender import WebhookSender
from gql.auth import api_key_login, demo_login
from gql.auth.authenticator import Authenticator
from gql.auth.key_usage import KeyUsage
from gql.auth.middleware import Authentication, caller_of
from gql.database import Database, Replicas
from gql.distribution import require_own_package
from gql.engine.query_runner import QueryRunner
from gql.events.feed import SubscriptionSlots
from gql.events.hub import EventHubs
from gql.hooks.receiver import HookReceiver
from gql.http.loop_task import ChargedToAddress
from gql.http.running_requests import RunningRequests
from gql.http.socket_tasks import SocketLimits
from gql.loop_shares import LoopShares, charge_subtasks
from gql.migrations import head
from gql.operation_queues import OperationQueues
from gql.rest.answering import RestServices
from gql.rest.live_transcripts import LiveTranscripts
from gql.rest.mounting import rest_routes
from gql.rest.routes import NOT_SERVED, routes_of
from gql.schema.endpoint import GraphQLEndpoint
from gql.schema.schema import schema
from gql.schema.schema_files import schema_file_routes
from gql.schema.socket import ProtocolLimits, SocketEndpoint
from gql.settings import Settings
from gql.stores import (
    CredentialChanges,
    ProcessMessages,
    RateLimits,
    SmsSessionStore,
    open_process_messages,
    open_rate_limits,
    open_sms_sessions,
    open_throttle,
)
from gql.stores.throttle import Throttle
from gql.thread_switches import switch_threads_soon

EVENTS_TOPIC = "events"

RESERVED = {"pool_size": 2, "pool_timeout": 5.0, "request_timeout": 5.0, "compiled": False}
"""The settings of the connections that look up credentials and readiness, and read nothing else.

On the connections of data they would wait behind it: then a few slow requests of one organization
would be a refused credential for all others, and a process that is restarted for being busy.
"""


def create_app(settings: Settings | None = None) -> Starlette:
    """The gateway as an ASGI application; it reads nothing from the database before a request.

    Args:
        settings: Without them, those of the environment.

    Raises:
        MixedPackagesError: when the Python client `gql` is installed in the same environment.
        pydantic.ValidationError: when a variable of the environment does not parse.
        ValueError: when a secret or key cannot be used.
    """
    require_own_package()
    settings = settings or Settings()
    database = Database(settings)
    reserved = Database(settings.model_copy(update=RESERVED))
    replicas = None
    if settings.read_database_urls is not None:
        replicas = Replicas(settings, database, head())
    sms_sessions = open_sms_sessions(database, settings)
    rate_limits = open_rate_limits(settings)
    messages = open_process_messages(reserved, settings)
    changes = CredentialChanges(messages)
    database.on_credential_change = reserved.on_credential_change = changes.publish
    hubs, numbering = _open_events(database, reserved, settings, messages)
    throttle = open_throttle(settings)
    key_usage = KeyUsage(reserved)
    requests = RunningRequests(settings.request_timeout)
    shares = LoopShares()
    queues = OperationQueues.of(settings)
    slots = SubscriptionSlots(settings.max_subscriptions)
    graphql = GraphQLEndpoint(
        schema,
        database,
        settings,
        identify=caller_of,
        sms_sessions=sms_sessions,
        requests=requests,
        shares=shares,
        queues=queues,
        hubs=hubs,
        slots=slots,
    )
    sockets = SocketEndpoint(
        graphql, settings, caller_of, requests, shares, ProtocolLimits.of(settings)
    )
    live_transcripts = LiveTranscripts(
        database, caller_of, requests, shares, queues, hubs, slots, SocketLimits.of(settings)
    )
    queries = QueryRunner(database, has_own_connections=settings.compiled)
    webhooks = WebhookSender(database, settings, queues, graphql.subscription_reader.event_answers)
    metrics = None
    if settings.metrics_token is not None:
        metrics = Metrics(
            settings, graphql, database, queries, rate_limits, shares, webhooks, replicas
        )
    inbox = InboxWorker(database, settings, queues, sms_sessions)
    app = Starlette(
        routes=(
            *routes(
                graphql,
                Health(reserved, requests),
                RestServices(
                    database,
                    settings,
                    caller_of,
                    queries,
                    requests,
                    queues,
                    sms_sessions,
                    graphql.webhook_checks,
                ),
            ),
            *HookReceiver(reserved, database, settings, rate_limits, queues, inbox.note).routes,
            *schema_file_routes(schema, settings, caller_of),
            *metrics_routes(metrics),
            WebSocketRoute("/graphql", sockets, name="graphql_socket"),
            WebSocketRoute("/graphql/", sockets, name="graphql_socket_slash"),
            WebSocketRoute("/live-transcript/{call_sid}", live_transcripts, name="live"),
            WebSocketRoute("/live-transcript/{call_sid}/", live_transcripts, name="live_slash"),
        ),
        lifespan=_lifespan,
    )
    # `/calls` and `/calls/` are two addresses: a redirect would lose the body and trust the Host.
    app.router.redirect_slashes = False
    app.state = State(
        {
            "settings": settings,
            "demo_logins": demo_login.read_demo_logins(settings.demo_keys),
            "database": database,
            "reserved_database": reserved,
            "replicas": replicas,
            "sms_sessions": sms_sessions,
            "requests": requests,
            "rate_limits": rate_limits,
            "key_usage": key_usage,
            "credential_changes": changes,
            "messages": messages,
            "event_numbering": numbering,
            "event_hubs": hubs,
            "subscriptions": graphql.subscription_reader.subscriptions,
            "sockets": sockets,
            "live_transcripts": live_transcripts,
            "throttle": throttle,
            "folding": Folding(reserved),
            "inbox": inbox,
            "webhooks": webhooks,
            "queues": queues,
            "loop_shares": shares,
            "metrics": metrics,
        }
    )
    # Not by `Starlette(middleware=...)`, which puts `ServerErrorMiddleware` outside of them all:
    # `RequestMiddleware` answers exceptions, in JSON and with the request's id.
    counter = None if metrics is None else metrics.requests
    authenticator = Authenticator(reserved, settings, rate_limits, key_usage, changes)
    authentication = Middleware(
        Authentication,
        database=reserved,
        settings=settings,
        throttle=throttle,
        authenticator=authenticator,
    )
    app.state.authentication = authentication
    layers = middleware(graphql, authentication, settings, counter, replicas)
    stack = wrapped(app.router, layers)
    if replicas is None:  # else each request has a database of its own
        stack = ShortPath(stack, graphql, authenticator, counter)
    app.middleware_stack = ChargedToAddress(stack, shares)
    return app


def _open_events(
    database: Database, reserved: Database, settings: Settings, messages: ProcessMessages
) -> tuple[EventHubs, EventNumbering]:
    """What hands out events, and what numbers them and wakes it, here and in other processes."""
    hubs = EventHubs(database)
    messages.listen_for(EVENTS_TOPIC, hubs.wake)

    async def announce(organization_id: int) -> None:
        hubs.wake(organization_id)
        await messages.send(EVENTS_TOPIC, organization_id)

    numbering = EventNumbering(reserved, settings, announce)
    database.on_commit = numbering.note_commit
    return hubs, numbering


def middleware(
    graphql: ASGIApp,
    authentication: Middleware,
    settings: Settings,
    counter: RequestCounter | None = None,
    replicas: Replicas | None = None,
) -> tuple[Middleware, ...]:
    """What every request passes through before the router, outermost first."""
    return (
        Middleware(RequestMiddleware, counter=counter, around=cross_origin(settings)),
        Middleware(Compression),
        authentication,
        *(() if replicas is None else (Middleware(ReplicaReads, replicas=replicas),)),
        # Before the router, which would try its routes one after another for the busiest address.
        Middleware(Shortcut, endpoints={"/graphql": graphql}),
        Middleware(ExceptionMiddleware, handlers=HANDLERS),
    )


def wrapped(app: ASGIApp, layers: Sequence[Middleware]) -> ASGIApp:
    """An application inside these layers, of which the first is the outermost."""
    for layer, arguments, options in reversed(layers):
        app = layer(app, *arguments, **options)
    return app


def routes(graphql: ASGIApp, health: Health, rest: RestServices) -> tuple[BaseRoute, ...]:
    """Every address of the gateway, in order of trial: the many of REST take one look-up."""
    return (
        *rest_routes(routes_of(rest.settings), rest, NOT_SERVED),
        Route("/graphql", graphql, name="graphql"),
        Route("/graphql/", graphql, name="graphql_slash"),
        *api_key_login.ROUTES,
        *demo_login.ROUTES,
        *pages.ROUTES,
        Route("/healthz", health.alive, methods=["GET"]),
        Route("/readyz", health.ready, methods=["GET"]),
    )


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    """Start-up and shutdown of the process; the last uses of keys are written before the end."""
    metrics: Metrics | None = app.state.metrics
    settings: Settings = app.state.settings
    key_usage: KeyUsage = app.state.key_usage
    messages: ProcessMessages = app.state.messages
    key_usage.start()
    messages.start()
    numbering: EventNumbering = app.state.event_numbering
    numbering.start()
    replicas: Replicas | None = app.state.replicas
    if replicas is not None:
        replicas.start()
    folding: Folding = app.state.folding
    folding.start()
    inbox: InboxWorker = app.state.inbox
    inbox.start()
    budget_watch = BudgetWatch(app.state.database)
    budget_watch.start()
    webhooks: WebhookSender = app.state.webhooks
    webhooks.start()
    switch_threads_soon()
    charge_subtasks()
    with FROZEN_HEAP.hold(), end_on_sigterm(app.state.requests, settings.shutdown_timeout):
        async with nullcontext() if metrics is None else metrics.publishing():
            yield
    await budget_watch.stop()
    await webhooks.stop()
    await inbox.stop()
    await numbering.stop()
    hubs: EventHubs = app.state.event_hubs
    await hubs.close()
    await folding.stop()
    await key_usage.stop()
    await messages.close()
    if replicas is not None:
        await replicas.close()
    sms_sessions: SmsSessionStore = app.state.sms_sessions
    await sms_sessions.close()
    rate_limits: RateLimits = app.state.rate_limits
    await rate_limits.close()
    throttle: Throttle = app.state.throttle
    await throttle.close()
    databases: tuple[Database, ...] = (app.state.database, app.state.reserved_database)
    for database in databases:
        await database.close()
