"""Serves the pages for people: the landing page, the playground and their static files."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from gql.http.entity_tags import conditional, entity_tag

STATIC = Path(__file__).parent / "static"

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self'; worker-src 'self'; connect-src 'self'; "
    "font-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Nothing from elsewhere; Monaco needs inline styles and its icons are `data:` images."""

_PAGE_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}

_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".graphql": "text/plain; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".txt": "text/plain; charset=utf-8",
}

_HASHED_SUFFIXES = frozenset({".css", ".js", ".ttf"})
"""What the build names after its content, so that it may be cached for good."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One file of the pages, read once when the process starts."""

    body: bytes
    media_type: str
    etag: str
    cache_control: str

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file and work out the headers it is sent with."""
        body = path.read_bytes()
        hashed = path.suffix in _HASHED_SUFFIXES
        return cls(
            body=body,
            media_type=_MEDIA_TYPES[path.suffix],
            etag=entity_tag(body),
            cache_control="public, max-age=31536000, immutable" if hashed else "no-cache",
        )

    def respond(self, request: Request, headers: Mapping[str, str] | None = None) -> Response:
        """Answer with the file, or with less when that will do."""
        response_headers = {
            "Cache-Control": self.cache_control,
            "ETag": self.etag,
            **(headers or {}),
        }
        response = Response(self.body, media_type=self.media_type, headers=response_headers)
        return conditional(request.scope, response)


def _read_assets() -> dict[str, Asset]:
    return {
        path.relative_to(STATIC).as_posix(): Asset.read(path)
        for path in sorted(STATIC.rglob("*"))
        if path.suffix in _MEDIA_TYPES
    }


_ASSETS = _read_assets()


async def landing(request: Request) -> Response:
    """Say what this is and where to go."""
    return _ASSETS["landing.html"].respond(request, _PAGE_HEADERS)


async def playground(request: Request) -> Response:
    """Serve GraphiQL with Jackfield's examples and login."""
    return _ASSETS["playground.html"].respond(request, _PAGE_HEADERS)


async def static_file(request: Request) -> Response:
    """Serve one built file; only names read at the start exist."""
    asset = _ASSETS.get(request.path_params["file"])
    if asset is None or asset.media_type.startswith("text/html"):
        return PlainTextResponse("Not found", status_code=404)
    return asset.respond(request, _PAGE_HEADERS)


ROUTES: tuple[BaseRoute, ...] = (
    Route("/", landing, methods=["GET"], name="landing"),
    Route("/playground", playground, methods=["GET"], name="playground"),
    Route("/static/{file:path}", static_file, methods=["GET"], name="static"),
)
