"""Cross-site request forgery: whether another site could have made a browser send a request."""

from urllib.parse import urlsplit

from starlette.types import Scope

from gql.http.headers import header_values

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_DEFAULT_PORTS = {"http": 80, "https": 443}


def forgeable(scope: Scope) -> bool:
    """Whether a request may change something, and another site may have made the browser send it.

    A page of another site can make a browser send a form here, cookie included. It cannot choose
    the Origin, and it cannot add a header of its own unless this server agrees in a preflight. A
    WebSocket handshake is a GET without preflights, after which both sides talk: it needs the same
    proof.
    """
    if scope["type"] == "http" and scope["method"] in _SAFE_METHODS:
        return False
    if any(header_values(scope, b"x-requested-with")):
        return False
    return not _same_origin(scope, header_values(scope, b"origin"))


def from_another_site(scope: Scope) -> bool:
    """Whether the Origin header, if there is one, names another site."""
    origins = header_values(scope, b"origin")
    return bool(origins) and not _same_origin(scope, origins)


def is_secure(scope: Scope) -> bool:
    """Whether the request came over TLS, as far as the server can see."""
    return scope.get("scheme") in {"https", "wss"}


def _same_origin(scope: Scope, origins: list[str]) -> bool:
    """Whether the one Origin names this very host.

    An `https` Origin is ours on a plain connection too, since a proxy in front may have ended the
    TLS; the opposite, a plain page speaking to the TLS one, is another origin.
    """
    hosts = header_values(scope, b"host")
    if len(origins) != 1 or len(hosts) != 1:
        return False
    scheme = origins[0].partition("://")[0].lower()
    if scheme not in _DEFAULT_PORTS or (scheme == "http" and is_secure(scope)):
        return False
    own = _host_and_port(f"{scheme}://{hosts[0]}")
    return own is not None and own == _host_and_port(origins[0])


def _host_and_port(url: str) -> tuple[str, int] | None:
    """Host and port of a URL that has no other part."""
    try:
        parts = urlsplit(url)
        port = parts.port or _DEFAULT_PORTS[parts.scheme]
    except ValueError:
        return None
    if not parts.hostname or parts.path or parts.query or parts.fragment or "@" in parts.netloc:
        return None
    return parts.hostname, port
