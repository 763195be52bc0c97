"""Serves the pages for people: the landing page, the playground and their static files."""

import asyncio
import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from gql.http.entity_tags import conditional, entity_tag
from gql.http.headers import accepts_gzip

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


@dataclass(slots=True)
class Asset:
    """One file of the pages.

    Together they are 6 MB, which a process has in memory compressed, and not before they are asked
    for: most processes answer requests for data alone.

    Attributes:
        path: Of the file.
        media_type: What it is.
        etag: Of the file as it was when the process started.
        cache_control: How long a browser may keep it.
        gzipped: The file, compressed; None until the first request for it.
    """

    path: Path
    media_type: str
    etag: str
    cache_control: str
    gzipped: bytes | None = None

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file and work out the headers it is sent with."""
        hashed = path.suffix in _HASHED_SUFFIXES
        return cls(
            path=path,
            media_type=_MEDIA_TYPES[path.suffix],
            etag=entity_tag(path.read_bytes()),
            cache_control="public, max-age=31536000, immutable" if hashed else "no-cache",
        )

    async def respond(self, request: Request, headers: Mapping[str, str] | None = None) -> Response:
        """Answer with the file, or with less when that will do."""
        response_headers = {
            "Cache-Control": self.cache_control,
            "ETag": self.etag,
            "Vary": "Accept-Encoding",
            **(headers or {}),
        }
        body = await asyncio.to_thread(self._gzip)
        if accepts_gzip(request.scope):
            response_headers["Content-Encoding"] = "gzip"
        else:
            body = await asyncio.to_thread(gzip.decompress, body)
        response = Response(body, media_type=self.media_type, headers=response_headers)
        return conditional(request.scope, response)

    def _gzip(self) -> bytes:
        if self.gzipped is None:
            self.gzipped = gzip.compress(self.path.read_bytes(), mtime=0)
        return self.gzipped


def _read_assets() -> dict[str, Asset]:
    return {
        path.relative_to(STATIC).as_posix(): Asset.read(path)
        for path in sorted(STATIC.rglob("*"))
        if path.suffix in _MEDIA_TYPES
    }


_ASSETS = _read_assets()


async def landing(request: Request) -> Response:
    """Say what this is and where to go."""
    return await _ASSETS["landing.html"].respond(request, _PAGE_HEADERS)


async def playground(request: Request) -> Response:
    """Serve GraphiQL with Jackfield's examples and login."""
    return await _ASSETS["playground.html"].respond(request, _PAGE_HEADERS)


async def static_file(request: Request) -> Response:
    """Serve one built file; only those that were there at the start exist."""
    asset = _ASSETS.get(request.path_params["file"])
    if asset is None or asset.media_type.startswith("text/html"):
        return PlainTextResponse("Not found", status_code=404)
    return await asset.respond(request, _PAGE_HEADERS)


ROUTES: tuple[BaseRoute, ...] = (
    Route("/", landing, methods=["GET"], name="landing"),
    Route("/playground", playground, methods=["GET"], name="playground"),
    Route("/static/{file:path}", static_file, methods=["GET"], name="static"),
)
