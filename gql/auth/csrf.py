"""Cross-site request forgery: whether another site could have made a browser send a request."""

from typing import NamedTuple
from urllib.parse import urlsplit

from starlette.types import Scope

from gql.http.headers import header_values

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "QUERY"})
_DEFAULT_PORTS = {"http": 80, "https": 443}

OTHER_SITE = (
    "This must be sent from a page of this site, or of an origin that GQL_CORS_ORIGINS names."
)
"""Why a login from another site is refused."""

PUBLIC_ORIGIN = "public_origin"
"""The key of the configured origin in the state of a request."""

TRUSTED_ORIGINS = "trusted_origins"
"""The key of the other origins whose pages may send cookies, as browsers write them."""


class Origin(NamedTuple):
    """What browsers take for one site: https://www.rfc-editor.org/rfc/rfc6454#section-4 ."""

    scheme: str
    host: str
    port: int


def forgeable(scope: Scope) -> bool:
    """Whether a request may change something, and another site may have made the browser send it.

    A page of another site can make a browser send a form here, cookie included. It cannot choose
    the Origin, and it cannot add a header of its own unless this server agrees in a preflight, as
    it does for the trusted origins. A WebSocket handshake is a GET without preflights, after which
    both sides talk: it needs the same proof.
    """
    if scope["type"] == "http" and scope["method"] in _SAFE_METHODS:
        return False
    if any(header_values(scope, b"x-requested-with")):
        return False
    return not _is_trusted(scope, header_values(scope, b"origin"))


def from_another_site(scope: Scope) -> bool:
    """Whether the Origin header, if there is one, names another site that is not trusted."""
    origins = header_values(scope, b"origin")
    return bool(origins) and not _is_trusted(scope, origins)


def is_secure(scope: Scope) -> bool:
    """Whether browsers reach this server over TLS, as far as it can see."""
    public = _public_origin(scope)
    if public is not None:
        return public.scheme == "https"
    return scope.get("scheme") in {"https", "wss"}


def _is_trusted(scope: Scope, origins: list[str]) -> bool:
    """Whether the one Origin is this site, or one of `GQL_CORS_ORIGINS`."""
    if len(origins) != 1:
        return False
    trusted: frozenset[str] = scope.get("state", {}).get(TRUSTED_ORIGINS, frozenset())
    return origins[0] in trusted or _is_this_site(scope, origins[0])


def _is_this_site(scope: Scope, text: str) -> bool:
    """Whether an Origin is `GQL_PUBLIC_URL`; without that, whether it names this very host.

    Then an `https` Origin is ours on a plain connection too, since a proxy in front may have ended
    the TLS; the opposite, a plain page speaking to the TLS one, is another origin.
    """
    origin, public = read_origin(text), _public_origin(scope)
    if public is not None:
        return origin == public
    hosts = header_values(scope, b"host")
    if origin is None or len(hosts) != 1 or (origin.scheme == "http" and is_secure(scope)):
        return False
    return origin == read_origin(f"{origin.scheme}://{hosts[0]}")


def _public_origin(scope: Scope) -> Origin | None:
    """That of `GQL_PUBLIC_URL`, put there by the middleware."""
    public: Origin | None = scope.get("state", {}).get(PUBLIC_ORIGIN)
    return public


def read_origin(url: str) -> Origin | None:
    """The origin of a URL of `http` or `https` that has no other part."""
    try:
        parts = urlsplit(url)
        port = parts.port or _DEFAULT_PORTS[parts.scheme]
    except (ValueError, KeyError):
        return None
    if not parts.hostname or parts.path or parts.query or parts.fragment or "@" in parts.netloc:
        return None
    return Origin(parts.scheme, parts.hostname, port)
