"""`/openapi.json`, and `/docs`: the API reference by Swagger UI, from our own files alone."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gql.http.entity_tags import conditional, entity_tag
from gql.http.media_types import JSON
from gql.rest.openapi import openapi
from gql.rest.responses import dumps
from gql.rest.route import RestRoute

PAGE = Path(__file__).parents[1] / "static" / "reference" / "index.html"
"""Loads Swagger UI, whose files lie beside it."""

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "style-src 'self' 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Nothing from elsewhere and no inline script; Swagger UI sets styles on elements."""

_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}


def reference_routes(routes: Sequence[RestRoute]) -> tuple[BaseRoute, ...]:
    """The addresses of the document, which is made at the first request, and of the page."""

    @cache
    def document() -> bytes:
        return dumps(openapi(routes))

    async def serve_document(request: Request) -> Response:
        body = document()
        headers = {"Cache-Control": "no-cache", "ETag": entity_tag(body)}
        return conditional(request.scope, Response(body, media_type=JSON, headers=headers))

    async def serve_page(request: Request) -> Response:
        body = PAGE.read_bytes()
        headers = {**_HEADERS, "ETag": entity_tag(body)}
        return conditional(request.scope, Response(body, media_type="text/html", headers=headers))

    return tuple(
        Route(path + slash, serve, methods=["GET"])
        for path, serve in (("/openapi.json", serve_document), ("/docs", serve_page))
        for slash in ("", "/")
    )
