"""Puts the gateway together: settings -> database -> middleware -> routes -> lifespan."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext

from starlette.applications import Starlette
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from gql import pages
from gql.app.compression import Compression
from gql.app.failures import HANDLERS
from gql.app.health import Health
from gql.app.metrics import Metrics, metrics_routes
from gql.app.request_counter import RequestCounter
from gql.app.requests import Requests
from gql.app.shortcut import Shortcut
from gql.auth import login
from gql.auth.middleware import Authentication, caller_of
from gql.database import Database
from gql.engine.query_runner import QueryRunner
from gql.rest.route_table import rest_routes
from gql.schema.endpoint import GraphQLEndpoint
from gql.schema.schema import schema
from gql.settings import Settings
from gql.stores import SmsSessions, open_sms_sessions

GC_THRESHOLD = (50_000, 20, 20)
"""Requests make few cycles: look for them less often than Python's default of 700 allocations."""


def create_app(settings: Settings | None = None) -> Starlette:
    """The gateway as an ASGI application; it reads nothing from the database until it is asked to.

    Args:
        settings: Without them, those of the environment.

    Raises:
        pydantic.ValidationError: when a variable of the environment does not parse.
        ValueError: when a secret or key cannot be used.
    """
    settings = settings or Settings()
    database = Database(settings)
    sms_sessions = open_sms_sessions(database, settings)
    graphql = GraphQLEndpoint(
        schema, database, settings, identify=caller_of, sms_sessions=sms_sessions
    )
    reads = QueryRunner(database) if settings.compiled else None
    measured = None
    if settings.metrics_token is not None:
        measured = Metrics(settings, graphql, database, reads)
    app = Starlette(
        routes=(
            *routes(graphql, database, settings, sms_sessions, reads),
            *metrics_routes(measured),
        ),
        lifespan=_lifespan,
    )
    # `/calls` and `/calls/` are two addresses: a redirect would lose the body and trust the Host.
    app.router.redirect_slashes = False
    app.state.settings = settings
    app.state.database = database
    app.state.sms_sessions = sms_sessions
    app.state.metrics = measured
    tally = None if measured is None else measured.tally
    app.middleware_stack = stack(app.router, graphql, database, settings, tally)
    return app


def stack(
    router: ASGIApp,
    graphql: ASGIApp,
    database: Database,
    settings: Settings,
    tally: RequestCounter | None = None,
) -> ASGIApp:
    """What every request passes through, innermost first.

    Put together by hand: Starlette would add an outermost layer for exceptions, which `Requests`
    answers, and would try its routes for an address that is asked more than all others.
    """
    routed = ExceptionMiddleware(router, handlers=HANDLERS)
    doors = Shortcut({"/graphql": graphql}, otherwise=routed)
    known = Authentication(doors, database=database, settings=settings)
    return Requests(Compression(known), tally)


def routes(
    graphql: ASGIApp,
    database: Database,
    settings: Settings,
    sms_sessions: SmsSessions,
    reads: QueryRunner | None,
) -> tuple[BaseRoute, ...]:
    """Every address of the gateway, in order of trial."""
    health = Health(database)
    return (
        Route("/graphql", graphql, name="graphql"),
        Route("/graphql/", graphql, name="graphql_slash"),
        *login.ROUTES,
        *rest_routes(
            database, settings, identify=caller_of, sms_sessions=sms_sessions, reads=reads
        ),
        *pages.ROUTES,
        Route("/healthz", health.alive, methods=["GET"]),
        Route("/readyz", health.ready, methods=["GET"]),
    )


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    """What surrounds serving; uses of API keys are written before the end, by their middleware."""
    # What start-up made stays until the end: no collection need look at it again. Who runs several
    # applications in one process may have settled that before, once for all of them.
    thresholds, settled = gc.get_threshold(), gc.get_freeze_count() > 0
    if not settled:
        gc.collect()
        gc.freeze()
    gc.set_threshold(*GC_THRESHOLD)
    measured: Metrics | None = app.state.metrics
    async with nullcontext() if measured is None else measured.publishing():
        yield
    if not settled:
        gc.unfreeze()
    gc.set_threshold(*thresholds)
    sms_sessions: SmsSessions = app.state.sms_sessions
    await sms_sessions.close()
    database: Database = app.state.database
    await database.close()
