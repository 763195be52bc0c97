"""Every type, field and mutation of the schema says of which kinds of objects it is."""

from graphql import (
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    get_named_type,
    is_composite_type,
)
from starlette.applications import Starlette

from gql.kinds import CLOSED, Kind
from gql.rest.routes import NOT_SERVED, ROUTES
from gql.schema.kind_checks import KindChecks
from gql.schema.kinds import FIELDS, INPUTS, MUTATIONS, NODE_IDS, TYPES
from gql.schema.query import NODE_TYPES
from gql.schema.schema import schema
from tests.routes import every_route

GRAPHQL = schema._schema  # noqa: SLF001 -- Strawberry has no other way to it
CHECKS = KindChecks(GRAPHQL, NODE_TYPES)

CLOSED_TYPES = {
    "ApiKey",
    "AuditEntry",
    "HookDelivery",
    "HookEndpoint",
    "User",
    "WebhookDelivery",
    "WebhookSubscription",
}
"""Those that no level gives, and their lists."""

OTHER_ADDRESSES = {
    "/",
    "/auth/demo",
    "/auth/login",
    "/auth/logout",
    "/docs",
    "/docs/",
    "/graphql",
    "/graphql/",
    "/healthz",
    "/hooks/{source}/{endpoint}",
    "/metrics",
    "/openapi.json",
    "/openapi.json/",
    "/playground",
    "/possible-types.json",
    "/readyz",
    "/schema.graphql",
    "/static/{file:path}",
}
"""What is served beside REST: it shows no rows, or is GraphQL."""


def objects() -> list[GraphQLObjectType]:
    """The types that an answer may have, but for the roots and introspection."""
    roots = {GRAPHQL.query_type, GRAPHQL.mutation_type, GRAPHQL.subscription_type}
    return [
        each
        for name, each in GRAPHQL.type_map.items()
        if isinstance(each, GraphQLObjectType) and each not in roots and not name.startswith("__")
    ]


def test_every_type_is_of_a_kind_or_closed_on_purpose() -> None:
    closed = {each.name for each in objects() if CHECKS.of_type(each) == CLOSED}
    lists = {f"{name}{suffix}" for name in CLOSED_TYPES for suffix in ("", "Connection")}
    lists |= {f"{name}ConnectionEdge" for name in CLOSED_TYPES}
    assert closed <= lists
    assert closed >= CLOSED_TYPES
    assert len(objects()) > 130


def test_every_mutation_is_of_a_kind_or_closed_on_purpose() -> None:
    mutation = GRAPHQL.mutation_type
    assert mutation is not None
    assert set(MUTATIONS) == set(mutation.fields)


def test_what_a_type_without_a_kind_shows_is_closed() -> None:
    """A type that nobody thought of is open to no key with levels."""
    other = GraphQLObjectType("Unheard", {"id": GRAPHQL.query_type.fields["node"]})  # type: ignore[union-attr]
    assert CHECKS.of_type(other) == CLOSED
    assert CHECKS.of_field(GRAPHQL.mutation_type, "unheard", GRAPHQL.query_type) == CLOSED  # type: ignore[arg-type]


def test_every_declaration_is_of_something_that_there_is() -> None:
    types = GRAPHQL.type_map
    assert set(TYPES) <= set(types)
    for parent, name in (*FIELDS, *NODE_IDS):
        declared = types[parent]
        assert isinstance(declared, (GraphQLObjectType, GraphQLInterfaceType))
        assert is_composite_type(get_named_type(declared.fields[name].type))
    for parent, name in INPUTS:
        declared = types[parent]
        assert isinstance(declared, GraphQLInputObjectType)
        assert name in declared.fields
    assert set(NODE_TYPES.values()) <= set(TYPES)


def test_every_address_is_of_a_route_that_says_its_kinds(app: Starlette) -> None:
    """`route()` takes no route without `kinds`, so what else there is has to be known here."""
    addresses = {route.path for route in every_route(app)}
    paths = (*NOT_SERVED, *(route.path for route in ROUTES))
    of_rest = {spelling for path in paths for spelling in (path, path + "/")}
    assert addresses - of_rest <= OTHER_ADDRESSES
    assert {route.path for route in ROUTES} <= addresses
    assert {kind for route in ROUTES for each in route.kinds if each for kind in each[:1]} == set(
        Kind
    )
    for route in ROUTES:
        assert set(route.kinds_of_query) <= set(
            route.models["query"].model_fields if route.kinds_of_query else ()
        )
