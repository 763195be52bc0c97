"""`/schema.graphql` and `/possible-types.json`: the schema as files, for the tools of frontends."""

from functools import cache

import orjson
import strawberry
from graphql import is_abstract_type
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gql.errors import GatewayError, NotFound
from gql.http.entity_tags import REVALIDATED, conditional, entity_tag
from gql.http.identify import Identify
from gql.http.media_types import JSON
from gql.http.refusal import refusal
from gql.identity import Permission
from gql.settings import Settings

SDL = "application/graphql; charset=utf-8"
_CLOSED = "This gateway does not publish its schema: GQL_INTROSPECTION or GQL_SCHEMA_FILES is off."


def schema_text(schema: strawberry.Schema) -> str:
    """The schema in the schema definition language."""
    return schema.as_str() + "\n"


def possible_types(schema: strawberry.Schema) -> dict[str, list[str]]:
    """The object types of each interface and union, as Apollo Client's `possibleTypes` wants them.

    https://www.apollographql.com/docs/react/data/fragments#defining-possibletypes-manually
    """
    built = schema._schema  # noqa: SLF001 -- Strawberry has no other way to it
    return {
        name: sorted(each.name for each in built.get_possible_types(kind))
        for name, kind in sorted(built.type_map.items())
        if is_abstract_type(kind) and not name.startswith("__")
    }


def schema_file_routes(
    schema: strawberry.Schema, settings: Settings, identify: Identify
) -> tuple[BaseRoute, ...]:
    """The addresses of both files.

    They say what introspection says, so they are open to whom that is: they want a credential that
    may read, and are closed where introspection is off.
    """
    published = settings.introspection and settings.schema_files

    @cache
    def sdl() -> bytes:
        return schema_text(schema).encode()

    @cache
    def types() -> bytes:
        return orjson.dumps(possible_types(schema), option=orjson.OPT_INDENT_2)

    async def answer(request: Request) -> Response:
        try:
            caller = await identify(request.scope)
            if isinstance(caller, GatewayError):
                raise caller
            caller.require(Permission.READ)
        except GatewayError as error:
            return refusal(error)
        if not published:
            return refusal(NotFound("file", request.url.path), detail=_CLOSED)
        is_sdl = request.url.path.endswith(".graphql")
        body, media_type = (sdl(), SDL) if is_sdl else (types(), JSON)
        headers = {
            "Cache-Control": REVALIDATED,
            "ETag": entity_tag(body),
            "X-Content-Type-Options": "nosniff",
        }
        return conditional(request.scope, Response(body, media_type=media_type, headers=headers))

    return tuple(
        Route(path, answer, methods=["GET"]) for path in ("/schema.graphql", "/possible-types.json")
    )
