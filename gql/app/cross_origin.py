"""Lets pages of other origins use the gateway (CORS).

https://fetch.spec.whatwg.org/#http-cors-protocol
"""

from collections.abc import Callable
from functools import partial

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from gql.settings import ANY_ORIGIN, Settings

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "QUERY")

EXPOSED_HEADERS = (
    "Accept-Query",
    "Allow",
    "Content-Disposition",
    "Content-Location",
    "ETag",
    "Idempotent-Replayed",
    "Jackfield-Write-Position",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "WWW-Authenticate",
    "X-Request-ID",
)
"""What a page may read of an answer, beside the few headers that any page may."""

MAX_AGE = 7_200
"""Seconds that a browser keeps the answer to a preflight; Chromium keeps none longer."""


def cross_origin(settings: Settings) -> Callable[[ASGIApp], ASGIApp] | None:
    """What an application is wrapped in to serve the origins of the settings; None without any.

    A page may send any header: what may be called at all may be called with all that it takes. Any
    origin may call only without cookies, so that a page can do no more than its keys and tokens.
    """
    if settings.cors_origins is None:
        return None
    origins = settings.trusted_origins
    return partial(
        CORSMiddleware,
        allow_origins=origins or (ANY_ORIGIN,),
        allow_methods=METHODS,
        allow_headers=("*",),
        allow_credentials=bool(origins),
        expose_headers=EXPOSED_HEADERS,
        max_age=MAX_AGE,
    )
